"""A graph that is rolled out in, a template out that sends labelled rows through it and keeps what it says.

What it keeps is one SQLite file a run, below OBSERVATIONS; docs/ab-testing.md has the columns.
The parameters `requests`, `rate`, `parallel`, `seed` and `labels` of the workflow are parameters.TRAFFIC.
"""

import json
from collections.abc import Mapping

from hera.workflows import Parameter, Script

from k8s_serving.deployment import MODEL_STORE
from models.contract import store
from workflows.parts import parameters, pods
from workflows.parts.rollout import told
from workflows.parts.targets import Target

OBSERVATIONS = f"{MODEL_STORE}/{store.OBSERVATIONS}"
SENDING = f"'{parameters.REQUESTS.tag}' != '0'"


def observations(target: Target) -> str:
    """The file that this run keeps of a deployment; a retry of the run finds it again."""
    return f"{OBSERVATIONS}/{target.name}/{{{{workflow.name}}}}.sqlite"


def traffic(target: Target, *, users: Mapping[str, str] | None = None) -> Script:
    """Template `traffic`; its inputs are `url`, and those that the tags of the target's manifest name.

    `users` says how the router deals them, where requests may be those of users: `sticky`, `weights`, `salt`.
    """
    paths = [{**told(path), "routing": dict(path.routing)} for path in target.paths]
    return pods.small_step(
        "traffic",
        inputs=["url", *target.inputs],
        env={
            "URL": parameters.given("url"),
            "PATHS": json.dumps(paths),
            "MODEL_STORE": MODEL_STORE,
            "REQUESTS": parameters.REQUESTS.tag,
            "RATE": parameters.RATE.tag,
            "PARALLEL": parameters.AT_ONCE.tag,
            "SEED": parameters.ORDER.tag,
            "LABELS": parameters.LABELS.tag,
            "RUN": "{{workflow.name}}",
            "UID": "{{workflow.uid}}",
            "DEPLOYMENT": target.name,
            "WAIT": parameters.DEPLOY_TIMEOUT.tag,
            "FILE": observations(target),
            **({"PER_USER": parameters.PER_USER.tag} if users else {}),
            **{name.upper(): value for name, value in (users or {}).items()},
        },
        outputs=[
            pods.output("report", "What each arm made of its requests, as JSON."),
            Parameter(name="observations", value=observations(target), description="Where each request is."),
        ],
        store="write",
        deadline=pods.DAY,
    )
