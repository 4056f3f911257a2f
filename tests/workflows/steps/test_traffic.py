"""Labelled rows through a graph, every one counted once: against a real HTTP server, also after a SIGKILL."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from argolane.serving.judged import Rules
from argolane.serving.judgement import judge
from argolane.serving.observations import read_experiment
from models.contract.metric import Metric
from models.sticky.predict import Sticky
from tests.workflows.steps.posting import Answer, answering
from tests.workflows.steps.versions import stored
from workflows.parts.embedding import step_source
from workflows.parts.steps import asking, sending, traffic

LABELS = [n % 10 for n in range(50)]
ROWS = [[float(label), 1.0] for label in LABELS]
SAMPLES = {
    "names": ["x", "y"],
    "rows": ROWS,
    "truth": LABELS,
    "answers": [[float(n == label) for n in range(10)] for label in LABELS],
    "dataset": "digits (10/50)",
    "tolerance": 1e-3,
}


class Graph:
    """A Split of two arms: `a` is always right, `b` is wrong where the label is below 5."""

    url: str

    def __init__(self) -> None:
        self.chance = random.Random(0)
        self.lock = threading.Lock()
        self.asked: list[float] = []
        self.rewards: list[tuple[str, int, float, Any]] = []
        self.fails: Callable[[int], int] = lambda number: 200
        self.pause = 0.0
        self.router: Sticky | None = None

    def answer(self, asked: Any) -> Answer:
        if "reward" in asked:
            meta = asked["response"]["meta"]
            with self.lock:
                self.rewards.append(
                    (meta["puid"], meta["routing"]["ab-test"], asked["reward"], asked["truth"])
                )
            return 200, {}, {}
        time.sleep(self.pause)
        label = asked["data"]["ndarray"][0][0]
        with self.lock:
            self.asked.append(label)
            user, router = asked["user-id"], self.router
            arm = router.arm_of(user or "") if router else self.chance.randrange(2)
            status = self.fails(len(self.asked)) if arm or not router else 200
        if status != 200:
            return status, {}, {"status": {"info": "out of order"}}
        guess = int(label) if arm == 0 or label >= 5 else 9
        meta = {"routing": {"ab-test": arm}, "requestPath": {"ab"[arm]: "r:1"}}
        return 200, {}, {"data": {"ndarray": [[float(n == guess) for n in range(10)]]}, "meta": meta}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (asking, sending, traffic):
        monkeypatch.setattr(module, "PAUSE", 0.01)


@pytest.fixture
def graph() -> Iterator[Graph]:
    made = Graph()
    with answering(made.answer, header="user-id") as address:
        made.url = f"{address}/seldon/n/mnist-ab/api/v1.0/predictions"
        yield made


@pytest.fixture
def environ(graph: Graph, tmp_path: Path) -> dict[str, str]:
    for unit in "ab":
        stored(tmp_path / "store", unit, samples=SAMPLES)
    nodes = [{"name": n, "image": "r:1", "unit": n, "version": "0.1", "digest": ""} for n in "ab"]
    paths = [
        {
            "share": ["0.5" if i == 0 else "1-0.5"],
            "answers": n["name"],
            "nodes": [n],
            "routing": {"ab-test": i},
        }
        for i, n in enumerate(nodes)
    ]
    return {
        "URL": graph.url,
        "PATHS": json.dumps(paths),
        "MODEL_STORE": str(tmp_path / "store"),
        "REQUESTS": "120",
        "RATE": "0",
        "PARALLEL": "4",
        "SEED": "0",
        "LABELS": "now",
        "RUN": "ab-test-mnist-x",
        "UID": "u",
        "DEPLOYMENT": "mnist-ab",
        "WAIT": "5",
        "FILE": str(tmp_path / "store/.observations/mnist-ab/ab-test-mnist-x.sqlite"),
        "OUTPUTS": str(tmp_path / "outputs"),
    }


def kept(environ: dict[str, str]) -> list[dict[str, Any]]:
    connection = sqlite3.connect(environ["FILE"])
    connection.row_factory = sqlite3.Row
    try:
        return [dict(row) for row in connection.execute("SELECT * FROM observations ORDER BY number")]
    finally:
        connection.close()


def test_each_request_is_kept_with_its_arm_and_its_score(graph: Graph, environ: dict[str, str]) -> None:
    """The arm is the one of meta.routing; rewards go back with the routing, the truth and the puid."""
    traffic.main(environ)
    seen = kept(environ)
    assert [one["number"] for one in seen] == list(range(120))
    assert sorted(one["row"] for one in seen[:50]) == list(range(50))
    assert {one["arm"] for one in seen} == {"a", "b"}
    for one in seen:
        label = json.loads(one["truth"])
        assert label == LABELS[one["row"]]
        assert one["score"] == one["reward"] == float(one["arm"] == "a" or label >= 5)
        assert (one["status"], one["puid"], one["told"]) == (200, f"u-{one['number']}", 1)
        assert 0 < one["latency"] < 5
    told = {puid: (arm, reward, truth) for puid, arm, reward, truth in graph.rewards}
    assert len(told) == len(graph.rewards) == 120
    for one in seen:
        expected = ("ab".index(one["arm"]), one["reward"], {"data": {"ndarray": [json.loads(one["truth"])]}})
        assert told[one["puid"]] == expected
    report = json.loads((Path(environ["OUTPUTS"]) / "report").read_text())
    assert [arm["name"] for arm in report["seen"]] == ["a", "b"]
    assert sum(arm["requests"] for arm in report["seen"]) == 120


def test_what_was_kept_is_not_sent_again(graph: Graph, environ: dict[str, str]) -> None:
    """A second start with more requests sends the new ones alone; one with as many sends nothing."""
    traffic.main(environ)
    traffic.main(environ)
    assert len(graph.asked) == 120
    traffic.main({**environ, "REQUESTS": "130"})
    assert (len(graph.asked), len(graph.rewards), len(kept(environ))) == (130, 130, 130)


def test_a_reward_that_was_not_told_is_told_by_the_next(graph: Graph, environ: dict[str, str]) -> None:
    """Killed between the answer and the feedback, it is the kept answer that is rewarded."""
    traffic.main(environ)
    connection = sqlite3.connect(environ["FILE"])
    with connection:
        connection.execute("UPDATE observations SET told = 0 WHERE number IN (3, 7)")
    connection.close()
    graph.rewards.clear()
    traffic.main(environ)
    assert sorted(puid for puid, *_ in graph.rewards) == ["u-3", "u-7"]


def test_a_killed_sender_goes_on(graph: Graph, environ: dict[str, str]) -> None:
    """SIGKILL at five moments: in the end each number is there once, and each is rewarded for its answer."""
    graph.pause = 0.004
    script = step_source("traffic.py")
    counts = []
    for _ in range(5):
        process = subprocess.Popen([sys.executable, "-c", script], env={**os.environ, **environ})
        before = len(graph.asked)
        while len(graph.asked) < before + 15 and process.poll() is None:
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.wait()
        counts.append(len(kept(environ)))
    assert counts == sorted(counts) and 0 < counts[0] < counts[-1] < 120
    subprocess.run([sys.executable, "-c", script], env={**os.environ, **environ}, check=True)
    seen = kept(environ)
    assert [one["number"] for one in seen] == list(range(120))
    assert all(one["told"] for one in seen)
    told = {(puid, "ab"[arm], reward) for puid, arm, reward, _ in graph.rewards}
    # A reward that was under way may come twice, but never another one under the same puid.
    assert told == {(one["puid"], one["arm"], one["reward"]) for one in seen}


def test_an_error_is_an_observation_without_an_arm(graph: Graph, environ: dict[str, str]) -> None:
    """What is answered with an error tells no routing: it is kept, scored by nobody, rewarded by nobody."""
    graph.fails = lambda number: 500 if number % 10 == 0 else 0 if number == 55 else 200
    traffic.main(environ)
    failed = [one for one in kept(environ) if one["status"] != 200]
    assert sorted({one["status"] for one in failed}) == [0, 500]
    assert {(one["arm"], one["score"], one["told"]) for one in failed} == {("", None, 0)}
    assert len(failed) == 13 and len(graph.rewards) == 107
    assert "out of order" in next(one["error"] for one in failed if one["status"] == 500)


def test_where_nobody_answers_nothing_is_counted(graph: Graph, environ: dict[str, str]) -> None:
    """An outage ends the task, and the requests that met it are sent again by the next."""
    graph.fails = lambda number: 200 if number <= 40 else 0
    # One at a time: of several, the last answer may come after the first that met nobody.
    with pytest.raises(SystemExit, match=r"2\d requests in a row met nobody"):
        traffic.main({**environ, "PARALLEL": "1"})
    assert {one["status"] for one in kept(environ)} == {200}
    graph.fails = lambda number: 200
    traffic.main(environ)
    assert {one["status"] for one in kept(environ)} == {200} and len(kept(environ)) == 120


def test_a_graph_that_is_not_ready_is_waited_for(graph: Graph, environ: dict[str, str]) -> None:
    """Brought back after a death it answers 503 for a while: no request and no reward is lost on that."""
    graph.fails = lambda number: 503 if number <= 5 else 200
    traffic.main({**environ, "PARALLEL": "1"})
    assert {one["status"] for one in kept(environ)} == {200}
    assert len(graph.rewards) == 120


def test_a_deployment_that_never_answers_is_named(environ: dict[str, str]) -> None:
    """Before the first answer the deployment is waited for, within bounds."""
    nowhere = "http://127.0.0.1:9/api/v1.0/predictions"
    with pytest.raises(SystemExit, match="nobody answers there"):
        traffic.main({**environ, "URL": nowhere, "WAIT": "0.1"})
    assert kept(environ) == []


def test_labels_may_come_late(graph: Graph, environ: dict[str, str]) -> None:
    """Then nothing is scored or rewarded, and the truth is not written down."""
    traffic.main({**environ, "LABELS": "late"})
    assert {(one["truth"], one["score"], one["told"]) for one in kept(environ)} == {("null", None, 0)}
    assert graph.rewards == []


@pytest.fixture
def sticky(graph: Graph, environ: dict[str, str]) -> dict[str, str]:
    """The same graph behind the router that keeps a user on an arm; 240 requests of 24 users."""
    graph.router = Sticky(arms="a,b", sticky="user-id", weights="0.5", salt="mnist-ab 0")
    dealt = {"STICKY": "user-id", "PER_USER": "10", "WEIGHTS": "0.5", "SALT": "mnist-ab 0"}
    return {**environ, **dealt, "REQUESTS": "240"}


def test_users_ask_and_keep_their_arm(graph: Graph, sticky: dict[str, str]) -> None:
    """Chance takes one of the users for each request, the same for the same seed, and the file has them."""
    traffic.main(sticky)
    seen = kept(sticky)
    users = {one["user"] for one in seen}
    assert 18 <= len(users) <= 24 and users <= {f"user-{n}" for n in range(24)}
    arms = {user: {one["arm"] for one in seen if one["user"] == user} for user in users}
    assert all(len(found) == 1 for found in arms.values())
    assert {arm for found in arms.values() for arm in found} == {"a", "b"}
    experiment = read_experiment(Path(sticky["FILE"]))
    assert (experiment.users, {one.user for one in experiment.seen}) == (24, users)
    again = {**sticky, "FILE": sticky["FILE"] + "2"}
    traffic.main(again)
    assert [one["user"] for one in kept(again)] == [one["user"] for one in seen]


def test_an_error_counts_for_the_arm_of_its_user(graph: Graph, sticky: dict[str, str]) -> None:
    """No answer tells of it; the rule of the router does: here b fails now and then, and a never."""
    graph.fails = lambda number: 500 if number % 5 == 0 else 200
    traffic.main(sticky)
    seen = kept(sticky)
    failed = [one for one in seen if one["status"] == 500]
    assert len(failed) > 10 and {one["arm"] for one in failed} == {"b"}
    assert {(one["routing"], one["score"]) for one in failed} == {("{}", None)}
    arms = {user: {one["arm"] for one in seen if one["user"] == user} for user in {o["user"] for o in seen}}
    assert all(len(found) == 1 for found in arms.values())


def test_a_field_that_the_rows_have_is_no_header(sticky: dict[str, str]) -> None:
    """The router would go by the column: two rows of one user would meet two arms."""
    with pytest.raises(SystemExit, match="sticky is 'x', a column of digits"):
        traffic.main({**sticky, "STICKY": "x"})


def test_a_file_of_an_older_run_goes_on(graph: Graph, sticky: dict[str, str]) -> None:
    """It has no column for users: it is read as it is, gets the column, and its rows are nobody's."""
    older = Path(sticky["FILE"])
    traffic.main({**sticky, "REQUESTS": "100", "STICKY": ""})
    connection = sqlite3.connect(older)
    with connection:
        connection.execute("ALTER TABLE observations DROP COLUMN user")
        connection.execute("DELETE FROM about WHERE name = 'users'")
    connection.close()
    before = read_experiment(older)
    assert (len(before.seen), before.users, {one.user for one in before.seen}) == (100, 0, {""})
    traffic.main(sticky)
    after = read_experiment(older)
    assert [one.user for one in after.seen[:100]] == [""] * 100
    assert (after.users, all(one.user for one in after.seen[100:])) == (24, True)
    assert (len(graph.asked), [one["number"] for one in kept(sticky)]) == (240, list(range(240)))
    found = judge(after, Rules())
    assert (found.counted, found.nameless) == ("users", 100)


