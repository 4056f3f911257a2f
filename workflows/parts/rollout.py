"""A target in, a template out that applies it, waits, verifies what answers, and puts the last good one back.

The target is a SeldonDeployment, or a Deployment with its Service: then `web` has the templates.

Right after an update Available may still be the old version's word, Failed may pass, and an update that
cannot start stays Creating for ever. Hence `deploy` believes in Failed only when it is found twice, `verify`
comes after it, and both have a deadline. When the rollout fails, or the run is stopped in the middle of it,
`recover` says why and puts back what was good. That is the workflow's exit handler: the only thing that still
runs in a run that is stopped, and it makes no success of a failure.
"""

import json
from typing import Any

from hera.workflows import DAG, Parameter, Resource, RetryStrategy, Script, Task
from hera.workflows import models as m

from k8s_serving.deployment import MODEL_STORE
from k8s_serving.graph import Path
from workflows.parts import parameters, pods, web
from workflows.parts.targets import RolledOut, Target, WebTarget

# Longer than Seldon says Failed on its way to something better: 11 s while an old Deployment is deleted.
HOLDS = 15
# A state that fails must be found twice. A controller whose webhook does not answer may be starting: it is
# asked again until the deadline.
ASKED_AGAIN = RetryStrategy(
    limit=1000,
    retry_policy="Always",
    backoff=m.Backoff(duration=f"{HOLDS}s", max_duration=f"{parameters.DEPLOY_TIMEOUT.tag}s"),
    expression=(
        f"(asInt(retries) < 2 && ({pods.LOST})) || "
        "(asInt(retries) < 1 && lastRetry.message contains 'failure condition') || "
        "lastRetry.message contains 'failed calling webhook'"
    ),
)
# Before the rollout nothing was applied. `workflow.failures` is a JSON list, escaped once more.
BEGUN_AND_FAILED = (
    "'{{=workflow.status != 'Succeeded' && workflow.failures matches 'templateName[^a-z]+rollout[^a-z]'}}'"
    " == 'true'"
)
DEPLOYING = f"'{parameters.DEPLOY.tag}' == 'true'"


def rollout(target: Target | WebTarget, *, beside: Target | None = None) -> DAG:
    """Template `rollout`; its inputs are those that the tags of the target's manifest name.

    `beside` is what the run rolls out before, and what may be the cause when that fails.
    """
    if isinstance(target, WebTarget):
        return _of_web(target)
    _recover(_explain(target, beside), _put_back(target))
    return _of_seldon(target)


def rollout_again(target: Target, name: str) -> DAG:
    """Template `rollout-<name>`: another graph for the deployment that the workflow has rolled out before.

    When it fails, what is put back is what was verified last.
    """
    return _of_seldon(target, f"-{name}")


def _of_seldon(target: Target, suffix: str = "") -> DAG:
    given = {name: parameters.given(name) for name in target.inputs}
    deploy, verify = _deploy(target), _verify(target)
    deploy.name, verify.name = f"deploy{suffix}", f"verify{suffix}"
    outputs = [  # what answers now, with which version, and where
        Parameter(
            name=name,
            value_from=m.ValueFrom(parameter=f"{{{{tasks.deploy{suffix}.outputs.parameters.{name}}}}}"),
        )
        for name in ("deployment", "version", "url")
    ]
    inputs = [Parameter(name=name) for name in given]
    with DAG(name=f"rollout{suffix}", inputs=inputs, outputs=outputs) as dag:
        up = Task(name=f"deploy{suffix}", template=deploy, arguments=given)
        asked = {**given, "url": up.get_parameter("url")}
        proven = Task(name=f"verify{suffix}", template=verify, arguments=asked)
        up >> proven
    return dag


def _of_web(target: WebTarget) -> DAG:
    given = {name: parameters.given(name) for name in target.inputs}
    bring_up, serve = web.bring_up(ASKED_AGAIN), web.service(target)
    verify = web.verify(target)
    _recover(_explain(target), bring_up)
    with DAG(name="rollout", inputs=[Parameter(name=name) for name in given]) as dag:
        reached = Task(name="service", template=serve)
        up = Task(name="deploy", template=bring_up, arguments={"manifest": target.manifest})
        proven = Task(name="verify", template=verify, arguments=given)
        reached >> up
        up >> proven
    return dag


def _recover(explain: Script, put_back: Resource | DAG) -> None:
    """The exit handler, which `pods.pair` finds by its name."""
    with DAG(name=pods.ON_EXIT):
        why = Task(name="explain", template=explain, when=BEGUN_AND_FAILED)
        Task(
            name="put-back",
            template=put_back,
            depends="explain.Succeeded",
            when="'{{tasks.explain.outputs.parameters.rollback}}' == 'true'",
            arguments={"manifest": why.get_parameter("manifest")},
        )


def _deploy(target: Target) -> Resource:
    return Resource(
        name="deploy",
        action="apply",
        manifest=target.manifest,
        inputs=[Parameter(name=name) for name in target.inputs],
        success_condition=target.ready,
        failure_condition=target.failed,
        outputs=[
            Parameter(
                name="url",
                description="Where the deployment takes predictions.",
                value_from=m.ValueFrom(json_path=target.url),
            ),
            Parameter(name="deployment", value=target.name, description="Its name."),
            Parameter(
                name="version", value=parameters.VERSION.tag, description="The workflow's, which it serves."
            ),
        ],
        retry_strategy=ASKED_AGAIN,
        active_deadline_seconds=parameters.DEPLOY_TIMEOUT.tag,
    )


def _verify(target: Target) -> Script:
    return pods.small_step(
        "verify",
        inputs=["url", *target.inputs],
        env={
            "URL": "{{inputs.parameters.url}}",
            "PATHS": json.dumps([told(path) for path in target.paths]),
            "MODEL_STORE": MODEL_STORE,
            "ACCEPT": "{{workflow.parameters.accept}}",
            # After an update `deploy` may have seen the old version Available: the wait is here, then.
            "WAIT": parameters.DEPLOY_TIMEOUT.tag,
            "MANIFEST": target.manifest,
            "LAST_GOOD": target.last_good,
        },
        outputs=[pods.output("report", "What each path through the graph answered, as JSON.")],
        store="write",
        deadline=pods.DAY,  # bounds itself by twice WAIT
    )


def told(path: Path) -> dict[str, Any]:
    """What a step is told of a way through the graph."""
    nodes = [
        {key: getattr(node, key) for key in ("name", "image", "unit", "version", "digest")}
        for node in path.nodes
    ]
    return {"share": path.share, "answers": path.answers.name, "nodes": nodes}


def _explain(target: RolledOut, beside: Target | None = None) -> Script:
    return pods.small_step(
        "explain",
        env={
            "DEPLOYMENT": target.name,
            "KIND": target.kind,
            "SELECTOR": f"{target.label}={target.name}",
            "ON_FAILURE": parameters.ON_FAILURE.tag,
            "LAST_GOOD": target.last_good,
            **({"BESIDE": beside.name} if beside else {}),
        },
        outputs=[
            pods.output("reason", "Why the rollout failed."),
            pods.output("rollback", "Whether a manifest is put back."),
            pods.output("manifest", "The manifest that was last verified."),
        ],
        store="read",
    )


def _put_back(target: Target) -> Resource:
    return Resource(
        name="put-back",
        action="apply",
        manifest="{{inputs.parameters.manifest}}",
        inputs=[Parameter(name="manifest")],
        success_condition=target.ready,
        failure_condition=target.failed,
        retry_strategy=ASKED_AGAIN,
        active_deadline_seconds=parameters.DEPLOY_TIMEOUT.tag,
    )
