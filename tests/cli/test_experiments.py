"""`compare DEPLOYMENT|RUN` and its --watch: of a real run that records requests while it is watched."""

import contextlib
import json
import os
import pty
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Call

TURNS, SENT, ASKED = 4, 240, 400
RECORD = f"""
import json, pathlib, random, sqlite3, sys, time
path = pathlib.Path("/mnt/store/.observations/toy-ab", sys.argv[1] + ".sqlite")
path.parent.mkdir(parents=True, exist_ok=True)
arms = [dict(arm=a, name="arm-" + a, share=0.5, unit="toy", version=a) for a in "ab"]
about = dict(deployment="toy-ab", run=sys.argv[1], dataset="toy", requests={ASKED}, arms=arms,
             score=dict(name="accuracy", better="higher", kind="proportion"))
chance = random.Random(0)
with sqlite3.connect(path) as file:
    file.execute("CREATE TABLE about (name TEXT, value TEXT)")
    file.executemany("INSERT INTO about VALUES (?, ?)", [(n, json.dumps(v)) for n, v in about.items()])
    file.execute("CREATE TABLE observations (number, arm, status, score, latency)")
for turn in range({TURNS}):
    while not path.with_name(f"turn-{{turn}}").exists():
        time.sleep(0.05)
    with sqlite3.connect(path) as file:
        for number in range({SENT // TURNS}):
            arm = chance.choice("ab")
            row = (turn * {SENT // TURNS} + number, arm, 200, float(chance.random() < 0.9), 0.01)
            file.execute("INSERT INTO observations VALUES (?, ?, ?, ?, ?)", row)
"""  # noqa: S608
WORKFLOW = f"""
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {{name: ab-test-toy}}
spec:
  entrypoint: traffic
  volumes: [{{name: store, persistentVolumeClaim: {{claimName: store}}}}]
  templates:
  - name: traffic
    container:
      image: python:3.11
      command: [python, -c, {json.dumps(RECORD)}]
      args: ["{{{{workflow.name}}}}"]
      volumeMounts: [{{name: store, mountPath: /mnt/store}}]
"""


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "argolane", *arguments]


class Run:
    """Sends fewer requests than it was to send, a part of them whenever it is told to; it has a record."""

    def __init__(self, root: Path) -> None:
        self.folder = root / ".argolane/volumes/store/.observations/toy-ab"
        self.process = subprocess.Popen(
            command("run", "ab-test-toy", "--name", "one"), stdout=subprocess.DEVNULL
        )
        until = time.monotonic() + 60
        while not (root / ".argolane/runs/one/status.json").exists():
            assert self.process.poll() is None and time.monotonic() < until
            time.sleep(0.05)

    def send(self, turn: int) -> int:
        """How many requests it will have sent then."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / f"turn-{turn}").touch()
        return (turn + 1) * SENT // TURNS

    @property
    def sent(self) -> int:
        with contextlib.closing(sqlite3.connect(self.folder / "one.sqlite")) as kept:
            [(count,)] = kept.execute("SELECT count(*) FROM observations")
        return int(count)


@pytest.fixture
def running(root: Path) -> Iterator[Run]:
    (root / "wf/ab-test-toy.yaml").write_text(WORKFLOW)
    run = Run(root)
    yield run
    run.process.send_signal(signal.SIGTERM)
    run.process.wait(timeout=30)


def on_a_terminal(*arguments: str) -> tuple[subprocess.Popen[bytes], int]:
    """The process, and the other end of its terminal."""
    ours, its = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "160", "LINES": "40"}
    process = subprocess.Popen(command(*arguments), stdin=its, stdout=its, stderr=its, env=environment)
    os.close(its)
    return process, ours


def read(terminal: int, until: str = "", *, wait: float = 40) -> str:
    """All that is written there until it is closed, or until a text is."""
    text, end = b"", time.monotonic() + wait
    while time.monotonic() < end:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # the other end is closed
            break
        text += part
        if until and until in text.decode(errors="replace"):
            break
    return text.decode(errors="replace")


@pytest.mark.heavy
def test_a_test_is_watched_until_its_run_is_over(running: Run) -> None:
    """From before the first request: drawn in place, and over with the run though requests are missing."""
    watching, terminal = on_a_terminal("compare", "ab-test-toy", "--watch")
    text = ""
    for turn in range(TURNS):
        text += read(terminal, f"{running.send(turn)} of 400 requests")
    text += read(terminal)
    os.close(terminal)
    assert (watching.wait(timeout=20), running.process.wait(timeout=20)) == (0, 0)
    counts = [int(count) for count in re.findall(r"run one: (\d+) of 400 requests", text)]
    assert set(counts) >= {60, 120, 180, 240} and counts == sorted(counts)
    assert "\x1b[1A" in text and "P(BEST)" in text  # the cursor goes up, and what was there is overwritten
    assert "takes about 400 requests." in " ".join(text.split())


@pytest.mark.heavy
def test_ctrl_c_ends_the_watching_alone(running: Run) -> None:
    """Without a word, and the run goes on to its end."""
    watching, terminal = on_a_terminal("compare", "ab-test-toy", "--watch")
    running.send(0)
    text = read(terminal, "60 of 400 requests")
    watching.send_signal(signal.SIGINT)
    text += read(terminal)
    os.close(terminal)
    assert watching.wait(timeout=10) == 0
    assert "Abort" not in text and "Traceback" not in text
    for turn in range(TURNS):
        running.send(turn)
    assert (running.process.wait(timeout=60), running.sent) == (0, SENT)


@pytest.mark.heavy
def test_elsewhere_each_change_is_written(running: Run) -> None:
    """Into a file or a pipe: one drawing after another, none twice."""
    watching = subprocess.Popen(command("compare", "one", "--watch"), stdout=subprocess.PIPE, text=True)
    assert watching.stdout
    text = ""
    for turn in range(TURNS):
        head = f"{running.send(turn)} of 400 requests"
        while head not in text:
            text += watching.stdout.readline()
    with watching.stdout as rest:
        text += rest.read()
    assert watching.wait(timeout=20) == 0
    counts = [int(count) for count in re.findall(r"run one: (\d+) of 400", text)]
    assert counts == sorted(set(counts)) and counts[-1] == SENT and "\x1b" not in text


def test_what_is_no_test_is_told(call: Call, root: Path) -> None:
    """A run without observations, a name of nothing, a broken file: one line each, watched or not."""
    (root / "wf/ab-test-toy.yaml").write_text(WORKFLOW)
    call("run", "toy", "--name", "none")
    for watch in ([], ["--watch"]):
        assert "No observations of 'none'" in call("compare", "none", *watch, status=1).stderr
        assert "No run 'toy-ab'" in call("compare", "toy-ab", *watch, status=1).stderr
    broken = root / ".argolane/volumes/store/.observations/toy-ab/one.sqlite"
    broken.parent.mkdir(parents=True)
    broken.write_text("no database, but some text that is long enough to be none")
    for watch in ([], ["--watch"]):
        assert (
            "not the observations of a graph's traffic" in call("compare", "toy-ab", *watch, status=1).stderr
        )
