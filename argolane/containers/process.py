"""A container's channel in, a running container to wait for and to end out."""

import contextlib
import json
import select
import shutil
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from argolane.containers import spawner
from argolane.containers.inside.spawner import KILL, TERMINATE
from argolane.errors import ArgolaneError

_KILLED = 137
_PATIENCE = 60.0


class _UnheardError(Exception):
    """The spawner ended before it took the request."""


Reason = Literal["Error", "OOMKilled", "StartError", "NoProgram"]


@dataclass(frozen=True)
class Ended:
    """An exit code, and the kubelet's word for the reason where it is not 0.

    `OOMKilled`: the kernel killed a process of it that wanted more than its limit. `StartError`: it never
    ran, and `message` says why. `NoProgram`: its image has not what it was to run.
    """

    code: int
    reason: Reason = "Error"
    message: str = ""


@dataclass(frozen=True)
class Elsewhere:
    """Who knows more of a container than its own processes.

    `over` is asked once when they have ended, with their exit code and whether they were told to end.
    `terminate` passes SIGTERM on in their place; False where that cannot be done.
    """

    over: Callable[[int, bool], Ended]
    terminate: Callable[[], bool] | None = None


class Process:
    """A container that was started; `pid` is main's, or that of pid 1 of its namespace. Threads may share it.

    The container lives no longer than this object: drop it, and the container is killed.
    """

    def __init__(
        self, name: str, channel: socket.socket, *, fresh_tmp: str, elsewhere: "Elsewhere | None" = None
    ) -> None:
        self.name = name
        self.ended: Ended | None = None
        self._elsewhere = elsewhere
        self._ordered = False
        self._fresh_tmp = fresh_tmp
        self._channel = channel
        self._unread = b""
        self._code: int | None = None
        self._lock = threading.Lock()
        self._waiting = 0
        channel.settimeout(_PATIENCE)
        heard: dict[str, Any] = {}
        while not heard.keys() >= {"pid", "ready"}:
            try:
                self._receive()
            except TimeoutError:
                raise ArgolaneError(
                    f"Container {name!r} cannot start: its set-up takes more than {_PATIENCE:.0f} s; is one "
                    "of its mounts on a network that does not answer?"
                ) from None
            while message := self._message():
                heard |= message
                if "exit" in message and "ready" in heard:
                    self._end(message["exit"])
                elif "error" in message or "exit" in message:
                    if heard.keys() == {"exit"}:
                        raise _UnheardError
                    reason = heard.get("error", "it was killed before it began")
                    raise ArgolaneError(f"Container {name!r} cannot start: {reason}.")
        self.pid: int = heard["pid"]
        channel.setblocking(False)

    def __del__(self) -> None:
        self._channel.close()

    def fileno(self) -> int:
        """Readable once the container has ended, for select over many; -1 after its end was seen."""
        return self._channel.fileno()

    def poll(self) -> int | None:
        """The exit code, 128 + n for signal n; None while it runs."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """The exit code; TimeoutError after `timeout` seconds."""
        code = self._ended(timeout)
        if code is None:
            raise TimeoutError(f"Container {self.name!r} still runs after {timeout} s.")
        return code

    def ask_to_end(self) -> None:
        """SIGTERM to main; does not wait."""
        self._terminate()

    def terminate(self, grace: float) -> int:
        """SIGTERM to main, and after `grace` seconds SIGKILL to everything; returns the exit code."""
        self._terminate()
        code = self._ended(grace)
        if code is None:
            self.kill()
            code = self.wait()
        return code

    def kill(self) -> None:
        """SIGKILL to everything in the container; does not wait."""
        self._order(KILL)

    def _terminate(self) -> None:
        if self._elsewhere is None or self._elsewhere.terminate is None:
            self._order(TERMINATE)
        elif self.poll() is None:
            self._ordered = True
            if not self._elsewhere.terminate():
                self._order(KILL)

    def _order(self, order: bytes) -> None:
        with self._lock:
            if self._code is None:
                self._ordered = True
                with contextlib.suppress(OSError):  # it has ended, and nobody has asked yet
                    self._channel.send(order)

    def _ended(self, timeout: float | None) -> int | None:
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            with self._lock:
                self._look()
                if self._code is not None:
                    if not self._waiting:
                        self._channel.close()
                    return self._code
                left = None if end is None else end - time.monotonic()
                if left is not None and left <= 0:
                    return None
                self._waiting += 1
            try:
                poll = select.poll()
                poll.register(self._channel, select.POLLIN)
                poll.poll(None if left is None else left * 1000)
            finally:
                with self._lock:
                    self._waiting -= 1

    def _look(self) -> None:
        while self._code is None:
            try:
                self._receive()
            except BlockingIOError:
                return
            while message := self._message():
                self._end(message["exit"])

    def _end(self, code: int) -> None:
        self.ended = self._elsewhere.over(code, self._ordered) if self._elsewhere else Ended(code)
        self._code = self.ended.code

    def _receive(self) -> None:
        data = self._channel.recv(4096)
        if not data:
            # No exit code: somebody killed the spawner, and so the container; what it left is ours to remove.
            data = json.dumps({"exit": _KILLED}).encode() + b"\n"
            if self._fresh_tmp:
                shutil.rmtree(self._fresh_tmp, ignore_errors=True)
        self._unread += data

    def _message(self) -> dict[str, Any] | None:
        line, newline, rest = self._unread.partition(b"\n")
        if not newline:
            return None
        self._unread = rest
        message: dict[str, Any] = json.loads(line)
        return message


def launch(
    name: str,
    specification: Mapping[str, object],
    output: int,
    errors: int,
    *,
    elsewhere: Elsewhere | None = None,
) -> Process:
    """Starts what a specification (inside/init.py) says; ArgolaneError if it cannot be set up."""
    spawning = spawner.current()
    try:
        return _launch(spawning, name, specification, output, errors, elsewhere)
    except (_UnheardError, ConnectionError):  # somebody killed the spawner
        pass
    try:
        return _launch(spawner.current(instead_of=spawning), name, specification, output, errors, elsewhere)
    except (_UnheardError, ConnectionError):
        raise ArgolaneError(
            f"Container {name!r} cannot start: the process that starts containers does not take requests; "
            "it may be out of file descriptors (ulimit -n)."
        ) from None


def _launch(
    spawning: spawner.Spawner,
    name: str,
    specification: Mapping[str, object],
    output: int,
    errors: int,
    elsewhere: Elsewhere | None,
) -> Process:
    ours, theirs = socket.socketpair()
    try:
        with theirs:
            spawning.request(json.dumps(specification).encode(), theirs, output, errors)
        return Process(name, ours, fresh_tmp=str(specification["fresh_tmp"]), elsewhere=elsewhere)
    except BaseException:
        ours.close()
        raise
