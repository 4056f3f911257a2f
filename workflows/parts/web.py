"""A Deployment with its Service in, the templates of its rollout out: apply, wait, verify.

Argo's conditions hold one field against a literal, and a Deployment is up when fields of its status are those
of its spec. So `apply` tells which generation it made and how many replicas that asks for, and `settled`,
with these in its condition, waits until the controller has seen that generation and all replicas are of it
and available. That the controller gave up is in a list, which has no order: whichever place it has counts.
"""

from hera.workflows import DAG, Parameter, Resource, RetryStrategy, Script, Task
from hera.workflows import models as m

from workflows.parts import parameters, pods
from workflows.parts.targets import WebTarget

GENERATION = "{{=asInt(inputs.parameters.generation) - 1}}"
REPLICAS = "{{inputs.parameters.replicas}}"
READY = ", ".join(
    [
        f"status.observedGeneration > {GENERATION}",
        *(f"status.{of} == {REPLICAS}" for of in ("replicas", "updatedReplicas", "availableReplicas")),
    ]
)
STUCK = ", ".join(f"status.conditions.{place}.reason == ProgressDeadlineExceeded" for place in range(3))
MANIFEST = "{{inputs.parameters.manifest}}"


def bring_up(again: RetryStrategy) -> DAG:
    """Template `bring-up`: its input is the manifest of a Deployment, whose replicas are up at its end."""
    apply = Resource(
        name="apply",
        action="apply",
        manifest=MANIFEST,
        inputs=[Parameter(name="manifest")],
        outputs=[
            _told("generation", "{.metadata.generation}", "Which change of its spec this is."),
            _told("replicas", "{.spec.replicas}", "How many pods it asks for."),
        ],
        retry_strategy=pods.AGAIN,
        active_deadline_seconds=parameters.DEPLOY_TIMEOUT.tag,
    )
    settled = Resource(
        name="settled",
        action="get",
        manifest=MANIFEST,
        inputs=[Parameter(name=name) for name in ("manifest", "generation", "replicas")],
        success_condition=READY,
        failure_condition=STUCK,
        retry_strategy=again,
        active_deadline_seconds=parameters.DEPLOY_TIMEOUT.tag,
    )
    with DAG(name="bring-up", inputs=[Parameter(name="manifest")]) as dag:
        applied = Task(name="apply", template=apply, arguments={"manifest": MANIFEST})
        given = {name: applied.get_parameter(name) for name in ("generation", "replicas")}
        applied >> Task(name="settled", template=settled, arguments={"manifest": MANIFEST, **given})
    return dag


def service(target: WebTarget) -> Resource:
    """Template `service`: the Service stays as it is from one version to the next."""
    return Resource(
        name="service",
        action="apply",
        manifest=target.service,
        retry_strategy=pods.AGAIN,
        active_deadline_seconds=parameters.DEPLOY_TIMEOUT.tag,
    )


def verify(target: WebTarget) -> Script:
    """Template `verify`: ten answers in a row come from the new version."""
    return pods.small_step(
        "verify",
        file="verify_web",
        inputs=target.inputs,
        env={
            "URL": target.url,
            "REQUEST": target.request,
            "ANSWER": target.answer,
            "VERSION": target.version,
            "IMAGE": target.image,
            "WAIT": parameters.DEPLOY_TIMEOUT.tag,
            "MANIFEST": target.manifest,
            "LAST_GOOD": target.last_good,
        },
        outputs=[pods.output("report", "What the service answered, and which version, as JSON.")],
        store="write",
        deadline=pods.DAY,  # bounds itself by WAIT
    )


def _told(name: str, path: str, description: str) -> Parameter:
    return Parameter(name=name, description=description, value_from=m.ValueFrom(json_path=path))
