"""A version in the model store in, a template out that fails unless it is there, whole and good enough."""

from collections.abc import Sequence

from hera.workflows import Script

from k8s_serving.deployment import MODEL_STORE
from models.contract.spec import Unit
from workflows.parts import parameters, pods

# What the gate finds in the store and a rollout writes down: of which files, data and commit a version is.
ORIGIN = ("digest", "data", "commit")


def gate(units: Sequence[Unit]) -> Script:
    """Template `gate` for these units; inputs are a unit's name and a version, outputs metric and origin."""
    return pods.small_step(
        "gate",
        inputs=["unit", "version"],
        env={
            "MODEL_STORE": MODEL_STORE,
            "UNIT": "{{inputs.parameters.unit}}",
            "VERSION": "{{inputs.parameters.version}}",
            "METRIC": parameters.judged(units).name,
            "ACCEPT": "{{workflow.parameters.accept}}",
        },
        outputs=[
            pods.output("metric", "What it is judged by, and its value on the test rows."),
            pods.output("digest", "SHA-256 of the files that its answers come from: what it really is."),
            pods.output("data", "SHA-256 of the data that it was trained on."),
            pods.output("commit", "Commit that it was trained from."),
        ],
        store="read",
    )
