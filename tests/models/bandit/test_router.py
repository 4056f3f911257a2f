"""The bandit as a plain class, and behind Seldon's wrapper: each fault of the public router has a test."""

import json
import os
import signal
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from models.bandit.predict import Bandit
from models.bandit.state import State
from models.runtimes.bad_input import BadInput
from tests.models.conftest import python_of
from tests.models.serving import Server, free_ports, served

REQUEST = {"meta": {"puid": "p"}, "data": {"ndarray": [[0.5, 0.5]]}}


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "claim" / "bandit.sqlite"
    monkeypatch.setenv("STATE_FILE", str(path))
    return path


def loaded(**parameters: Any) -> Bandit:
    router = Bandit(**{"arms": "a:0.1,b:0.1,c:0.1", **parameters})
    router.load()
    return router


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"arms": ""}, "arms is ''; expected different names of the children"),
        ({"arms": "a,a"}, "arms is 'a,a'"),
        ({"arms": "a,b", "algorithm": "ucb"}, "algorithm is 'ucb'; expected epsilon-greedy or thompson"),
        ({"arms": "a,b", "rewards": "some"}, "rewards is 'some'; expected binary or real"),
        ({"arms": "a,b", "epsilon": "2"}, "epsilon is '2'; expected a number from 0 to 1"),
        ({"arms": "a,b", "remembered": 0}, "remembered is 0"),
    ],
)
def test_a_wrong_parameter_is_told(parameters: dict[str, Any], words: str) -> None:
    """By its name, with what is expected; as RuntimeError, which the wrapper does not hide."""
    with pytest.raises(RuntimeError, match=words):
        Bandit(**parameters)


def test_without_a_file_it_does_not_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What is learned is never kept in memory alone; replicas that cannot share a file are refused."""
    monkeypatch.delenv("STATE_FILE", raising=False)
    with pytest.raises(RuntimeError, match="STATE_FILE is not set"):
        loaded()
    (tmp_path / "file").write_text("no database, and longer than the header that SQLite reads of a file" * 9)
    monkeypatch.setenv("STATE_FILE", str(tmp_path / "file"))
    with pytest.raises(RuntimeError, match=r"STATE_FILE .*/file: file is not a database"):
        loaded()


@pytest.mark.parametrize("routing", [None, -1, -2, 3, True, "1"])
def test_feedback_that_tells_no_arm_is_logged_and_ignored(
    file: Path, routing: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The public router ends with a TypeError on None, and rewards its last arm for -1."""
    router = loaded()
    router.send_feedback([[0.5]], [], 1.0, None, routing=routing)
    assert [arm.rewards for arm in router.state.arms()] == [0, 0, 0]
    assert f"feedback with routing {routing} is ignored; expected 0 to 2" in caplog.text


def test_fractions_of_a_reward_count(file: Path) -> None:
    """The public router takes int(reward * rows) of them: nothing of 0.9 for one row."""
    router = loaded(rewards="real")
    router.send_feedback([[0.5]], [], 0.9, None, routing=1)
    router.send_feedback([[0.5], [0.5]], [], -0.1, None, routing=1)
    arm = router.state.arms()[1]
    assert (arm.rewards, arm.mean) == (2, pytest.approx(0.4))


@pytest.mark.parametrize(("reward", "kind"), [(0.5, "binary"), (-1, "binary"), (float("nan"), "real")])
def test_what_is_no_reward_is_the_clients_error(file: Path, reward: float, kind: str) -> None:
    """Nothing is learned from it."""
    router = loaded(rewards=kind)
    with pytest.raises(BadInput, match=r"The reward is .*; expected"):
        router.send_feedback([[0.5]], [], reward, None, routing=0)
    assert router.state.arms()[0].rewards == 0


def test_the_answer_is_a_number_of_python(file: Path) -> None:
    """The public router keeps a number of numpy, which the wrapper refuses as an answer."""
    router = loaded(algorithm="epsilon-greedy", epsilon="0")
    for number in range(20):
        router.send_feedback([[0.5]], [], float(number % 3 == 2), None, routing=number % 3)
        assert type(router.route([[0.5]])) is int
    assert router.route([[0.5]]) == 2


