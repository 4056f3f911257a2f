"""`argolane predict --batch` as a process: Ctrl-C, kill -9, two at once, a terminal, exit codes."""

import csv
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from argolane.project import find
from argolane.serving.deployments import Deployments
from tests.batch_model import manifest

ROWS = 2000
COMMAND = ("predict", "m", "--batch", "in.csv", "--out", "out.csv", "--rows-per-request", "10")
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A project with a deployment that takes 20 ms for a request, and 2000 rows for it."""
    (tmp_path / "argolane.toml").write_text("")
    (tmp_path / ".argolane" / "volumes" / "box").mkdir(parents=True)
    (tmp_path / "in.csv").write_text("a,b\n" + "".join(f"{n},1\n" for n in range(ROWS)))
    deployments = Deployments(find(tmp_path))
    deployments.apply(manifest(SECONDS="0.02"))
    try:
        deployments.wait("m", timeout=60)
        yield tmp_path
    finally:
        deployments.delete("m")


@pytest.fixture
def start(root: Path) -> Iterator[Start]:
    begun: list[subprocess.Popen[str]] = []

    def process(*words: str) -> subprocess.Popen[str]:
        begun.append(
            subprocess.Popen(
                [sys.executable, "-m", "argolane", *(words or COMMAND)],
                cwd=root, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )
        )  # fmt: skip
        return begun[-1]

    yield process
    for each in begun:
        each.kill()
        each.communicate()


def well_begun(root: Path, process: subprocess.Popen[str]) -> None:
    """Some of the requests are answered."""
    journal, deadline = root / ".out.csv.journal", time.monotonic() + 30
    while not (journal.exists() and journal.read_bytes().count(b"\n") > 20):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def column(file: Path) -> list[str]:
    with file.open(newline="") as opened:
        return [row["first"] for row in csv.DictReader(opened)]


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM])
def test_the_same_command_goes_on(root: Path, start: Start, end: signal.Signals) -> None:
    """After Ctrl-C (which says so), and after any death: each row is there once, in its order."""
    first = start()
    well_begun(root, first)
    first.send_signal(end)
    _, told = first.communicate(timeout=20)
    assert first.returncode == (130 if end == signal.SIGINT else -end)
    assert not (root / "out.csv").exists()
    if end == signal.SIGINT:
        assert told.endswith(f"of {ROWS} rows are done. The same command goes on from there.\n")
        assert "Traceback" not in told
    again = start()
    said, told = again.communicate(timeout=60)
    assert (again.returncode, told) == (0, "")
    assert said.startswith(f"out.csv: {ROWS} rows, ")
    assert said.endswith(" of them by an earlier start.\n")
    assert column(root / "out.csv") == [str(n) for n in range(ROWS)]
    assert not (root / ".out.csv.journal").exists()


def test_two_at_once_on_one_output(root: Path, start: Start) -> None:
    """The second is refused and disturbs nothing."""
    first = start()
    well_begun(root, first)
    second = start()
    _, told = second.communicate(timeout=20)
    assert second.returncode == 1
    assert told.startswith("Error: out.csv: another 'argolane predict --batch' is writing it.")
    first.communicate(timeout=60)
    assert first.returncode == 0
    assert column(root / "out.csv") == [str(n) for n in range(ROWS)]


def test_rows_that_fail_are_exit_status_1(root: Path, start: Start) -> None:
    """The output is there, and beside it the file that names them."""
    (root / "in.csv").write_text("a,b\n1,1\n-1,1\n")
    done = start()
    said, told = done.communicate(timeout=20)
    assert (said, done.returncode) == ("out.csv: 2 rows.\n", 1)
    assert told == "Error: 1 of 2 rows failed: out.failed.csv says which and why.\n"
    assert (root / "out.failed.csv").read_text().startswith('row,line,reason\n2,3,"HTTP 400: ')


def test_words_that_do_not_go_together(root: Path, start: Start) -> None:
    """Exit status 2, and a line."""
    for words in (("--batch", "in.csv"), (), ("--batch", "in.csv", "--request", "x", "--out", "y.csv")):
        done = start("predict", "m", *words)
        _, told = done.communicate(timeout=20)
        assert done.returncode == 2
        assert told.startswith("Error: predict: ")
        assert len(told.splitlines()) == 1


def test_a_terminal_shows_a_bar(root: Path) -> None:
    """With how many rows are done."""
    (root / "in.csv").write_text("a,b\n" + "1,1\n" * 300)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "argolane", *COMMAND], cwd=root, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 4096):
            shown += chunk
    except OSError:  # The other side is closed.
        pass
    finally:
        os.close(ours)
        assert process.wait(timeout=20) == 0
    assert b"300/300" in shown
    assert b"out.csv: 300 rows." in shown
