"""Which ends of `deploy` are worth another try; the words are those that Argo and the API server use."""

from typing import Any

import pytest

from argolane.kubernetes import selectors
from argolane.workflow.local.reconciler.template.evaluation import holds
from workflows.parts import web
from workflows.parts.rollout import ASKED_AGAIN, BEGUN_AND_FAILED

FAILED = "failure condition '{status.state == [Failed]}' evaluated true"
WEBHOOK = (
    'Error from server (InternalError): error when creating "/tmp/manifest.yaml": Internal error occurred: '
    'failed calling webhook "v1.vseldondeployment.kb.io": failed to call webhook: Post "https://seldon-webhook-'
    'service.seldon-system.svc:443/validate": dial tcp 10.43.0.9:443: connect: connection refused'
)
DENIED = (
    'Error from server: admission webhook "v1.vseldondeployment.kb.io" denied the request: Graph is wrong'
)
DEADLINE = "Pod was active on the node longer than the specified deadline"


@pytest.mark.parametrize(
    ("retries", "message", "code", "again"),
    [
        (0, FAILED, 64, True),  # it may pass: 11 s while an old Deployment is deleted
        (1, FAILED, 64, False),  # said again after longer than that
        (0, WEBHOOK, 64, True),
        (25, WEBHOOK, 64, True),  # until the deadline
        (0, DENIED, 64, False),
        (0, DEADLINE, 143, False),
        (0, "OOMKilled", 137, True),
        (2, "OOMKilled", 137, False),
    ],
)
def test_what_deploy_is_asked_again_for(retries: int, message: str, code: int, again: bool) -> None:
    """A state that may pass, a webhook that may come back, a pod that was lost; nothing else."""
    names = {"retries": str(retries), "lastRetry.message": message, "lastRetry.exitCode": str(code)}
    assert holds(str(ASKED_AGAIN.expression), {**names, "lastRetry.status": "Failed"}) is again


@pytest.mark.parametrize(
    ("status", "failed", "begun"),
    [
        ("Failed", ["gate"], False),
        ("Failed", ["main", "rollout"], True),
        ("Error", ["rollout"], True),
        ("Failed", ["before-rollout"], False),
        ("Succeeded", ["rollout"], False),
    ],
)
def test_when_something_is_put_back(status: str, failed: list[str], begun: bool) -> None:
    """Only in a run that failed when its rollout had begun."""
    listed = ",".join(f'{{\\"displayName\\":\\"x\\",\\"templateName\\":\\"{name}\\"}}' for name in failed)
    names = {"workflow.status": status, "workflow.failures": f'"[{listed}]"'}
    assert holds(BEGUN_AND_FAILED.removeprefix("'{{=").removesuffix("}}' == 'true'"), names) is begun


def counts(generation: int, replicas: int, updated: int, available: int) -> dict[str, int]:
    told = {"replicas": replicas, "updatedReplicas": updated, "availableReplicas": available}
    # As the controller does: what is 0 is left out.
    return {"observedGeneration": generation, **{name: count for name, count in told.items() if count}}


@pytest.mark.parametrize(
    ("status", "ready"),
    [
        ({}, False),  # nobody has looked at it yet
        (counts(6, 2, 2, 2), False),  # the old version's word
        (counts(7, 2, 0, 2), False),  # seen, and nothing made yet
        (counts(7, 3, 1, 2), False),  # the first new pod beside the old ones
        (counts(7, 3, 2, 3), False),  # an old one is still there
        (counts(7, 2, 2, 1), False),  # the last new one is not available
        (counts(7, 2, 2, 2), True),
        (counts(8, 2, 2, 2), True),  # somebody has changed it since, and it is up
    ],
)
def test_when_a_deployment_is_up(status: dict[str, int], ready: bool) -> None:
    """The controller has seen what was applied, generation 7, and all two pods are of it and up."""
    text = web.READY.replace(web.GENERATION, "6").replace(web.REPLICAS, "2")
    assert all(one.matches({"status": status}) for one in selectors.parse(text)) is ready


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("reason", ["ProgressDeadlineExceeded", "ReplicaSetUpdated"])
def test_when_a_deployment_is_given_up(place: int, reason: str) -> None:
    """In whichever place of the list of conditions the controller says so."""
    conditions: list[Any] = [{"type": "Available", "reason": "MinimumReplicasUnavailable"}] * 3
    conditions[place] = {"type": "Progressing", "reason": reason}
    found = [one.matches({"status": {"conditions": conditions}}) for one in selectors.parse(web.STUCK)]
    assert any(found) is (reason == "ProgressDeadlineExceeded")