def test_a_seed_chooses_the_same_again_and_a_restart_repeats_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty pulls are those that two routers do one after the other on one file."""

    def pulls(name: str, *counts: int) -> list[int]:
        monkeypatch.setenv("STATE_FILE", str(tmp_path / name))
        return [router.route(None) for count in counts for router in [loaded(seed=3)] for _ in range(count)]

    assert pulls("one", 20) == pulls("two", 8, 12) != pulls("three", 20)[:1] * 20


def test_gauges_are_told_when_the_health_is_asked_for(file: Path) -> None:
    """And at no other time, so that each is there once."""
    router = loaded()
    router.route(None)
    router.send_feedback(None, [], 1.0, None, routing=2)
    assert router.metrics() == []
    assert router.health_status() == "healthy"
    told = {(one["key"], one["tags"]["arm"]): one["value"] for one in router.metrics()}
    assert sum(told[f"bandit_arm_{'pulls'}", arm] for arm in router.arms) == 1
    assert told["bandit_arm_rewards", "c:0.1"] == told["bandit_arm_reward_mean", "c:0.1"] == 1
    assert ("bandit_arm_reward_mean", "a:0.1") not in told
    assert router.metrics() == []


# Behind the wrapper: its process, HTTP.


@contextmanager
def wrapped(file: Path, *, workers: int = 1, metrics: int = 0, **given: str) -> Iterator[Server]:
    parameters = {"arms": "a,b,c", "rewards": "real", "seed": "1", **given}
    env = {
        "STATE_FILE": str(file),
        "GUNICORN_WORKERS": str(workers),
        "PREDICTIVE_UNIT_METRICS_SERVICE_PORT": str(metrics or free_ports(1)[0]),
        "PREDICTIVE_UNIT_PARAMETERS": json.dumps(
            [{"name": name, "value": value, "type": "STRING"} for name, value in parameters.items()]
        ),
    }
    log = file.with_name("log")
    log.parent.mkdir(exist_ok=True)
    with served(python_of("bandit/runtime.lock"), "bandit", file.parent, log, **env) as server:
        yield server


def feedback(server: Server, reward: object, routing: object, puid: str = "") -> tuple[int, Any]:
    meta = {"puid": puid, "routing": {} if routing is None else {"bandit": routing}}
    body = {"request": REQUEST, "response": {"meta": meta}, "reward": reward}
    answer: tuple[int, Any] = server.ask(body, path="/send-feedback")
    return answer


def learned(file: Path) -> list[tuple[int, float]]:
    state = loaded_state(file)
    found = [(arm.rewards, arm.mean) for arm in state.arms()]
    state.close()
    return found


def loaded_state(file: Path) -> Any:
    return State(str(file), ["a", "b", "c"], remembered=1000)


@pytest.mark.environments
def test_the_wrapper_serves_it_and_a_kill_loses_nothing(file: Path) -> None:
    """Routes, rewards of fractions, puids sent again, unknown routings; SIGKILL, and all is as it was."""
    [metrics] = free_ports(1)
    with wrapped(file, metrics=metrics) as server:
        status, answer = server.ask(REQUEST, path="/route")
        assert status == 200 and answer["data"]["ndarray"][0][0] in (0, 1, 2)
        assert feedback(server, 0.25, 1, "p1")[0] == 200
        assert feedback(server, 0.25, 1, "p1")[0] == 200
        assert feedback(server, 0.75, 1, "p2")[0] == 200
        for routing in (None, -1, 9):
            assert feedback(server, 1.0, routing, f"lost {routing}")[0] == 200
        status, said = feedback(server, "NaN", 1, "p3")
        assert status == 400 and "expected a finite number" in said["status"]["info"]
        with urllib.request.urlopen(f"{server.url}/health/status", timeout=10):
            pass
        with urllib.request.urlopen(f"http://127.0.0.1:{metrics}/metrics", timeout=10) as page:
            lines = page.read().decode().splitlines()
        [mean] = [line for line in lines if line.startswith("bandit_arm_reward_mean{") and 'arm="b"' in line]
        [pulls] = [line for line in lines if line.startswith("bandit_arm_pulls{") and 'arm="a"' in line]
        assert mean.endswith(" 0.5") and pulls.rsplit(" ", 1)[1] in ("0.0", "1.0")
        assert "# TYPE bandit_arm_pulls gauge" in lines
        os.killpg(server.process.pid, signal.SIGKILL)
    log = file.with_name("log").read_text()
    assert "feedback with routing -1 is ignored" in log and "puid p1 is rewarded already" in log
    assert learned(file) == [(0, 0), (2, 0.5), (0, 0)]
    with wrapped(file) as server:
        assert feedback(server, 0.25, 1, "p1")[0] == 200
        assert feedback(server, 1.0, 0, "p4")[0] == 200
    assert learned(file) == [(1, 1.0), (2, 0.5), (0, 0)]


@pytest.mark.environments
def test_two_workers_learn_as_one(file: Path) -> None:
    """In the public router each has a state of its own."""
    with wrapped(file, workers=2, algorithm="epsilon-greedy", epsilon="0", rewards="binary") as server:
        for number in range(30):
            assert feedback(server, int(number % 3 == 2), number % 3, f"p{number}")[0] == 200
        routes = [server.ask(REQUEST, path="/route")[1]["data"]["ndarray"][0][0] for _ in range(30)]
    assert routes == [2] * 30
    assert learned(file) == [(10, 0.0), (10, 0.0), (10, 1.0)]
