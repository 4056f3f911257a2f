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

SENT, ASKED = 240, 400
RECORD = f"""
import json, pathlib, random, sqlite3, sys, time
time.sleep(1)
path = pathlib.Path("/mnt/store/.observations/toy-ab", sys.argv[1] + ".sqlite")
path.parent.mkdir(parents=True)
arms = [dict(arm=a, name="arm-" + a, share=0.5, unit="toy", version=a) for a in "ab"]
about = dict(deployment="toy-ab", run=sys.argv[1], dataset="toy", requests={ASKED}, arms=arms,
             score=dict(name="accuracy", better="higher", kind="proportion"))
chance = random.Random(0)
with sqlite3.connect(path) as file:
    file.execute("CREATE TABLE about (name TEXT, value TEXT)")
    file.executemany("INSERT INTO about VALUES (?, ?)", [(n, json.dumps(v)) for n, v in about.items()])
    file.execute("CREATE TABLE observations (number, arm, status, score, latency)")
for turn in range(8):
    with sqlite3.connect(path) as file:
        for number in range({SENT // 8}):
            arm = chance.choice("ab")
            row = (turn * {SENT // 8} + number, arm, 200, float(chance.random() < 0.9), 0.01)
            file.execute("INSERT INTO observations VALUES (?, ?, ?, ?, ?)", row)
    time.sleep(float(sys.argv[2]))
"""
WORKFLOW = f"""
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {{name: ab-test-toy}}
spec:
  entrypoint: traffic
  arguments: {{parameters: [{{name: pause, value: "0.5"}}]}}
  volumes: [{{name: store, persistentVolumeClaim: {{claimName: store}}}}]
  templates:
  - name: traffic
    container:
      image: python:3.11
      command: [python, -c, {json.dumps(RECORD)}]
      args: ["{{{{workflow.name}}}}", "{{{{workflow.parameters.pause}}}}"]
      volumeMounts: [{{name: store, mountPath: /mnt/store}}]
"""


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "argolane", *arguments]


@pytest.fixture
def running(root: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A run that sends fewer requests than it was to send; it has a record."""
    (root / "wf/ab-test-toy.yaml").write_text(WORKFLOW)
    run = subprocess.Popen(command("run", "ab-test-toy", "--name", "one"), stdout=subprocess.DEVNULL)
    until = time.monotonic() + 30
    while not (root / ".argolane/runs/one/status.json").exists():
        assert run.poll() is None and time.monotonic() < until
        time.sleep(0.05)
    yield run
    run.send_signal(signal.SIGTERM)
    run.wait(timeout=30)


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
def test_a_test_is_watched_until_its_run_is_over(running: subprocess.Popen[bytes]) -> None:
    """From before the first request: drawn in place, and over with the run though requests are missing."""
    watching, terminal = on_a_terminal("compare", "ab-test-toy", "--watch")
    text = read(terminal)
    os.close(terminal)
    assert (watching.wait(timeout=20), running.wait(timeout=20)) == (0, 0)
    counts = [int(count) for count in re.findall(r"run one: (\d+) of 400 requests", text)]
    assert counts == sorted(counts) and len(set(counts)) > 2 and counts[-1] == SENT
    assert "\x1b[1A" in text and "P(BEST)" in text  # the cursor goes up, and what was there is overwritten
    assert text.count("takes about 400 requests.") == text.count("P(BEST)")


@pytest.mark.heavy
def test_ctrl_c_ends_the_watching_alone(running: subprocess.Popen[bytes], root: Path) -> None:
    """Without a word, and the run goes on to its end."""
    watching, terminal = on_a_terminal("compare", "ab-test-toy", "--watch")
    text = read(terminal, "of 400 requests")
    watching.send_signal(signal.SIGINT)
    text += read(terminal)
    os.close(terminal)
    assert watching.wait(timeout=10) == 0
    assert "Abort" not in text and "Traceback" not in text
    assert running.wait(timeout=30) == 0
    file = next(root.glob(".argolane/volumes/store/.observations/toy-ab/one.sqlite"))
    with contextlib.closing(sqlite3.connect(file)) as kept:
        assert kept.execute("SELECT count(*) FROM observations").fetchone() == (SENT,)


@pytest.mark.heavy
def test_elsewhere_each_change_is_written(running: subprocess.Popen[bytes]) -> None:
    """Into a file or a pipe: one drawing after another, none twice."""
    done = subprocess.run(command("compare", "one", "--watch"), capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    counts = [int(count) for count in re.findall(r"run one: (\d+) of 400", done.stdout)]
    assert counts == sorted(set(counts)) and counts[-1] == SENT and "\x1b" not in done.stdout


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
