"""The URL of a deployment in, the accuracy of each of its models out: against a real HTTP server."""

import gzip
import itertools
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from workflows.parts.steps import verify

Reply = tuple[int, Any]
LABELS = [n % 10 for n in range(250)]
ROWS = [[float(label), 1.0] for label in LABELS]  # a row tells its label, so a server can be right or wrong


class Deployment:
    """A deployment whose next answer is what `answers(rows, number of the request)` says."""

    def __init__(self) -> None:
        self.answers: Callable[[list[Any], int], Reply] = lambda rows, number: (500, {})
        self.number = itertools.count()
        deployment = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                rows = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["data"]["ndarray"]
                status, body = deployment.answers(rows, next(deployment.number))
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/api/v1.0/predictions"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "PAUSE", 0.01)


@pytest.fixture
def deployment() -> Iterator[Deployment]:
    made = Deployment()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


def answer(
    rows: list[Any], node: str = "a", *, image: str | None = None, wrong: int = 0, **tags: str
) -> Reply:
    """What a wrapper answers: right, but for the last `wrong` classes."""
    guesses = [(int(row[0]) + (row[0] >= 10 - wrong)) % 10 for row in rows]
    probabilities = [[float(n == guess) for n in range(10)] for guess in guesses]
    meta = {
        "requestPath": {node: image or f"r/{node}:2"},
        "tags": {"model": node, "version": "2", "digest": f"sha256:{node}", **tags},
    }
    return 200, {"data": {"names": [], "ndarray": probabilities}, "meta": meta}


@pytest.fixture
def environ(tmp_path: Path, deployment: Deployment) -> dict[str, str]:
    samples = {"names": [], "dataset": "digits (10/250)", "rows": ROWS, "labels": LABELS}
    path = tmp_path / "samples.json.gz"
    path.write_bytes(gzip.compress(json.dumps(samples).encode()))
    return {
        "URL": deployment.url,
        "EXPECT": "a=r/a:2=sha256:a",
        "VERSION": "2",
        "RATIO": "",
        "SAMPLES": str(path),
        "MIN_ACCURACY": "0.75",
        "WAIT": "10",
        "OUTPUTS": str(tmp_path / "out"),
        "MANIFEST": "image: r/a:2\n",
        "LAST_GOOD": str(tmp_path / "deployments" / "a.yaml"),
    }


def report(environ: dict[str, str]) -> Any:
    return json.loads(Path(environ["OUTPUTS"], "report").read_text())


def failing(environ: dict[str, str]) -> str:
    with pytest.raises(SystemExit) as error:
        verify.main(environ)
    return str(error.value)