def test_the_rate_is_kept(graph: Graph, environ: dict[str, str]) -> None:
    """At 100 a second 30 requests take at least 0.29 seconds."""
    begun = time.monotonic()
    traffic.main({**environ, "REQUESTS": "30", "RATE": "100"})
    assert time.monotonic() - begun >= 0.29


def test_arms_of_other_rows_are_not_compared(environ: dict[str, str]) -> None:
    """Versions that were tested on other rows have no rows in common: said before anything is sent."""
    store = Path(environ["MODEL_STORE"])
    stored(store, "b", "0.2", samples={**SAMPLES, "rows": ROWS[::-1], "dataset": "other (9/50)"})
    paths = environ["PATHS"].replace('"unit": "b", "version": "0.1"', '"unit": "b", "version": "0.2"')
    with pytest.raises(SystemExit, match="only on the same rows"):
        traffic.main({**environ, "PATHS": paths})


def test_a_metric_that_no_single_answer_has_is_named(environ: dict[str, str]) -> None:
    """The known ones are listed."""
    store = Path(environ["MODEL_STORE"])
    stored(store, "a", "0.2", samples=SAMPLES, metric=Metric("lift", 2.0, "higher"))
    paths = environ["PATHS"].replace('"unit": "a", "version": "0.1"', '"unit": "a", "version": "0.2"')
    with pytest.raises(SystemExit, match="is judged by lift"):
        traffic.main({**environ, "PATHS": paths})
