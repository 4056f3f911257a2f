"""`argolane load` as a process: a deployment, its request, figures as JSON, Ctrl-C, thresholds."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from argolane.project import find
from argolane.serving.deployments import Deployments
from tests.batch_model import manifest
from tests.cli.conftest import Call


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project with the deployment `m`, and the rows that it is asked."""
    root = tmp_path_factory.mktemp("load")
    (root / "argolane.toml").write_text("")
    (root / ".argolane/volumes/box").mkdir(parents=True)
    (root / "rows.csv").write_text("a,b\n1,2\n3,4\n")
    (root / "bad.csv").write_text("a,b\n1,2\n-1,4\n")
    deployments = Deployments(find(root))
    deployments.apply(manifest())
    try:
        deployments.wait("m", timeout=60)
        yield root
    finally:
        deployments.delete("m")


def command(root: Path, *words: str) -> "subprocess.Popen[str]":
    argv = [sys.executable, "-m", "argolane", "load", "m", "--request", "rows.csv", "--warm-up", "0", *words]
    return subprocess.Popen(argv, cwd=root, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_figures_and_a_picture(place: Path) -> None:
    """Of a deployment by its name; the table is for people, JSON for whoever goes on with it."""
    process = command(place, "--rate", "40", "--duration", "1", "-o", "json", "--picture", "p.svg")
    out, told = process.communicate(timeout=60)
    assert process.returncode == 0, told
    found = json.loads(out)
    assert (found["loop"], found["requests"], found["answered"]) == ("open", 40, 40)
    assert found["latency_ms"]["p50"] > 0 and found["latency_ms"]["p99"] is None
    assert len(found["timeline"]) == 1 and found["client"]["cpu_share"] > 0
    assert (place / "p.svg").read_text().startswith("<svg ")
    asked = [json.loads(line) for line in (place / ".argolane/volumes/box/asked").read_text().splitlines()]
    assert [one["ndarray"] for one in asked[-40:]].count([[3, 4]]) == 20


def test_ctrl_c_prints_what_was_measured(place: Path) -> None:
    """And the exit status is that of a command that was ended."""
    process = command(place, "--clients", "2", "--duration", "60")
    time.sleep(4)
    process.send_signal(signal.SIGINT)
    out, told = process.communicate(timeout=30)
    assert process.returncode == 130, told
    assert "Ended by Ctrl-C after " in out and "2 clients (closed loop)" in out


def test_thresholds_are_an_exit_status(place: Path) -> None:
    """The figures are printed all the same."""
    words = ("--clients", "1", "--duration", "0.5", "--max-errors", "0.1", "--request", "bad.csv")
    process = command(place, *words)
    out, told = process.communicate(timeout=60)
    assert process.returncode == 1 and "HTTP 400" in out and "latency in ms" in out
    assert told.startswith("Error: ") and told.endswith("of the requests failed; allowed are 10.00%.\n")


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["x", "--clients", "1"], 1, "No deployment 'x'. There are none."),
        (["x"], 2, "expected one of --rate R (open loop) and --clients N"),
        (["x", "--clients", "1", "--rate", "1"], 2, "expected one of"),
        (["x", "--clients", "1", "--connections", "1"], 2, "--connections is for --rate"),
        (["x", "--clients", "0"], 2, "--clients or --connections is 0; expected 1 to 10,000."),
        (["x", "--rate", "nan"], 2, "--rate is nan; expected 0.01 to 100,000"),
        (["http://127.0.0.1:9/", "--clients", "1"], 2, "add --request FILE"),
        (["http://127.0.0.1:9/", "--clients", "1", "--request", "r.json"], 1, "nothing answers there"),
        (["http://192.0.2.1/", "--clients", "1", "--request", "r.json"], 2, "say --allow-remote"),
        (["https://127.0.0.1/", "--clients", "1"], 2, "TLS is not measured"),
        (["x", "--clients", "1", "--picture", "p.png"], 2, "expected a name that ends in .svg"),
        (["x", "--clients", "1", "--picture", "no/p.svg"], 2, "there is no folder no"),
        (["x", "--clients", "1", "--timeout", "soon"], 2, "'soon' is no duration; expected 30s"),
    ],
)
def test_what_cannot_be_asked(root: Path, call: Call, words: list[str], status: int, told: str) -> None:
    """One line that says what may be, before anything is sent."""
    (root / "r.json").write_text('{"strData": "x"}')
    assert told in call("load", "--duration", "1", *words, status=status).output
