"""The URL of a deployment in, what each path through its graph answers out: against a real HTTP server."""

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from models.contract.metric import Metric
from tests.workflows.steps.posting import Answer, answering
from tests.workflows.steps.versions import stored
from workflows.parts.embedding import step_source
from workflows.parts.steps import asking, verify

Reply = tuple[int, Any]
LABELS = [n % 10 for n in range(250)]
ROWS = [[float(label), 1.0] for label in LABELS]  # a row tells its label, so a server can be right or wrong
DATASET = "digits (10/250)"
NODES = ("a", "b", "c", "t")


class Deployment:
    """A deployment whose next answer is what `answers(rows, number of the request)` says."""

    url: str

    def __init__(self) -> None:
        self.answers: Callable[[list[Any], int], Reply] = lambda rows, number: (500, {})
        self.number = itertools.count()
        self.asked: list[Any] = []

    def answer(self, asked: Any) -> Answer:
        data = asked["data"]
        self.asked.append(data)
        status, body = self.answers(data["ndarray"], next(self.number))
        return status, {}, body


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (asking, verify):
        monkeypatch.setattr(module, "PAUSE", 0.01)


@pytest.fixture
def deployment() -> Iterator[Deployment]:
    made = Deployment()
    with answering(made.answer) as address:
        made.url = f"{address}/api/v1.0/predictions"
        yield made


def classes(rows: list[Any], wrong: int = 0) -> list[list[float]]:
    """Right probabilities, but for the last `wrong` classes."""
    guesses = [(int(row[0]) + (row[0] >= 10 - wrong)) % 10 for row in rows]
    return [[float(n == guess) for n in range(10)] for guess in guesses]


def answer(
    rows: list[Any], *nodes: str, wrong: int = 0, images: dict[str, str] | None = None, **tags: str
) -> Reply:
    """What the wrapper of the last of the nodes answers; one node alone tags without its name."""
    nodes = nodes or ("a",)
    path = {node: f"r/{node}:2" for node in nodes} | (images or {})
    told = {"model": nodes[-1], "version": "2", "digest": f"sha256:{nodes[-1]}"}
    if len(nodes) > 1:
        told |= {f"{n}.version": "2" for n in nodes} | {f"{n}.digest": f"sha256:{n}" for n in nodes}
    return 200, {
        "data": {"names": [], "ndarray": classes(rows, wrong)},
        "meta": {"requestPath": path, "tags": {**told, **tags}},
    }


def path(
    *nodes: str, share: tuple[str, ...] | None = (), answers: str = "", version: str = "2"
) -> dict[str, Any]:
    """A path as a rollout tells it."""
    told = [
        {"name": n, "image": f"r/{n}:2", "unit": n, "version": version, "digest": f"sha256:{n}"}
        for n in nodes
    ]
    return {"share": share, "answers": answers or nodes[-1], "nodes": told}


def samples(wrong: int = 0, **changed: Any) -> dict[str, Any]:
    return {
        "dataset": DATASET,
        "names": None,
        "rows": ROWS,
        "truth": LABELS,
        "answers": classes(ROWS, wrong),
        "tolerance": 1e-3,
        **changed,
    }


@pytest.fixture
def environ(tmp_path: Path, deployment: Deployment) -> dict[str, str]:
    """Of a deployment of `a` alone; version 2 of all nodes is in the store, all with the same test rows."""
    for node in NODES:
        stored(tmp_path / "store", node, "2", metric=Metric("accuracy", 1.0, "higher"), samples=samples())
    return {
        "URL": deployment.url,
        "PATHS": json.dumps([path("a")]),
        "MODEL_STORE": str(tmp_path / "store"),
        "ACCEPT": "0.75",
        "WAIT": "10",
        "OUTPUTS": str(tmp_path / "out"),
        "MANIFEST": "image: r/a:2\n",
        "LAST_GOOD": str(tmp_path / "deployments" / "a.yaml"),
    }


