"""A target in, a template out that applies it, waits, verifies what answers, and puts the last good one back.

Right after an update Available may still be the old version's word, and an update that cannot start stays
Creating for ever: hence the deadline of `deploy`, `verify` after it, and `put-back` when either fails. The
template fails all the same: its targets are `verify`, which stays what it was, and `put-back`.
"""

import json
from typing import Any

from hera.workflows import DAG, Parameter, Resource, Script, Task
from hera.workflows import models as m

from k8s_serving.deployment import MODEL_STORE
from k8s_serving.graph import Path
from workflows.parts import parameters, pods
from workflows.parts.targets import Target

DEPLOYING = f"'{parameters.DEPLOY.tag}' == 'true'"


def rollout(target: Target) -> DAG:
    """Template `rollout`; its inputs are those that the tags of the target's manifest name."""
    given = {name: _input(name) for name in target.inputs}
    parts = _deploy(target), _verify(target), _explain(target), _put_back()
    with DAG(
        name="rollout",
        inputs=[Parameter(name=name) for name in given],
        target="verify put-back",
        fail_fast=False,
    ) as dag:
        deploy, verify, explain, put_back = parts
        up = Task(name="deploy", template=deploy, arguments=given)
        Task(name="verify", template=verify, depends="deploy.Succeeded", arguments={
            **given,
            "url": up.get_parameter("url"),
        })  # fmt: skip
        failed = "deploy.Failed || deploy.Errored || verify.Failed || verify.Errored"
        why = Task(name="explain", template=explain, depends=failed)
        Task(
            name="put-back",
            template=put_back,
            depends="explain.Succeeded",
            when="'{{tasks.explain.outputs.parameters.rollback}}' == 'true'",
            arguments={"manifest": why.get_parameter("manifest")},
        )
    return dag


def _deploy(target: Target) -> Resource:
    return Resource(
        name="deploy",
        action="apply",
        manifest=target.manifest,
        inputs=[Parameter(name=name) for name in target.inputs],
        success_condition=target.ready,
        outputs=[
            Parameter(
                name="url",
                description="Where the deployment takes predictions.",
                value_from=m.ValueFrom(json_path=target.url),
            )
        ],
        retry_strategy=pods.AGAIN,
        active_deadline_seconds=parameters.DEPLOY_TIMEOUT.tag,
    )


def _verify(target: Target) -> Script:
    return pods.small_step(
        "verify",
        inputs=["url", *target.inputs],
        env={
            "URL": "{{inputs.parameters.url}}",
            "PATHS": json.dumps([_told(path) for path in target.paths]),
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


def _told(path: Path) -> dict[str, Any]:
    nodes = [
        {key: getattr(node, key) for key in ("name", "image", "unit", "version", "digest")}
        for node in path.nodes
    ]
    return {"share": path.share, "answers": path.answers.name, "nodes": nodes}


def _explain(target: Target) -> Script:
    return pods.small_step(
        "explain",
        env={
            "DEPLOYMENT": target.name,
            "ON_FAILURE": parameters.ON_FAILURE.tag,
            "LAST_GOOD": target.last_good,
        },
        outputs=[
            pods.output("reason", "Why the rollout failed."),
            pods.output("rollback", "Whether a manifest is put back."),
            pods.output("manifest", "The manifest that was last verified."),
        ],
        store="read",
    )


def _put_back() -> Resource:
    return Resource(
        name="put-back",
        action="apply",
        manifest="{{inputs.parameters.manifest}}",
        inputs=[Parameter(name="manifest")],
        success_condition="status.state == Available",
        retry_strategy=pods.AGAIN,
        active_deadline_seconds=parameters.DEPLOY_TIMEOUT.tag,
    )


def _input(name: str) -> str:
    return f"{{{{inputs.parameters.{name}}}}}"
