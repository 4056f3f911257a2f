"""The node of a shadow in, a template out that says how far the shadow agrees, and how long it takes."""

from hera.workflows import Script
from hera.workflows import models as m

from k8s_serving.bandit import STATE_CLAIM
from k8s_serving.deployment import STATE, state_file
from workflows.parts import pods
from workflows.parts.targets import Target

PATIENCE = 60  # seconds for the copies that are under way when all requests are answered


def compare(target: Target, node: str) -> Script:
    """Template `compare`; reads what `node` of the target keeps. Outputs are reason and comparison."""
    # Read-only, so that nobody gives a running router's files another group.
    claim = m.PersistentVolumeClaimVolumeSource(claim_name=STATE_CLAIM, read_only=True)
    step = pods.small_step(
        "compare",
        file="shadowed",
        env={"FILE": state_file(target.name, node), "UID": "{{workflow.uid}}", "WAIT": str(PATIENCE)},
        outputs=[
            pods.output("reason", "How far the shadow agrees, and how long it takes, in a sentence."),
            pods.output("comparison", "The same figures, as JSON."),
        ],
        mounts=[m.VolumeMount(name=STATE_CLAIM, mount_path=STATE, read_only=True)],
    )
    step.volumes = [m.Volume(name=STATE_CLAIM, persistent_volume_claim=claim)]
    return step
