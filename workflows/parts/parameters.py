"""A name and what its value may be in, a workflow parameter out: those that several workflows share.

Argo shows `enum` as a list to choose from and checks nothing, so each parameter carries the rule that the
`guard` task holds its value against.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hera.workflows import Parameter

from k8s_serving.deployment import REGISTRY as DEFAULT_REGISTRY
from k8s_serving.deployment import VERSION as DEFAULT_VERSION
from models.contract.params import Param
from models.contract.rules import BOOL
from models.contract.spec import Judged, Unit, kebab


class ParameterError(ValueError):
    """Parameters of a workflow that cannot stand together, or units that cannot share one."""


@dataclass(frozen=True)
class Checked:
    """A workflow parameter with a rule of models/contract/rules.py: an enum, a pattern, a type with bounds.

    `origin` says in an error whose parameter it is.
    """

    name: str
    value: str
    description: str
    rule: Mapping[str, Any]
    origin: str = "a parameter of the workflow"

    @property
    def argument(self) -> Parameter:
        return Parameter(
            name=self.name, value=self.value, description=self.description, enum=self.rule.get("enum")
        )

    @property
    def tag(self) -> str:
        """What Argo replaces by the value."""
        return f"{{{{workflow.parameters.{self.name}}}}}"


def given(name: str) -> str:
    """What Argo replaces by the value that a task gives to the input `name` of its template."""
    return f"{{{{inputs.parameters.{name}}}}}"


def switch(name: str, value: str, description: str) -> Checked:
    """A parameter that is "true" or "false"."""
    return Checked(name, value, description, {"enum": list(BOOL)})


def count(name: str, value: int, description: str, *, most: int, low: int = 1) -> Checked:
    """A parameter that is a whole number from `low` to `most`."""
    rule = {"type": "int", "low": low, "high": most, "expected": f"an int from {low} to {most}"}
    return Checked(name, str(value), description, rule)


def share(name: str, value: str, description: str) -> Checked:
    """A parameter that is a part of a whole."""
    rule = {"type": "float", "low": 0, "high": 1, "expected": "a number from 0 to 1"}
    return Checked(name, value, description, rule)


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
_VERSION = r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
VERSION = Checked(
    "version",
    DEFAULT_VERSION,
    "Version of the models and tag of their images.",
    {
        "pattern": _VERSION,
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
OVERWRITE = switch("overwrite", "false", "Whether a version that was trained on other inputs is replaced.")
RATIO = share(
    "ratio",
    "0.5",
    "Share of the requests that the first model of the A/B test gets, 0 to 1.",
)
ALGORITHM = Checked(
    "algorithm",
    "thompson",
    "How the router weighs what it knows against what it may learn.",
    {"enum": ["thompson", "epsilon-greedy"]},
)
EPSILON = share(
    "epsilon",
    "0.1",
    "Share of the requests that epsilon-greedy sends to any arm, 0 to 1.",
)
REWARDS = Checked(
    "rewards",
    "binary",
    "Whether rewards are 0 or 1, or any real numbers.",
    {"enum": ["binary", "real"]},
)
BANDIT = (ALGORITHM, EPSILON, REWARDS)
ON_FAILURE = Checked(
    "on-failure",
    "rollback",
    "After a failed rollout: put the last verified deployment back, or keep things as they are to look at.",
    {"enum": ["rollback", "keep"]},
)
DEPLOY_TIMEOUT = count(
    "deploy-timeout",
    900,
    "Seconds until a deployment must answer as it was asked for.",
    most=86400,
)
REQUESTS = count(
    "requests",
    2000,
    "Labelled rows that are sent through the graph after the rollout; with 0 none, and nothing is compared.",
    most=10_000_000,
    low=0,
)
RATE = Checked(
    "rate",
    "0",
    "Requests a second at most; with 0 as fast as they are answered.",
    {"type": "float", "low": 0, "high": 100_000, "expected": "a number from 0 to 100000"},
)
AT_ONCE = count(
    "parallel",
    4,
    "Requests under way at once; with 1 a router has learned from each before the next.",
    most=64,
)
ORDER = count(
    "seed",
    0,
    "Seed of the order in which the rows are sent.",
    most=4294967295,
    low=0,
)
LABELS = Checked(
    "labels",
    "now",
    "Whether answers are scored at once, or when `argolane feedback` gives their labels.",
    {"enum": ["now", "late"]},
)
STICKY = Checked(
    "sticky",
    "",
    "Header that names the user, such as user-id: all requests of a user go to one arm, and the verdict"
    " counts users. Empty: chance decides for each request, and requests count.",
    {
        "pattern": r"((?!(?i:host|connection|user-agent|te|expect|upgrade"
        r"|(accept|content|transfer|seldon)\b.*)$)[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)?",
        "expected": "empty, or a header of letters, digits and '-' that HTTP has no use for, such as user-id",
    },
)
PER_USER = count(
    "per-user",
    10,
    "Requests of a user on the average, where sticky names a header.",
    most=1_000_000,
)
TRAFFIC = (REQUESTS, RATE, AT_ONCE, ORDER, LABELS)
USERS = (STICKY, PER_USER)
ROLLOUT = (DEPLOY, DEPLOY_TIMEOUT, ON_FAILURE)
SOURCE = (REPO, REVISION, REGISTRY, VERSION, BUILD, BUILDER)


def judged(units: Sequence[Unit]) -> Judged:
    """What the units are judged by, as the most lenient of them; ParameterError unless it is one thing."""
    said = {unit.name: unit.metric for unit in units if unit.metric}
    if len({(metric.name, metric.better) for metric in said.values()}) != 1:
        named = ", ".join(
            f"{name} by {metric.name} ({metric.better} is better)" for name, metric in said.items()
        )
        raise ParameterError(
            f"Units that stand together are judged by one metric; here: {named or 'none has any'}. "
            "Give them the same metric in model.yaml, or other answers."
        )
    metrics = sorted(said.values(), key=lambda metric: metric.accept)
    return metrics[0] if metrics[0].better == "higher" else metrics[-1]


def accept(units: Sequence[Unit]) -> Checked:
    """How good a version has to be, in the metric of the units."""
    metric = judged(units)
    bound = "Least" if metric.better == "higher" else "Highest"
    return Checked(
        "accept",
        f"{metric.accept:.15g}",
        f"{bound} {metric.name} with which a version is accepted, and served.",
        {"type": "float", "expected": "a number"},
    )


def dataset(units: Sequence[Unit]) -> list[Checked]:
    """What the units train on: a choice of the data sets that all of them know; none where they have none."""
    choices = [name for name in units[0].datasets if all(name in unit.datasets for unit in units)]
    if not any(unit.datasets for unit in units):
        return []
    if not choices:
        named = ", ".join(f"{unit.name} on {' or '.join(unit.data) or 'none by name'}" for unit in units)
        raise ParameterError(f"Units that train side by side share a data set; here: {named}.")
    words = "Data to train on; auto is the best of the others that can be had, as the unit sees it."
    return [Checked("dataset", choices[0], words, {"enum": choices})]


def arm(name: str, value: str, units: Iterable[Unit]) -> Checked:
    """An arm of an A/B test: one of the units, and a version of it after a colon."""
    names = [unit.name for unit in units]
    return Checked(
        name,
        value,
        f"Arm {name.upper()}: {' or '.join(names)}; of another version than `version`: {names[0]}:0.2.",
        {
            "pattern": f"({'|'.join(map(re.escape, names))})(:{_VERSION})?",
            "expected": f"{' or '.join(names)}, alone or with a version, such as {names[0]}:0.1",
        },
    )


def of_unit(unit: Unit, *, prefix: str = "") -> dict[str, Checked]:
    """The params of model.yaml as workflow parameters, by the kebab-case name of the param."""
    return {kebab(name): _of_param(unit, name, prefix, param) for name, param in unit.params.items()}


def unique(parameters: Iterable[Checked]) -> list[Checked]:
    """The same parameters; ParameterError names both where two have one name."""
    seen: dict[str, Checked] = {}
    for parameter in parameters:
        other = seen.setdefault(parameter.name, parameter)
        if other is not parameter:
            raise ParameterError(
                f"{parameter.name!r} is {other.origin} and {parameter.origin}; give the param another name."
            )
    return list(seen.values())


def _of_param(unit: Unit, name: str, prefix: str, param: Param) -> Checked:
    origin = f"params.{name} of models/{unit.folder}/model.yaml"
    return Checked(prefix + kebab(name), param.text, param.description, param.rule, origin)
