"""Every recorded case of a Deployment: the local runner does as the real cluster did, or it is listed.

Each kind of question once in `make test`, all of them in `make test-heavy`: many mostly wait, for back-offs,
deadlines, minReadySeconds.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from deployment_case import DeploymentCase, deployment_cases
from local_cluster import LocalCluster
from local_deviations import DEVIATIONS, NOT_SHOWN, REFUSED
from local_replay import replay

PLAYED = [name for name in deployment_cases() if name not in (*REFUSED, *NOT_SHOWN)]
SAMPLE = {
    "apply-again", "env-missing-secret", "init-two", "one-container-crashes", "rollout", "scale",
    "service-named-port", "surge-half", "update", "update-missing-image",
}  # fmt: skip
# They mostly wait.
_AT_ONCE = 8

Differences = dict[str, Future[list[str]]]


@pytest.fixture(scope="module")
def differences(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Differences]:
    """Of the cases that are asked for, run beside each other; the slow ones begin."""
    root = tmp_path_factory.mktemp("deployments")
    tests = [item for item in request.session.items if item.function is test_case]  # type: ignore[attr-defined]
    asked = [item.callspec.params["name"] for item in tests]  # type: ignore[attr-defined]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        order = sorted(asked, key=lambda name: (not DeploymentCase(name).slow, name.startswith("refused")))
        yield {name: pool.submit(replay, name, root) for name in order}


def _marked(name: str) -> object:
    often = name in SAMPLE or name.startswith("refused-")
    return pytest.param(name, marks=[] if often else [pytest.mark.heavy])


@pytest.mark.parametrize("name", [_marked(name) for name in PLAYED])
def test_case(name: str, differences: Differences) -> None:
    """Status, pods, endpoints, answers and refused fields are those recorded, but for what is listed."""
    allowed = DEVIATIONS.get(name, {})
    found = differences[name].result(timeout=200)
    assert [line for line in found if not line.startswith(tuple(allowed))] == []
    assert [place for place in allowed if not any(line.startswith(place) for line in found)] == []


@pytest.mark.parametrize("name", REFUSED)
def test_refused_before_anything_starts(name: str, tmp_path: Path) -> None:
    """A case that needs a cluster is refused with its field, at the first manifest that has it."""
    with LocalCluster(tmp_path, f"cases-{name}", within=30) as cluster:
        manifests = [step["apply"] for step in DeploymentCase(name).steps if "apply" in step]
        said = [cluster.change("apply", manifest) for manifest in manifests]
    assert any(REFUSED[name] in answer.get("refused", "") for answer in said)


def test_every_deviation_is_of_a_case() -> None:
    """No list names a case that is not there."""
    assert set(DEVIATIONS) | set(REFUSED) | set(NOT_SHOWN) <= set(deployment_cases())
