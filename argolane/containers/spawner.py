"""A specification and output descriptors in, a container out: this process's end of the spawner.

The spawner (inside/) is started by the first container of a process and ends with that process; should it be
killed, its containers end and the next container gets another.
"""

import atexit
import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Literal, cast

from argolane.containers.inside.spawner import LENGTH
from argolane.errors import ArgolaneError

Isolation = Literal["root", "user", "none"]
ENVIRONMENT_VARIABLE = "ARGOLANE_ISOLATION"

# -I -S: no site-packages, no user settings, nothing that could start a thread or take its time.
_BOOT = """
import sys
sys.path.insert(0, sys.argv[1])
from argolane.containers.inside.spawner import main
main(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4].split(","))
"""


class Spawner:
    """A running spawner process; `isolation` is what it found possible here."""

    def __init__(self, wanted: tuple[str, ...]) -> None:
        self.owner = os.getpid()
        self._sending = threading.Lock()
        self._control, theirs = socket.socketpair()
        with theirs:
            root = str(Path(__file__).parents[2])
            arguments = [root, str(theirs.fileno()), str(self.owner), ",".join(wanted)]
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _BOOT, *arguments],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                cwd="/",
                env=_environment(),
                start_new_session=True,
            )
        with self._control.makefile("rb") as stream:
            answer = stream.readline()
        if not answer:
            reason = (self._process.communicate()[1] or b"").decode(errors="replace").strip()
            self.close()
            raise ArgolaneError(f"The process that starts containers did not start: {reason}")
        self.isolation = cast(Isolation, json.loads(answer)["isolation"] or "none")
        if self.isolation not in wanted:
            self.close()
            raise ArgolaneError(
                f"{ENVIRONMENT_VARIABLE} is {wanted[0]!r}, which this machine does not allow. "
                "Unset it, and the best kind of isolation there is is taken."
            )

    def request(self, text: bytes, channel: socket.socket, output: int, errors: int) -> None:
        with self._sending:
            if self._control.fileno() == -1:
                raise BrokenPipeError
            socket.send_fds(self._control, [LENGTH.pack(len(text))], [channel.fileno(), output, errors])
            self._control.sendall(text)

    def ends(self) -> bool:
        """Whether it has ended, or does so within seconds: its sockets close a moment before."""
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            return False
        return True

    def close(self) -> None:
        with self._sending:
            self._control.close()
        if self.owner == os.getpid():
            self._process.wait()
            if self._process.stderr:
                self._process.stderr.close()


def _environment() -> dict[str, str]:
    """Little: every container can read it, as that of its pid 1."""
    kept = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PATH", "TMPDIR")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"LC_ALL": "C.UTF-8"}


def _wanted() -> tuple[str, ...]:
    kinds = ("root", "user", "none")
    forced = os.environ.get(ENVIRONMENT_VARIABLE)
    if forced and forced not in kinds:
        raise ArgolaneError(
            f"{ENVIRONMENT_VARIABLE} is {forced!r}; expected one of {', '.join(kinds)}, or unset it."
        )
    return (forced,) if forced else kinds


_spawners: dict[tuple[str, ...], Spawner] = {}
_lock = threading.Lock()


def current(*, instead_of: Spawner | None = None) -> Spawner:
    """This process's spawner, started when there is none; `instead_of` one that does not answer."""
    wanted = _wanted()
    with _lock:
        found = _spawners.get(wanted)
        if found is None or found.owner != os.getpid() or (found is instead_of and found.ends()):
            if found is not None:
                found.close()
            found = _spawners[wanted] = Spawner(wanted)
            atexit.register(found.close)
        return found
