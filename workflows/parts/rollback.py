"""A deployment's name in, an exit handler out: why its rollout failed, and the last verified one put back.

An exit handler, because the tasks after a failed one must not make a success of the run. `verify` writes
what it found good into the store; nothing is put back before there was such a deployment.
"""

from hera.workflows import Parameter, Resource, Step, Steps, WorkflowTemplate

from k8s_serving.node import MODEL_STORE
from workflows.parts import parameters, pods
from workflows.parts.deploy import DEPLOYING

HANDLER = "on-exit"


def last_good(deployment: str) -> str:
    """The file of the store with the manifest that was last verified."""
    return f"{MODEL_STORE}/.deployments/{deployment}.yaml"


def rollback(workflow: WorkflowTemplate, deployment: str) -> None:
    """Adds the handler to `workflow`, inside whose `with` it is called."""
    explain = pods.small_step(
        "explain",
        env={
            "DEPLOYMENT": deployment,
            "FAILURES": "{{workflow.failures}}",
            "ON_FAILURE": parameters.ON_FAILURE.tag,
            "LAST_GOOD": last_good(deployment),
        },
        outputs=[
            pods.output("reason", "Why the rollout failed."),
            pods.output("rollback", "Whether a manifest is put back."),
            pods.output("manifest", "The manifest that was last verified."),
        ],
        store="read",
    )
    put_back = Resource(
        name="put-back",
        action="apply",
        manifest="{{inputs.parameters.manifest}}",
        inputs=[Parameter(name="manifest")],
        success_condition="status.state == Available",
        retry_strategy=pods.AGAIN,
        active_deadline_seconds=parameters.DEPLOY_TIMEOUT.tag,
    )
    found = "{{steps.explain.outputs.parameters.%s}}"
    with Steps(name="after-failure") as after_failure:
        Step(name="explain", template=explain)
        Step(
            name="put-back",
            template=put_back,
            when=f"'{found % 'rollback'}' == 'true'",
            arguments={"manifest": found % "manifest"},
        )
    with Steps(name=HANDLER):
        failed = f"'{{{{workflow.status}}}}' != 'Succeeded' && {DEPLOYING}"
        Step(name="after-failure", template=after_failure, when=failed)
    workflow.on_exit = HANDLER