def again(
    environ: dict[str, str], unit: str, told: dict[str, Any] | None, metric: Metric | None = None
) -> None:
    """Another version in the place of that of `unit`."""
    store = Path(environ["MODEL_STORE"])
    for file in (store / unit / "2").iterdir():
        file.unlink()
    (store / unit / "2").rmdir()
    stored(store, unit, "2", metric=metric or Metric("accuracy", 1.0, "higher"), samples=told)


def paths(environ: dict[str, str], *given: dict[str, Any]) -> None:
    environ["PATHS"] = json.dumps(given)


def arms(first: str, *, nodes: str = "ab") -> tuple[dict[str, Any], dict[str, Any]]:
    return path(nodes[0], share=(first,)), path(nodes[1], share=(f"1-{first}",))


def report(environ: dict[str, str]) -> Any:
    return json.loads(Path(environ["OUTPUTS"], "report").read_text())


def by_name(environ: dict[str, str]) -> dict[str, Any]:
    return {way["path"]: way for way in report(environ)["paths"]}


def failing(environ: dict[str, str]) -> str:
    with pytest.raises(SystemExit) as error:
        verify.main(environ)
    assert not Path(environ["LAST_GOOD"]).exists()
    return str(error.value)


def test_one_model(
    deployment: Deployment, environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Ten single rows first, then all samples in batches; the metric is that of the served answers."""
    again(environ, "a", samples(wrong=2), Metric("accuracy", 0.8, "higher"))
    deployment.answers = lambda rows, n: answer(rows, wrong=2)
    verify.main(environ)
    assert [len(data["ndarray"]) for data in deployment.asked] == [1] * 10 + [100, 100, 50]
    assert all("names" not in data for data in deployment.asked)
    assert report(environ) == {
        "url": deployment.url,
        "requests": 3,
        "wrong": 0,
        "unanswered": 0,
        "paths": [
            {
                "path": "a",
                "nodes": path("a")["nodes"],
                "share": 1,
                "dataset": DATASET,
                "model": "a",
                "version": "2",
                "metric": {"name": "accuracy", "value": 0.8, "better": "higher"},
                "rows": 250,
                "requests": 3,
            }
        ],
    }
    out = capsys.readouterr().out
    assert "10 answers in a row come from r/a:2" in out
    assert f"sending 250 test rows of {DATASET}\n" in out
    assert f"a: accuracy 0.8000 on 250 test rows of {DATASET}, 3 requests, a 2" in out
    assert Path(environ["LAST_GOOD"]).read_text() == environ["MANIFEST"]


def test_both_arms_are_asked_every_row(deployment: Deployment, environ: dict[str, str]) -> None:
    """Whichever arm the router takes, batches are sent until both have answered all of them."""
    again(environ, "b", samples(wrong=2), Metric("accuracy", 0.8, "higher"))
    paths(environ, *arms("0.7"))
    deployment.answers = lambda rows, n: answer(rows, "ab"[n % 10 > 6], wrong=2 if n % 10 > 6 else 0)
    verify.main(environ)
    found = by_name(environ)
    assert {name: way["rows"] for name, way in found.items()} == {"a": 250, "b": 250}
    assert (found["a"]["metric"]["value"], found["b"]["metric"]["value"]) == (1.0, 0.8)
    assert found["b"]["share"] == pytest.approx(0.3)


def test_a_third_arm_is_seen(deployment: Deployment, environ: dict[str, str]) -> None:
    """Three arms are three lines of the report; one of them that answers otherwise fails the run by name."""
    three = [
        path("a", share=("0.5",)),
        path("b", share=("1-0.5", "0.5")),
        path("c", share=("1-0.5", "1-0.5")),
    ]
    paths(environ, *three)
    deployment.answers = lambda rows, n: answer(rows, "abc"[n % 3], wrong=n % 3 == 2)
    assert failing(environ).startswith("c answers 25 of 250 rows otherwise than its version did")
    assert {name: way["rows"] for name, way in by_name(environ).items()} == {"a": 250, "b": 250, "c": 250}


def test_a_third_arm_that_never_answers_fails(deployment: Deployment, environ: dict[str, str]) -> None:
    """An arm that the graph has and that nobody hears of is not forgotten."""
    paths(
        environ,
        path("a", share=("0.4",)),
        path("b", share=("1-0.4", "0.5")),
        path("c", share=("1-0.4", "1-0.5")),
    )
    deployment.answers = lambda rows, n: answer(rows, "ab"[n % 2])
    assert failing(environ) == "c answered none of 74 requests."


def test_a_chain_is_seen_as_a_whole(
    deployment: Deployment, environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """All nodes of a path are the expected ones, and it is judged by the version of the one that answers."""
    paths(environ, path("t", "a"))
    deployment.answers = lambda rows, n: answer(rows, "t", "a")
    verify.main(environ)
    out = capsys.readouterr().out
    assert "10 answers in a row come from r/t:2 > r/a:2" in out
    assert f"t > a: accuracy 1.0000 on 250 test rows of {DATASET}, 3 requests, a 2" in out


OLD_NODE: dict[str, tuple[Callable[[list[Any]], Reply], str]] = {
    "the second node's image": (
        lambda rows: answer(rows, "t", "a", images={"a": "r/a:1"}),
        "a is still r/a:1, not r/a:2",
    ),
    "the first node's image": (
        lambda rows: answer(rows, "t", "a", images={"t": "r/t:1"}),
        "t is still r/t:1, not r/t:2",
    ),
    "the first node's version": (
        lambda rows: answer(rows, "t", "a", **{"t.version": "1"}),
        "t still serves version 1, not 2",
    ),
    "the first node's weights": (
        lambda rows: answer(rows, "t", "a", **{"t.digest": "sha256:x"}),
        "t still serves the weights sha256:x, not sha256:t",
    ),
    "a node that is missing": (lambda rows: answer(rows, "a"), "answered by a; expected t > a"),
    "a node too many": (lambda rows: answer(rows, "t", "b", "a"), "answered by t > b > a; expected t > a"),
}


@pytest.mark.parametrize("case", OLD_NODE)
def test_an_old_node_of_a_chain_fails_it(deployment: Deployment, environ: dict[str, str], case: str) -> None:
    """One node that was not updated is found, wherever it is in the chain."""
    environ["WAIT"] = "0.3"
    paths(environ, path("t", "a"))
    old, words = OLD_NODE[case]
    deployment.answers = lambda rows, n: old(rows)
    assert failing(environ).endswith(f"Last: {words}")


def test_where_a_router_decides_a_path_may_be_silent(
    deployment: Deployment, environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A bandit may send everything to its best arm: that is said, and no fault."""
    environ["WAIT"] = "1"
    paths(environ, path("a", share=None), path("b", share=None))
    deployment.answers = lambda rows, n: answer(rows, "a")
    verify.main(environ)
    assert "b: no answer in 52 requests; a router decides" in capsys.readouterr().out


def test_versions_with_other_test_rows_answer_their_own(
    deployment: Deployment, environ: dict[str, str]
) -> None:
    """Two arms that were tested on different rows are each asked theirs, and judged by them."""
    rows = [[9.0, 1.0]] * 30
    again(
        environ,
        "b",
        samples(rows=rows, truth=[9] * 30, answers=classes(rows), dataset="nines", names=["x", "y"]),
    )
    paths(environ, *arms("0.5"))
    deployment.answers = lambda rows, n: answer(rows, "ab"[n % 2])
    verify.main(environ)
    assert {name: way["rows"] for name, way in by_name(environ).items()} == {"a": 250, "b": 30}
    assert {len(data["ndarray"]) for data in deployment.asked if data.get("names") == ["x", "y"]} == {30}


@pytest.mark.parametrize(("ratio", "node"), [("1", "a"), ("0", "b"), ("1.0", "a"), ("0e0", "b")])
def test_an_arm_without_a_share_is_not_waited_for(
    deployment: Deployment, environ: dict[str, str], ratio: str, node: str
) -> None:
    """With all requests for one arm the other one is not part of the verdict."""
    paths(environ, *arms(ratio))
    deployment.answers = lambda rows, n: answer(rows, node)
    verify.main(environ)
    assert list(by_name(environ)) == [node]


def test_an_arm_that_should_be_silent_fails(deployment: Deployment, environ: dict[str, str]) -> None:
    """A ratio that the router does not keep to is found."""
    environ["WAIT"] = "0.7"
    paths(environ, *arms("1"))
    deployment.answers = lambda rows, n: answer(rows, "b")
    assert "Last: answered by b; expected a" in failing(environ)


STALE: dict[str, Callable[[list[Any]], Reply]] = {
    "old image": lambda rows: answer(rows, images={"a": "r/a:1"}),
    "old version behind the same image": lambda rows: answer(rows, version="1"),
    "old weights of the same version": lambda rows: answer(rows, digest="sha256:before"),
    "an unknown node": lambda rows: answer(rows, "x"),
    "not up yet": lambda rows: (503, {"status": "down"}),
    "an error in JSON": lambda rows: (200, {"status": {"code": -1, "reason": "x", "status": "FAILURE"}}),
    "too few rows": lambda rows: answer(rows[1:]),
    "a list": lambda rows: (200, [1, 2]),
    "null": lambda rows: (200, None),
    "no meta": lambda rows: (200, {"data": {"ndarray": [[1.0]] * len(rows)}}),
    "no JSON": lambda rows: (200, b"<html>"),
    "nothing": lambda rows: (200, b""),
}


@pytest.mark.parametrize("case", STALE)
def test_waits_while_the_old_one_answers(deployment: Deployment, environ: dict[str, str], case: str) -> None:
    """An answer of the old pods, or none, starts the count of ten again; nothing is measured before."""
    deployment.answers = lambda rows, number: STALE[case](rows) if number in (0, 5) else answer(rows)
    verify.main(environ)
    asked = [len(data["ndarray"]) for data in deployment.asked]
    assert asked[:17] == [1] * 16 + [100] and report(environ)["wrong"] == 0


@pytest.mark.parametrize("case", STALE)
def test_gives_up_in_time_and_says_why(deployment: Deployment, environ: dict[str, str], case: str) -> None:
    """What never turns right ends the step after WAIT seconds, with the last thing that was wrong."""
    environ["WAIT"] = "0.3"
    deployment.answers = lambda rows, n: STALE[case](rows)
    message = failing(environ)
    assert message.startswith(f"{deployment.url} has not given 10 right answers in a row in 0.3 s. Last: ")
    assert not Path(environ["OUTPUTS"]).exists()


def test_nobody_listens(environ: dict[str, str]) -> None:
    """A refused connection is waited for, and then told."""
    environ.update(URL="http://127.0.0.1:9/", WAIT="0.3")
    assert "refused" in failing(environ)


def test_wrong_answers_in_between_are_counted_and_made_good(
    deployment: Deployment, environ: dict[str, str]
) -> None:
    """A late answer of an old pod while measuring is reported, and the batch is sent again."""
    old = {"a": "r/a:1"}
    deployment.answers = lambda rows, n: answer(rows, images=old) if n in (11, 13) else answer(rows)
    verify.main(environ)
    assert report(environ)["wrong"] == 2 and by_name(environ)["a"]["rows"] == 250


def test_requests_that_an_update_loses_are_counted(
    deployment: Deployment, environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """No answer before the first one is a start; after it, waiting or measuring, it is a request lost."""
    silent = (0, 1, 4, 6, 19)
    deployment.answers = lambda rows, n: (0, None) if n in silent else answer(rows)
    verify.main(environ)
    assert report(environ)["unanswered"] == 3
    assert "3 requests got no answer while pods changed" in capsys.readouterr().out
    assert by_name(environ)["a"]["rows"] == 250


def test_old_answers_are_no_lost_requests(deployment: Deployment, environ: dict[str, str]) -> None:
    """What the old pods still answer, or an error, is waited for and not counted as lost."""
    old = {"a": "r/a:1"}
    deployment.answers = lambda rows, n: (503, {}) if n == 3 else answer(rows, images=old if n < 3 else None)
    verify.main(environ)
    assert report(environ)["unanswered"] == 0


def test_a_bad_metric_fails_and_still_reports(deployment: Deployment, environ: dict[str, str]) -> None:
    """An arm that is worse than accept fails the step by name; the report is there all the same."""
    again(environ, "b", samples(wrong=5), Metric("accuracy", 0.5, "higher"))
    paths(environ, *arms("0.5"))
    deployment.answers = lambda rows, n: answer(rows, "ab"[n % 2], wrong=5 * (n % 2))
    assert failing(environ) == "b serves with accuracy 0.5000; accept is at least 0.75."
    assert len(report(environ)["paths"]) == 2


def test_answers_that_are_not_those_of_the_training_fail(
    deployment: Deployment, environ: dict[str, str]
) -> None:
    """Good enough is not enough: what is served is what was trained, row by row."""
    deployment.answers = lambda rows, n: answer(rows, wrong=1)
    message = failing(environ)
    assert message.startswith(
        "a answers 25 of 250 rows otherwise than its version did when it was trained; row 9: [1.0, 0.0,"
    )


NUMBERS = {"rows": [[float(n)] for n in range(20)], "truth": [float(n) for n in range(20)]}


def numbers(rows: list[Any], add: float) -> Reply:
    answered = answer([])[1]
    answered["data"]["ndarray"] = [row[0] + add for row in rows]
    return 200, answered


def test_a_regression_is_judged_by_its_error(
    deployment: Deployment, environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Answers may be plain numbers, and a lower metric the better one; accept is its upper bound."""
    known = [n + 0.5 for n in NUMBERS["truth"]]
    again(environ, "a", samples(**NUMBERS, answers=known), Metric("rmse", 0.5, "lower"))
    environ["ACCEPT"] = "0.5"
    deployment.answers = lambda rows, n: numbers(rows, 0.5)
    verify.main(environ)
    assert f"a: rmse 0.5000 on 20 test rows of {DATASET}, 1 requests, a 2" in capsys.readouterr().out
    Path(environ["LAST_GOOD"]).unlink()
    environ["ACCEPT"] = "0.4"
    assert failing(environ) == "a serves with rmse 0.5000; accept is at most 0.4."


@pytest.mark.parametrize(
    ("known", "given", "same"),
    [
        (1.0, 1.0009, True),
        (1.0, 1.002, False),
        (1000.0, 1000.9, True),
        (1000.0, 1002.0, False),
        (1, 1.0, True),
        (1.0, True, False),
        (1.0, "1.0", False),
        (1.0, None, False),
        ([0.1, 0.9], [0.1001, 0.9], True),
        ([0.1, 0.9], [0.9, 0.1], False),
        ([0.1, 0.9], [0.1], False),
        ([0.1], 0.1, False),
        ("good", "good", True),
        ("good", "bad", False),
        ([["a", 1.0]], [["a", 1.0004]], True),
    ],
)
def test_answers_are_alike_within_the_tolerance(
    deployment: Deployment, environ: dict[str, str], known: Any, given: Any, same: bool
) -> None:
    """Numbers within a thousandth of their size, text to the letter, whatever they are wrapped in."""
    told = samples(rows=["x"], truth=[0], answers=[known])
    again(environ, "a", told, Metric("nobody_knows", 1.0, "higher"))
    answered = answer([])[1]
    answered["data"]["ndarray"] = [given]
    deployment.answers = lambda rows, n: (200, answered)
    if same:
        verify.main(environ)
    else:
        assert "a answers 1 of 1 rows otherwise" in failing(environ)


def test_a_metric_that_nobody_knows_is_not_computed(
    deployment: Deployment, environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Text goes in and out, and the answers themselves are the proof; the gate has seen the metric."""
    told = samples(rows=["one", "two"], truth=["1", "2"], answers=["eins", "zwei"], names=["text"])
    again(environ, "a", told, Metric("bleu", 0.3, "higher"))
    answered = answer([])[1]

    def answers(rows: list[Any], number: int) -> Reply:
        answered["data"]["ndarray"] = [{"one": "eins", "two": "zwei"}[row] for row in rows]
        return 200, answered

    deployment.answers = answers
    verify.main(environ)
    assert f"a: answers on 2 test rows of {DATASET}, 1 requests" in capsys.readouterr().out
    assert by_name(environ)["a"]["metric"] is None
    assert deployment.asked[-1] == {"names": ["text"], "ndarray": ["one", "two"]}


def test_a_graph_without_test_rows_cannot_be_verified(environ: dict[str, str]) -> None:
    """Nothing to ask is not the same as nothing wrong."""
    again(environ, "a", None)
    assert "No version in this graph has test rows" in failing(environ)


def test_a_version_that_is_not_whole_is_told(environ: dict[str, str]) -> None:
    """The store is looked at before the deployment is asked."""
    Path(environ["MODEL_STORE"], "a/2/samples.json.gz").write_bytes(b"")
    assert "samples.json.gz is cut or not the file" in failing(environ)


def test_an_arm_that_never_answers_fails(deployment: Deployment, environ: dict[str, str]) -> None:
    """With a real share of the requests, an arm that is never chosen is a fault, found within bounds."""
    paths(environ, *arms("0.5"))
    deployment.answers = lambda rows, n: answer(rows, "a")
    assert failing(environ) == "b answered none of 52 requests."


def test_a_rare_arm_may_be_unlucky(deployment: Deployment, environ: dict[str, str]) -> None:
    """An arm with a share so small that it got nothing in time is said so, and does not fail the run."""
    environ["WAIT"] = "0.6"
    paths(environ, *arms("0.9999"))
    deployment.answers = lambda rows, n: answer(rows, "a")
    verify.main(environ)
    found = by_name(environ)
    assert found["a"]["rows"] == 250 and found["b"]["metric"] is None and found["b"]["rows"] == 0


def test_a_deployment_that_dies_in_between_fails(deployment: Deployment, environ: dict[str, str]) -> None:
    """Right answers at first and none later: the step ends by its own clock and names the cause."""
    environ["WAIT"] = "0.8"
    deployment.answers = lambda rows, n: answer(rows) if n < 10 else (503, {"status": "gone"})
    assert "No node answered the test rows." in failing(environ)


def test_runs_as_the_script_that_it_is(
    deployment: Deployment, environ: dict[str, str], tmp_path: Path
) -> None:
    """As one file alone, as in a pod, it works; a proxy that the environment names is left out."""
    deployment.answers = lambda rows, n: answer(rows)
    environment = {**os.environ, **environ, "http_proxy": "http://127.0.0.1:9"}
    script = tmp_path / "script"
    script.write_text(step_source("verify.py"))
    command = [sys.executable, "-I", str(script)]
    subprocess.run(command, env=environment, check=True, timeout=30, cwd=tmp_path)
    assert report(environ)["wrong"] == 0
    paths(environment, {**path("a"), "nodes": [{**path("a")["nodes"][0], "image": "r/a:3"}]})
    failed = subprocess.run(
        command,
        env={**environment, "WAIT": "0.2"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        cwd=tmp_path,
    )
    assert failed.returncode == 1
    assert failed.stderr.splitlines()[-1].endswith("Last: a is still r/a:2, not r/a:3")
