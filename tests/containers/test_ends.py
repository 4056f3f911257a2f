"""Whatever ends, by whatever means: nothing that a container started stays behind."""

import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from own_python import python

from argolane.containers import spawner
from argolane.containers.process import Process
from argolane.containers.sandbox import Container, start

PATH = {"PATH": os.environ["PATH"]}
# A daemon as they are made: forked twice, in a session of its own, no stream of its starter open.
DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 3)
        os.execvp("sleep", ["sleep", sys.argv[1]])
    os._exit(0)
os.wait()
print("up", flush=True)
time.sleep(float(sys.argv[2]))
"""
STARTER = """
import os, sys, time
from argolane.containers.sandbox import start
sys.path.insert(0, sys.argv[1])
from own_python import python
daemon, mark, then = sys.argv[2:]
reader, writer = os.pipe()
process = start(python(daemon, mark, "300", env={"PATH": os.environ["PATH"]}), stdout=writer, stderr=2)
os.close(writer)
if os.read(reader, 3) != b"up\\n":
    sys.exit("the container ended before it was up")
print("up", flush=True)
if then == "fork" and os.fork() == 0:
    os.closerange(0, 3)
    time.sleep(1)
    os._exit(0)
if then != "exit":
    time.sleep(300)
"""


@pytest.fixture
def mark() -> Iterator[str]:
    """A number of seconds to sleep that nobody else on this machine sleeps."""
    text = f"3{uuid.uuid4().int % 10**15}"
    yield text
    assert not _alive(text)


def _alive(mark: str) -> list[int]:
    found = []
    for process in psutil.process_iter():
        try:
            if mark in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def _until(condition: Callable[[], object], *, unless: Callable[[], str] = lambda: "") -> None:
    """Waits for `condition`; what `unless` says ends the wait at once."""
    end = time.monotonic() + 10
    while not condition():
        assert not unless(), unless()
        assert time.monotonic() < end, "waited 10 s in vain"
        time.sleep(0.01)


def _ended(process: Process, output: Path) -> str:
    code = process.poll()
    said = output.read_text()
    return "" if code is None or said == "up\n" else f"it ended with {code} before it was up: {said}"


def _daemon(mark: str, seconds: str, output: Path) -> Process:
    process = start(python(DAEMON, mark, seconds, env=PATH), stdout=output)
    _until(lambda: output.read_text() == "up\n" and _alive(mark), unless=lambda: _ended(process, output))
    return process


def test_a_daemon_left_behind_ends_with_main(isolation: str, mark: str, tmp_path: Path) -> None:
    """When main has ended, wait returns with its code and the daemon is gone already."""
    process = _daemon(mark, "0.2", tmp_path / "out")
    assert process.wait(20) == 0
    assert not _alive(mark)


def test_a_daemon_ends_with_a_killed_container(isolation: str, mark: str, tmp_path: Path) -> None:
    """kill reaches what has left main's process group and session."""
    process = _daemon(mark, "300", tmp_path / "out")
    process.kill()
    assert process.wait(20) == 137
    assert not _alive(mark)


def test_a_dropped_process_is_killed(isolation: str, mark: str, tmp_path: Path) -> None:
    """Nobody can wait for a container whose Process is gone: it ends too."""
    process = _daemon(mark, "300", tmp_path / "out")
    del process
    _until(lambda: not _alive(mark))


@pytest.mark.parametrize("then", ["exit", "kill", "fork"])
def test_everything_ends_with_the_starter(isolation: str, mark: str, then: str, tmp_path: Path) -> None:
    """The starter returns, is killed by SIGKILL, is killed while a fork of it lives: the container ends,
    its fresh /tmp is removed, and the spawner is gone."""
    argv = [sys.executable, "-c", STARTER, str(Path(__file__).parent), DAEMON, mark, then]
    env = os.environ | {"TMPDIR": str(tmp_path)}
    starter = subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, text=True)
    with starter:
        assert starter.stdout
        assert starter.stdout.readline() == "up\n"
        pid = str(starter.pid)
        if then == "exit":
            assert starter.wait(20) == 0
        else:
            assert _alive(mark)
            assert list(tmp_path.iterdir())
            starter.kill()
        _until(lambda: not _alive(mark))
        _until(lambda: not _alive(pid))  # the spawner has its starter's pid among its arguments
        assert not list(tmp_path.iterdir())


def test_containers_end_with_a_killed_spawner_and_the_next_start_gets_another(
    isolation: str, mark: str, tmp_path: Path
) -> None:
    """SIGKILL of the spawner: its containers read as killed, and starting goes on."""
    process = _daemon(mark, "300", tmp_path / "out")
    os.kill(spawner.current()._process.pid, signal.SIGKILL)
    assert process.wait(20) == 137
    _until(lambda: not _alive(mark))
    assert start(Container("c", ("true",), PATH), stdout=tmp_path / "out").wait(20) == 0


def test_a_killed_init_takes_its_container_along(isolation: str, mark: str, tmp_path: Path) -> None:
    """SIGKILL of the container's first process: exit code 137, main and daemon gone, others untouched."""
    other = start(Container("other", ("sleep", "300"), PATH), stdout=tmp_path / "other")
    process = _daemon(mark, "300", tmp_path / "out")
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait(20) == 137
    assert not _alive(mark)
    assert other.poll() is None
    other.kill()
    assert other.wait(20) == 137


def test_ctrl_c_in_the_terminal_does_not_reach_containers(isolation: str, tmp_path: Path) -> None:
    """A container is in a session of its own: the starter decides what its Ctrl-C means for it."""
    process = start(
        Container("c", ("sh", "-c", "ps -o sid= -p $$ || true; sleep 300"), PATH), stdout=tmp_path / "o"
    )
    assert os.getsid(process.pid) != os.getsid(0)
    process.kill()
    assert process.wait(20) == 137


def test_a_container_that_forks_on_and_on_is_ended(isolation: str, mark: str, tmp_path: Path) -> None:
    """Processes that fork while they are killed are all found."""
    loop = f"while :; do sleep {mark} & sleep 0.01; done"
    script = f"for i in 1 2 3 4 5 6 7 8; do ({loop}) & done; wait"
    process = start(Container("c", ("sh", "-c", script), PATH), stdout=tmp_path / "o")
    _until(lambda: len(_alive(mark)) > 20)
    process.kill()
    assert process.wait(20) == 137
    assert not _alive(mark)


def test_a_container_outlives_the_thread_that_started_it(isolation: str, tmp_path: Path) -> None:
    """The kernel's parent-death signal is tied to a thread; a container is tied to the process."""
    started: list[Process] = []
    argv = ("sh", "-c", "sleep 0.3; exit 5")
    container = Container("c", argv, PATH)
    thread = threading.Thread(target=lambda: started.append(start(container, stdout=tmp_path / "o")))
    thread.start()
    thread.join()
    assert started[0].wait(20) == 5


def test_several_threads_may_wait_for_one_container(isolation: str, tmp_path: Path) -> None:
    """Each of them gets the exit code, and the descriptor is closed once."""
    process = start(Container("c", ("sh", "-c", "sleep 0.2; exit 9"), PATH), stdout=tmp_path / "o")
    codes: list[int] = []
    threads = [threading.Thread(target=lambda: codes.append(process.wait(20))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [9] * 8
    assert process.wait() == 9
    assert process.fileno() == -1
