"""What a bandit has learned, on disk: whole, once, and shared."""

import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from models.bandit.arms import Arm
from models.bandit.state import State, on_network
from tests.models.conftest import ROOT

WRITER = """
import sys
from models.bandit.state import State
state = State(sys.argv[1], ["a", "b"], remembered=10**6)
for number in range(int(sys.argv[2]), 10**6):
    state.pull(lambda arms: 0)
    if state.reward(number % 2, (number % 7) / 7, f"puid-{number}"):
        print(number, flush=True)
"""


def opened(file: Path, *names: str, remembered: int = 1000) -> State:
    return State(str(file), names or ("a", "b"), remembered=remembered)


def rows(file: Path) -> list[tuple[str, str, float]]:
    with sqlite3.connect(file) as database:
        return database.execute("SELECT puid, arm, reward FROM rewards ORDER BY number").fetchall()


def test_what_is_learned_outlives_the_process(tmp_path: Path) -> None:
    """Pulls and rewards of each arm, by its name: also in another order, and beside a new arm."""
    state = opened(tmp_path / "s")
    assert state.pull(lambda arms: 1) == 1
    assert state.reward(1, 0.25, "p1") and state.reward(1, 0.75, "p2")
    state.close()
    again = opened(tmp_path / "s", "c", "b")
    assert again.arms() == [Arm("c"), Arm("b", pulls=1, rewards=2, mean=0.5, squares=0.125)]
    again.close()


def test_a_puid_counts_once(tmp_path: Path) -> None:
    """Also with another reward, for another arm, and after a restart; without a puid each one counts."""
    state = opened(tmp_path / "s")
    assert state.reward(0, 1.0, "p")
    assert not state.reward(0, 1.0, "p")
    state.close()
    state = opened(tmp_path / "s")
    assert not state.reward(1, 0.0, "p")
    assert state.reward(0, 1.0, "") and state.reward(0, 1.0, "")
    assert [arm.rewards for arm in state.arms()] == [3, 0]
    state.close()


def test_old_puids_are_forgotten_and_what_they_taught_is_not(tmp_path: Path) -> None:
    """The file does not grow for ever."""
    state = opened(tmp_path / "s", remembered=10)
    for number in range(50):
        assert state.reward(0, 1.0, f"p{number}")
    assert not state.reward(0, 1.0, "p49")
    assert len(rows(tmp_path / "s")) == 10 and state.arms()[0].rewards == 50
    state.close()


def test_nothing_is_lost_or_doubled_by_kills(tmp_path: Path) -> None:
    """SIGKILL in the middle of the writing, six times: each reward that was acknowledged is there, once.

    Who was killed sends the last one again, for nobody has told it that it was taken.
    """
    file, acknowledged, start = tmp_path / "s", set[int](), 0
    for turn in range(6):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(file), str(start)], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        assert process.stdout and process.stdout.readline()
        time.sleep(0.05 + 0.03 * turn)
        os.kill(process.pid, signal.SIGKILL)
        acknowledged |= {int(line) for line in process.stdout.read().split() if line}
        process.wait()
        process.stdout.close()
        start = max(acknowledged, default=-1)  # this one is sent again, and is known
    kept = rows(file)
    numbers = [int(puid.removeprefix("puid-")) for puid, _, _ in kept]
    assert len(numbers) > 20 and numbers == list(range(len(numbers)))
    assert acknowledged <= set(numbers)
    state = opened(file)
    expected = [Arm("a"), Arm("b")]
    for number in numbers:
        expected[number % 2] = expected[number % 2].rewarded((number % 7) / 7)
    for arm, known in zip(state.arms(), expected, strict=True):
        assert (arm.rewards, arm.mean, arm.squares) == (known.rewards, known.mean, known.squares)
    assert state.arms()[0].pulls >= len(numbers)
    state.close()


def _reward(file: Path, first: int) -> None:
    state = opened(file)
    for number in range(100):
        state.pull(lambda arms: 0)
        state.reward(0, 1.0, f"p{first + number}")


def test_several_processes_share_the_file(tmp_path: Path) -> None:
    """Four at once, half of whose rewards are the same: nothing is lost, and nothing counted twice."""
    opened(tmp_path / "s").close()
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=_reward, args=(tmp_path / "s", first)) for first in (0, 50, 100, 150)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(120)
        assert writer.exitcode == 0
    state = opened(tmp_path / "s")
    assert state.arms()[0] == Arm("a", pulls=400, rewards=250, mean=1.0)
    state.close()


def test_a_later_format_is_refused(tmp_path: Path) -> None:
    """A file of another program is not written to."""
    with sqlite3.connect(tmp_path / "s") as database:
        database.execute("PRAGMA user_version = 9")
    with pytest.raises(ValueError, match="is of format 9; expected 1"):
        opened(tmp_path / "s")


@pytest.mark.parametrize(
    ("kind", "network"), [("ext4", False), ("nfs4", True), ("fuse.glusterfs", True), ("overlay", False)]
)
def test_a_network_file_system_is_known_by_its_mount(tmp_path: Path, kind: str, network: bool) -> None:
    """There SQLite's WAL would break silently; the longest path that fits is the mount."""
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "1 0 0:1 / / rw - nfs root rw\n"
        f"2 1 0:2 / {tmp_path}/a\\040claim rw shared:1 - {kind} source rw\n"
        f"3 1 0:3 / {tmp_path}/a rw - nfs other rw\n"
    )
    assert on_network(str(tmp_path / "a claim" / "x" / "s"), mounts=mounts) is network
    assert not on_network("/s", mounts=tmp_path / "none")
