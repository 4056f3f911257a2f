"""Requests in, containers out: a small single-threaded process that forks a supervisor for each request.

A request is one byte with three file descriptors: the container's channel, its stdout and its stderr. The
spawner ends with its starter; the containers end through their own channels, with the starter, not with it.
"""

import gc
import json
import os
import select
import signal
import socket
import sys
import tempfile
from typing import NoReturn

from argolane.containers.inside import linux, rootfs, supervisor

_CLOSE_ON_EXEC = getattr(socket, "MSG_CMSG_CLOEXEC", 0)


def main(control_number: int, starter_pid: int, wanted: list[str]) -> NoReturn:
    """Answers one line, the first kind of isolation of `wanted` that works here, then serves requests."""
    control = socket.socket(fileno=control_number)
    control.set_inheritable(False)
    starter = _watch(starter_pid)
    isolation = next((kind for kind in wanted if kind == "none" or _works(kind)), "")
    # The supervisors' children are theirs; its own, the supervisors, need no burial.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    control.sendall(json.dumps({"isolation": isolation}).encode() + b"\n")
    gc.freeze()
    poll = select.poll()
    for descriptor in (control.fileno(), *([] if starter is None else [starter])):
        poll.register(descriptor, select.POLLIN)
    while True:
        if any(descriptor == starter for descriptor, _ in poll.poll()):
            os._exit(0)
        data, descriptors, _, _ = socket.recv_fds(control, 1, 3, _CLOSE_ON_EXEC)
        if not data:
            os._exit(0)
        _serve(descriptors, control, starter)


def _watch(starter_pid: int) -> int | None:
    """A descriptor that is ready when the starter ends, even if a fork of it still holds its sockets."""
    try:
        starter = os.pidfd_open(starter_pid) if sys.platform == "linux" else None
    except OSError:
        return None
    if os.getppid() != starter_pid:
        os._exit(0)
    return starter


def _serve(descriptors: list[int], control: socket.socket, starter: int | None) -> None:
    channel_number, output, errors = descriptors
    channel = socket.socket(fileno=channel_number)
    try:
        if os.fork() == 0:
            control.close()
            supervisor.supervise(channel, output, errors, starter)
    except OSError as error:  # no more processes: this container fails, the next may not
        channel.sendall(json.dumps({"error": f"fork: {error.strerror}"}).encode() + b"\n")
    finally:
        channel.close()
        os.close(output)
        os.close(errors)


def _works(kind: str) -> bool:
    """Whether a container's namespaces and root folder can be made here: tried, not guessed."""
    if sys.platform != "linux" or (kind == "root" and os.geteuid() != 0):
        return False
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            supervisor.enter_namespaces(kind)
            inner = os.fork()
            if inner == 0:
                linux.unshare(linux.CLONE_NEWNS)
                rootfs.enter(tempfile.gettempdir(), [])
                os._exit(0)
            code = os.waitstatus_to_exitcode(os.waitpid(inner, 0)[1])
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
