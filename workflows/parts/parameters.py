"""A name and what its value may be in, a workflow parameter out: those that several workflows share.

Argo shows `enum` as a list to choose from and checks nothing, so each parameter carries the rule that the
`guard` task holds its value against.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hera.workflows import Parameter

from k8s_serving.node import REGISTRY as DEFAULT_REGISTRY
from k8s_serving.node import VERSION as DEFAULT_VERSION
from models.spec import Param, Spec, kebab


@dataclass(frozen=True)
class Checked:
    """A workflow parameter with a rule: an enum, a pattern, or a type with bounds (see steps/guard.py)."""

    name: str
    value: str
    description: str
    rule: Mapping[str, Any]

    @property
    def argument(self) -> Parameter:
        return Parameter(
            name=self.name, value=self.value, description=self.description, enum=self.rule.get("enum")
        )

    @property
    def tag(self) -> str:
        """What Argo replaces by the value."""
        return f"{{{{workflow.parameters.{self.name}}}}}"


def switch(name: str, value: str, description: str) -> Checked:
    """A parameter that is "true" or "false"."""
    return Checked(name, value, description, {"enum": ["true", "false"]})


SHARE = {"type": "float", "low": 0, "high": 1, "expected": "a number from 0 to 1"}

REPO = Checked(
    "repo",
    "https://git.example.com/argolane.git",
    "Git repository whose images are built; only read when build is true.",
    {
        "pattern": r"((https?|ssh|git)://[^\s$`'\"{}]+|[\w.-]+@[\w.-]+:[\w./~-]+)",
        "expected": "the URL of a Git repository",
    },
)
REVISION = Checked(
    "revision",
    "main",
    "Branch, tag or commit of repo.",
    {"pattern": r"[A-Za-z0-9_][A-Za-z0-9_./+-]{0,199}", "expected": "a branch, tag or commit"},
)
REGISTRY = Checked(
    "registry",
    DEFAULT_REGISTRY,
    "Registry and path that the images are pushed to and pulled from.",
    {
        "pattern": r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*",
        "expected": "host[:port][/path] in lower case, without a scheme and without a '/' at the end",
    },
)
VERSION = Checked(
    "version",
    DEFAULT_VERSION,
    "Version of the models and tag of their images.",
    {
        "pattern": r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?",
        "expected": "1 to 63 letters, digits, '.', '_' or '-', with a letter or digit at both ends",
    },
)
BUILD = switch("build", "false", "Whether images are built from repo and pushed, or used as they are.")
BUILDER = Checked(
    "builder",
    "dind",
    "What builds when build is true: Docker in Docker, or nothing, where images are made elsewhere.",
    {"enum": ["dind", "none"]},
)
DEPLOY = switch("deploy", "true", "Whether the model is deployed, or only looked up and its image built.")
DATASET = Checked(
    "dataset",
    "auto",
    "Data to train on; auto is mnist, or scikit-learn's digits where mnist cannot be had.",
    {"enum": ["auto", "mnist", "digits"]},
)
OVERWRITE = switch("overwrite", "false", "Whether a version that was trained on other inputs is replaced.")
RATIO = Checked(
    "ratio",
    "0.5",
    "Share of the requests that the first model of the A/B test gets, 0 to 1.",
    SHARE,
)
ON_FAILURE = Checked(
    "on-failure",
    "rollback",
    "After a failed rollout: put the last verified deployment back, or keep things as they are to look at.",
    {"enum": ["rollback", "keep"]},
)
DEPLOY_TIMEOUT = Checked(
    "deploy-timeout",
    "900",
    "Seconds until a deployment must answer as it was asked for.",
    {"type": "int", "low": 1, "high": 86400, "expected": "an int from 1 to 86400"},
)
ROLLOUT = (DEPLOY, DEPLOY_TIMEOUT, ON_FAILURE)
SOURCE = (REPO, REVISION, REGISTRY, VERSION, BUILD, BUILDER)


def min_accuracy(least: float) -> Checked:
    return Checked(
        "min-accuracy",
        str(least),
        "Accuracy below which a model is neither accepted nor served, 0 to 1.",
        SHARE,
    )


def of_model(model: Spec, *, prefix: str = "") -> dict[str, Checked]:
    """The params of model.yaml as workflow parameters, by the kebab-case name of the param."""
    return {kebab(name): _of_param(prefix + kebab(name), param) for name, param in model.params.items()}


def _of_param(name: str, param: Param) -> Checked:
    if param.type == "bool":
        return switch(name, str(param.value).lower(), param.description)
    if param.type == "choice":
        return Checked(name, str(param.value), param.description, {"enum": list(param.choices)})
    bounds = {"low": param.minimum, "high": param.maximum}
    rule = {"type": param.type, **{end: bound for end, bound in bounds.items() if bound is not None}}
    return Checked(name, str(param.value), param.description, {**rule, "expected": param.expected})
