"""Which ends of `deploy` are worth another try; the words are those that Argo and the API server use."""

import pytest

from argolane.workflow.local.reconciler.template.evaluation import holds
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
