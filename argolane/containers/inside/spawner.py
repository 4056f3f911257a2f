"""Requests in, containers out: a small single-threaded process that forks an init for each container.

A request is a length and a JSON text of it, with three file descriptors: the container's channel, its stdout
and its stderr. On the channel the starter hears {"pid": n}, {"ready": true} or {"error": text}, and at last
{"exit": code}; it says TERMINATE or KILL. A channel that closes, as all do when the starter ends, even by
SIGKILL, means KILL. The spawner ends when its starter has ended and all containers with it.
"""

import contextlib
import gc
import json
import os
import select
import signal
import socket
import struct
import sys
from typing import Any, NamedTuple, NoReturn

from argolane.containers.inside import descendants, init, linux, rootfs
from argolane.containers.inside.init import send

TERMINATE, KILL = b"T", b"K"
LENGTH = struct.Struct("!I")
_NAMESPACES = {"root": 0, "user": linux.CLONE_NEWUSER}


class _Container(NamedTuple):
    channel: socket.socket
    isolation: str
    fresh_tmp: str


class _Spawner:
    def __init__(self, control: socket.socket, starter: int | None) -> None:
        self.control = control
        self.starter = starter
        self.running: dict[int, _Container] = {}
        # Every init holds the reading end, and only this process the writing one: it closes with us.
        self.lifeline, self.keep_alive = os.pipe()
        self.wakeup, writer = os.pipe()
        os.set_blocking(self.wakeup, False)
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.poll = select.poll()
        for descriptor in (control.fileno(), self.wakeup, *([] if starter is None else [starter])):
            self.poll.register(descriptor, select.POLLIN)

    def serve(self) -> NoReturn:
        ending = False
        while not (ending and not self.running):
            for descriptor, _ in self.poll.poll():
                if descriptor == self.wakeup:
                    os.read(self.wakeup, 4096)
                elif descriptor == self.control.fileno():
                    ending = not self._request() or ending
                elif descriptor == self.starter:
                    ending = True
                    self.poll.unregister(descriptor)
                else:
                    self._order(descriptor)
            if ending:
                for pid, container in self.running.items():
                    os.kill(pid, init.KILL[container.isolation])
            self._bury()
        os._exit(0)

    def _request(self) -> bool:
        head, descriptors, _, _ = socket.recv_fds(self.control, LENGTH.size, 3)
        if not head:
            self.poll.unregister(self.control)
            return False
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)
        text = b""
        # Not MSG_WAITALL: a child's end interrupts it in the middle, and it returns what it has.
        while missing := LENGTH.unpack(head)[0] - len(text):
            text += self.control.recv(missing)
        if len(descriptors) < 3:  # no more descriptors: the starter hears nothing of this container
            for descriptor in descriptors:
                os.close(descriptor)
            return True
        channel, output, errors = socket.socket(fileno=descriptors[0]), descriptors[1], descriptors[2]
        try:
            self._fork(json.loads(text), channel, output, errors)
        except OSError as error:  # no more processes: this container fails, the next may not
            send(channel, {"error": f"fork: {error.strerror}"})
            channel.close()
        os.close(output)
        os.close(errors)
        return True

    def _fork(self, container: dict[str, Any], channel: socket.socket, output: int, errors: int) -> None:
        isolation = container["isolation"]
        container["user"] = os.getuid(), os.getgid()
        if container.get("address"):
            # Here, once for all that come: in a container this file may be hidden.
            from argolane.containers.inside import pod_address  # noqa: F401
        pid = fork(isolation)
        if pid == 0:
            try:
                init.run(container, channel, output, errors, self.lifeline)
            finally:  # or there would be two of this process
                os._exit(init.CANNOT_RUN)
        send(channel, {"pid": pid})
        self.running[pid] = _Container(channel, isolation, container["fresh_tmp"])
        self.poll.register(channel, select.POLLIN)

    def _order(self, descriptor: int) -> None:
        for pid, container in self.running.items():
            if container.channel.fileno() == descriptor:
                try:
                    order = container.channel.recv(1)
                except OSError:
                    order = b""
                if not order:
                    self._ignore(descriptor)
                os.kill(pid, signal.SIGTERM if order == TERMINATE else init.KILL[container.isolation])

    def _bury(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            container = self.running.pop(pid, None)
            if container is None:
                continue
            if container.isolation == "none" and os.WIFSIGNALED(status):
                # Somebody killed the init itself; what it watched over has become ours.
                descendants.kill(os.getpid(), spare=self.running)
            if container.fresh_tmp:
                import shutil  # rarely needed, and what is loaded is copied by every fork

                shutil.rmtree(container.fresh_tmp, ignore_errors=True)
            send(container.channel, {"exit": init.code_of(status)})
            self._ignore(container.channel.fileno())
            container.channel.close()

    def _ignore(self, descriptor: int) -> None:
        with contextlib.suppress(KeyError):  # already ignored, as its other end is closed
            self.poll.unregister(descriptor)


def fork(isolation: str) -> int:
    if isolation == "none":
        return os.fork()
    return linux.fork_into_namespaces(_NAMESPACES[isolation] | linux.CLONE_NEWNS | linux.CLONE_NEWPID)


def main(control_number: int, starter_pid: int, wanted: list[str]) -> NoReturn:
    """Answers one line, the first kind of isolation of `wanted` that works here, then serves requests."""
    control = socket.socket(fileno=control_number)
    control.set_inheritable(False)
    starter = _watch(starter_pid)
    isolation = next((kind for kind in wanted if kind == "none" or _works(kind)), "")
    if sys.platform == "linux":
        linux.adopt_orphans()
    spawner = _Spawner(control, starter)
    send(control, {"isolation": isolation})
    # What is here now is never garbage; a collection in a fork would only copy its pages.
    gc.disable()
    gc.freeze()
    spawner.serve()


def _watch(starter_pid: int) -> int | None:
    """A descriptor that is ready when the starter ends, even if a fork of it still holds its sockets."""
    try:
        starter = os.pidfd_open(starter_pid) if sys.platform == "linux" else None
    except OSError:
        return None
    if os.getppid() != starter_pid:
        os._exit(0)
    return starter


def _works(kind: str) -> bool:
    """Whether a container's namespaces and root folder can be made here: tried, not guessed."""
    if sys.platform != "linux" or (kind == "root" and os.geteuid() != 0):
        return False
    user = os.getuid(), os.getgid()
    try:
        pid = fork(kind)
    except OSError:
        return False
    if pid == 0:
        code = 1
        try:
            if kind == "user":
                linux.map_user(*user)
            rootfs.enter(rootfs.TMP, [], user=kind == "user")
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
