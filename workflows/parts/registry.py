"""An MLflow registry in, templates out: a version contends with the champion there, and becomes it.

`contend` stands between gate and rollout, `crown` after the rollout: the alias moves when the new version has
been verified, and stays where it is when that fails.
"""

from hera.workflows import Script

from workflows.parts import parameters as p
from workflows.parts import pods

TRACKING_URI = p.Checked(
    "tracking-uri",
    "http://mlflow:5000",
    "MLflow server: where runs and versions are written.",
    {"pattern": r"https?://[^\s\"'`<>\\{}]+", "expected": "http:// or https:// and a host"},
)
FORCE = p.switch("force", "false", "Whether a version is rolled out that is worse than the champion.")
ARTIFACTS = p.Checked(
    "artifacts-uri",
    "s3://mlflow/artifacts",
    "What MLflow was started with as --artifacts-destination: where a server fetches a version from.",
    {"pattern": r"[a-z][a-z0-9+.-]*://[^\s\"'`<>\\{}]+", "expected": "a URI such as s3://bucket/folder"},
)


def registered_model(name: str) -> p.Checked:
    return p.Checked(
        "registered-model",
        name,
        "Registered model in MLflow that versions become versions of.",
        {
            "pattern": r"[A-Za-z0-9]([A-Za-z0-9_. -]{0,98}[A-Za-z0-9])?",
            "expected": "up to 100 letters, digits, '.', '_', '-' or blanks, a letter or digit at both ends",
        },
    )


def inputs(name: str) -> tuple[p.Checked, ...]:
    """The parameters of a workflow that registers versions of the model `name`."""
    return (registered_model(name), TRACKING_URI, ARTIFACTS, FORCE)


# What `contend` finds and a rollout writes down: which version in the registry, of which run.
LINEAGE = ("number", "run", "forced")
_KNOWN = {"TRACKING_URI": TRACKING_URI.tag, "REGISTERED_MODEL": "{{workflow.parameters.registered-model}}"}


def contend() -> Script:
    """Template `contend`; inputs are version and digest as the gate found them."""
    return pods.small_step(
        "contend",
        inputs=["version", "digest"],
        env={
            **_KNOWN,
            "VERSION": "{{inputs.parameters.version}}",
            "DIGEST": "{{inputs.parameters.digest}}",
            "FORCE": FORCE.tag,
            "ARTIFACTS": ARTIFACTS.tag,
        },
        outputs=[
            pods.output("number", "The version's number in the registry."),
            pods.output("run", "The run of MLflow that it comes from."),
            pods.output("uri", "Where a server fetches it from."),
            pods.output("champion", "Number of the version that serves; empty where none does."),
            pods.output("forced", "Whether it is worse than the champion, and passed by force alone."),
        ],
    )


def crown() -> Script:
    """Template `crown`; inputs are number and champion as `contend` found them."""
    return pods.small_step(
        "crown",
        inputs=["number", "champion"],
        env={
            **_KNOWN,
            "NUMBER": "{{inputs.parameters.number}}",
            "BEFORE": "{{inputs.parameters.champion}}",
            "WORKFLOW": "{{workflow.name}}",
        },
        outputs=[pods.output("champion", "Number of the version that is the champion now.")],
    )
