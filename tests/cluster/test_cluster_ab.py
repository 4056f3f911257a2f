"""An A/B test on a cluster: its traffic loses its pod, the verdict comes, and the winner answers alone."""

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from lab import ROOT, Lab, outputs, phases_of

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1800)]
REQUESTS = 600
TASKS = ["guard", "gate-a", "gate-b", "build", "rollout", "deploy", "verify", "traffic", "compare",
         "promote-a", "deploy-winner", "verify-winner"]  # fmt: skip
REQUEST = json.loads((ROOT / "models/sk_mnist/request.json").read_text())


@pytest.fixture(scope="session")
def judged(seldon: Lab, arms: dict[str, str]) -> tuple[str, Any]:
    """The run and its status; the pod that sent the requests was taken away in the middle of them."""
    run = seldon.submit_installed("ab-test-mnist", requests=str(REQUESTS), rate="25", **arms)
    pod = seldon.at_work(run, "traffic", f"of {REQUESTS} requests", within=900)["metadata"]["name"]
    seldon.lose(run, pod)
    return run, seldon.succeeded(run, within=600)


@pytest.fixture(scope="session")
def observed(seldon: Lab, judged: tuple[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that the run has kept on the claim."""
    file = tmp_path_factory.mktemp("observed") / "run.sqlite"
    command = f"{ROOT}/.venv/bin/argolane volume cat --on=argo"
    seldon.run("bash", "-c", f"{command} model-store:.observations/mnist-ab/{judged[0]}.sqlite > '{file}'")
    return file


def rows(file: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(file)) as found:
        return found.execute(query).fetchall()


def test_all_tasks_succeed_and_the_other_arm_is_not_promoted(judged: tuple[str, Any]) -> None:
    """The traffic was lost once and went on; nothing else was tried twice."""
    _, status = judged
    phases = phases_of(status)
    assert {name: phases[name] for name in TASKS} == dict.fromkeys(TASKS, "Succeeded")
    assert phases["promote-b"] == "Skipped"
    again = {name for name in phases if name.endswith("(1)")}
    assert again == {"traffic(1)"} and phases["traffic(0)"] in ("Error", "Failed")


def test_no_request_is_lost_or_counted_twice(observed: Path, judged: tuple[str, Any]) -> None:
    """Each has one row, an answer, and a reward that was told; some were there before the pod was lost."""
    numbers = [number for (number,) in rows(observed, "SELECT number FROM observations ORDER BY number")]
    assert numbers == list(range(REQUESTS))
    assert rows(observed, "SELECT count(DISTINCT puid) FROM observations") == [(REQUESTS,)]
    assert rows(observed, "SELECT count(*) FROM observations WHERE told = 0 OR status != 200") == [(0,)]
    report = json.loads(outputs(judged[1], "traffic")["report"])
    assert 100 < report["kept before"] < REQUESTS
    assert sum(arm["requests"] for arm in report["seen"]) == REQUESTS


def test_the_better_arm_is_named_with_its_reason(seldon: Lab, judged: tuple[str, Any]) -> None:
    """By the workflow, and by `argolane compare`, of the run and of the deployment."""
    run, status = judged
    said = outputs(status, "compare")
    assert said["verdict"] == "promote-a"
    assert re.match(
        r"a \(sk-mnist-a\) is better than b \(sk-mnist-b\): accuracy 0\.9\d+ against 0\.", said["reason"]
    )
    for name in (run, "mnist-ab", "ab-test-mnist"):
        assert said["reason"] in " ".join(seldon.argolane("compare", name, "--on=argo").split())
    told = json.loads(seldon.argolane("compare", run, "--on=argo", "--output=json"))
    assert (told["verdict"], told["seen"]) == ("promote-a", REQUESTS)


def test_the_winner_answers_alone(seldon: Lab, judged: tuple[str, Any]) -> None:
    """Under the name and at the Service of the test: one node, of the image that was built."""
    deployment = seldon.read("seldondeployment", "mnist-ab")
    [predictor] = deployment["spec"]["predictors"]
    assert predictor["graph"] == {"name": "sk-mnist-a", "type": "MODEL"}
    with seldon.forwarded("mnist-ab-default") as url:
        answer = httpx.post(f"{url}/api/v1.0/predictions", json=REQUEST, timeout=20).json()
    assert answer["meta"]["requestPath"] == {"sk-mnist-a": outputs(judged[1], "build")["a"]}
    assert answer["meta"]["tags"]["version"] == "0.1"
    annotations = deployment["metadata"]["annotations"]
    assert annotations["argolane.dev/winner-version"] == "0.1"
    assert annotations["argolane.dev/workflow"] == judged[0]
