"""A shadow on a cluster: one version answers, another gets a copy of each request, and both are compared."""

import json
from typing import Any

import httpx
import pytest
from lab import ROOT, Lab, outputs, phases_of

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1800)]
REQUESTS = 200
TASKS = ["guard", "build", "deploy-shadow", "verify-shadow", "deploy", "verify", "traffic", "compare"]
REQUEST = json.loads((ROOT / "models/sk_mnist/request.json").read_text())


@pytest.fixture(scope="session")
def compared(seldon: Lab, arms: dict[str, str]) -> Any:
    """The status of the run."""
    return seldon.succeeded(
        seldon.submit_installed("shadow-mnist", requests=str(REQUESTS), **arms), within=900
    )


def test_all_requests_are_compared(compared: Any) -> None:
    """The shadow answered each, most of them alike, and the time of both is told."""
    phases = phases_of(compared)
    assert {name: phases[name] for name in TASKS} == dict.fromkeys(TASKS, "Succeeded")
    said = outputs(compared, "compare")
    found = json.loads(said["comparison"])
    assert found["requests"] == found["answered by both"] == REQUESTS
    assert found["errors of the shadow"] == 0
    assert 0.5 < found["agreement"] < 1
    assert 0 < found["shadow ms"]["median"] <= found["shadow ms"]["p99"]
    assert 0 < found["answer ms"]["median"] <= found["answer ms"]["p99"]
    assert f"agrees on {found['agreement']:.1%} of {REQUESTS} requests" in said["reason"]


def test_the_shadow_answers_nobody(seldon: Lab, compared: Any) -> None:
    """Each answer is that of version 0.1, also when the shadow's pods are gone."""
    seldon.kubectl("delete", "seldondeployment", "mnist-candidate")
    selector = "--selector=seldon-deployment-id=mnist-candidate"
    seldon.kubectl("wait", "--for=delete", "pod", selector, "--timeout=90s")
    with seldon.forwarded("mnist-shadow-default") as url:
        for _ in range(5):
            answer = httpx.post(f"{url}/api/v1.0/predictions", json=REQUEST, timeout=20)
            assert answer.status_code == 200
            told = answer.json()["meta"]
            assert set(told["requestPath"]) == {"shadow", "sk-mnist-a"}
            assert told["tags"]["sk-mnist-a.version"] == "0.1"