def test_one_model(
    deployment: Deployment, environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Ten single rows first, then all samples in batches; accuracy is that of the rows."""
    sizes = []

    def answers(rows: list[Any], number: int) -> Reply:
        sizes.append(len(rows))
        return answer(rows, wrong=2)

    deployment.answers = answers
    verify.main(environ)
    assert sizes == [1] * 10 + [100, 100, 50]
    assert report(environ) == {
        "url": deployment.url,
        "dataset": "digits (10/250)",
        "requests": 3,
        "wrong": 0,
        "arms": [
            {
                "node": "a",
                "image": "r/a:2",
                "model": "a",
                "version": "2",
                "accuracy": 0.8,
                "rows": 250,
                "requests": 3,
            }
        ],
    }
    out = capsys.readouterr().out
    assert "10 answers in a row come from r/a:2" in out
    assert "a: accuracy 0.8000 on 250 test rows of digits (10/250), 3 requests, a 2" in out
    assert Path(environ["LAST_GOOD"]).read_text() == environ["MANIFEST"]


def test_both_arms_are_asked_every_row(deployment: Deployment, environ: dict[str, str]) -> None:
    """Whichever arm the router takes, batches are sent until both have answered all of them."""
    environ.update(EXPECT="a=r/a:2=sha256:a b=r/b:2=sha256:b", RATIO="0.7")
    deployment.answers = lambda rows, n: answer(rows, "ab"[n % 10 > 6], wrong=2 if n % 10 > 6 else 0)
    verify.main(environ)
    arms = {arm["node"]: arm for arm in report(environ)["arms"]}
    assert {node: arm["rows"] for node, arm in arms.items()} == {"a": 250, "b": 250}
    assert (arms["a"]["accuracy"], arms["b"]["accuracy"]) == (1.0, 0.8)


@pytest.mark.parametrize(("ratio", "node"), [("1", "a"), ("0", "b"), ("1.0", "a"), ("0e0", "b")])
def test_an_arm_without_a_share_is_not_waited_for(
    deployment: Deployment, environ: dict[str, str], ratio: str, node: str
) -> None:
    """With all requests for one arm the other one is not part of the verdict."""
    environ.update(EXPECT="a=r/a:2=sha256:a b=r/b:2=sha256:b", RATIO=ratio)
    deployment.answers = lambda rows, n: answer(rows, node)
    verify.main(environ)
    assert [arm["node"] for arm in report(environ)["arms"]] == [node]


def test_an_arm_that_should_be_silent_fails(deployment: Deployment, environ: dict[str, str]) -> None:
    """A ratio that the router does not keep to is found."""
    environ.update(EXPECT="a=r/a:2=sha256:a b=r/b:2=sha256:b", RATIO="1", WAIT="0.7")
    deployment.answers = lambda rows, n: answer(rows, "b")
    assert "Last: answered by b; expected a" in failing(environ)


STALE: dict[str, Callable[[list[Any]], Reply]] = {
    "old image": lambda rows: answer(rows, image="r/a:1"),
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
    asked = []

    def answers(rows: list[Any], number: int) -> Reply:
        asked.append(len(rows))
        return STALE[case](rows) if number in (0, 5) else answer(rows)

    deployment.answers = answers
    verify.main(environ)
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
    deployment.answers = lambda rows, n: answer(rows, image="r/a:1") if n in (11, 13) else answer(rows)
    verify.main(environ)
    assert report(environ)["wrong"] == 2 and report(environ)["arms"][0]["rows"] == 250


def test_bad_accuracy_fails_and_still_reports(deployment: Deployment, environ: dict[str, str]) -> None:
    """An arm below min-accuracy fails the step by name; the report is there all the same."""
    environ.update(EXPECT="a=r/a:2=sha256:a b=r/b:2=sha256:b", RATIO="0.5")
    deployment.answers = lambda rows, n: answer(rows, "ab"[n % 2], wrong=5 * (n % 2))
    assert failing(environ) == "b serves with accuracy 0.5000; min-accuracy is 0.75."
    assert len(report(environ)["arms"]) == 2
    assert not Path(environ["LAST_GOOD"]).exists()


def test_an_arm_that_never_answers_fails(deployment: Deployment, environ: dict[str, str]) -> None:
    """With a real share of the requests, an arm that is never chosen is a fault, found within bounds."""
    environ.update(EXPECT="a=r/a:2=sha256:a b=r/b:2=sha256:b", RATIO="0.5")
    deployment.answers = lambda rows, n: answer(rows, "a")
    assert failing(environ) == "b answered none of 44 requests."


def test_a_rare_arm_may_be_unlucky(deployment: Deployment, environ: dict[str, str]) -> None:
    """An arm with a share so small that it got nothing in time is said so, and does not fail the run."""
    environ.update(EXPECT="a=r/a:2=sha256:a b=r/b:2=sha256:b", RATIO="0.9999", WAIT="0.6")
    deployment.answers = lambda rows, n: answer(rows, "a")
    verify.main(environ)
    arms = {arm["node"]: arm for arm in report(environ)["arms"]}
    assert arms["a"]["rows"] == 250 and arms["b"]["accuracy"] is None and arms["b"]["rows"] == 0


def test_a_deployment_that_dies_in_between_fails(deployment: Deployment, environ: dict[str, str]) -> None:
    """Right answers at first and none later: the step ends by its own clock and names the cause."""
    environ["WAIT"] = "0.8"
    deployment.answers = lambda rows, n: answer(rows) if n < 10 else (503, {"status": "gone"})
    assert "No node answered the test rows." in failing(environ)


def test_runs_as_the_script_that_it_is(deployment: Deployment, environ: dict[str, str]) -> None:
    """As a process of its own, as in a pod, it works; a proxy that the environment names is left out."""
    deployment.answers = lambda rows, n: answer(rows)
    environment = {**os.environ, **environ, "http_proxy": "http://127.0.0.1:9"}
    subprocess.run([sys.executable, "-I", str(verify.__file__)], env=environment, check=True, timeout=30)
    assert report(environ)["wrong"] == 0
    failed = subprocess.run(
        [sys.executable, "-I", str(verify.__file__)],
        env={**environment, "VERSION": "3", "WAIT": "0.2"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert failed.returncode == 1
    assert failed.stderr.splitlines()[-1].endswith("Last: a still serves version 2, not 3")
