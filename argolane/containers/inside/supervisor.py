"""One container's specification in, its end out: forked by the spawner for each container.

The supervisor stays outside the container's namespaces. It ends the container when main has ended, when the
starter says so, and when the starter is no more: then its end of the channel reads as closed, even after
SIGKILL. Lines it writes to the channel: {"pid": n} or {"error": text}, and at last {"exit": code}.
"""

# Paths here are descriptors and /proc: no pathlib.
# ruff: noqa: PTH102, PTH103, PTH110, PTH112, PTH115, PTH116, PTH123, PTH208, PTH211

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import sys
import time
from typing import Any, NoReturn

from argolane.containers.inside import init, linux, rootfs

TERMINATE, KILL = b"T", b"K"
_KILL_FOR = 10.0


def supervise(channel: socket.socket, output: int, errors: int, starter: int | None) -> NoReturn:
    """`starter` is a pidfd of the process that asked for the container, where the kernel has those."""
    code = init.CANNOT_RUN
    fresh_tmp = ""
    try:
        wakeup = _watch_children()
        container = _receive(channel)
        fresh_tmp = container["fresh_tmp"]
        main = _start(container, output, errors)
        os.close(output)
        os.close(errors)
        _send(channel, {"pid": main})
        code = _wait(main, channel, wakeup, starter)
        if container["isolation"] == "none":
            _kill_left_behind(main)
    except rootfs.SetupError as error:
        _send(channel, {"error": str(error)})
    except Exception as error:
        _send(channel, {"error": f"{type(error).__name__}: {error}"})
    finally:
        if fresh_tmp:
            shutil.rmtree(fresh_tmp, ignore_errors=True)
        _send(channel, {"exit": code})
        os._exit(0)


def _watch_children() -> int:
    reader, writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(writer)
    return reader


def _receive(channel: socket.socket) -> dict[str, Any]:
    with channel.makefile("rb") as stream:
        container: dict[str, Any] = json.loads(stream.readline())
    return container


def _send(channel: socket.socket, message: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):  # when the starter is gone, nobody reads
        channel.sendall(json.dumps(message).encode() + b"\n")


def _start(container: dict[str, Any], output: int, errors: int) -> int:
    """The pid to wait for: pid 1 of the container's namespace, or main itself where there is none."""
    isolation = container["isolation"]
    if sys.platform == "linux":
        if isolation == "none":
            linux.adopt_orphans()
        else:
            enter_namespaces(isolation)
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reader)
            _inside(container, output, errors, ready=writer)
        except rootfs.SetupError as error:
            os.write(writer, str(error).encode(errors="backslashreplace"))
        except BaseException as error:
            os.write(writer, f"{type(error).__name__}: {error}".encode(errors="backslashreplace"))
        finally:
            os._exit(init.CANNOT_RUN)
    os.close(writer)
    with open(reader, "rb") as stream:
        reason = stream.read()
    if reason:
        os.waitpid(pid, 0)
        raise rootfs.SetupError(reason.decode())
    return pid


def enter_namespaces(isolation: str) -> None:
    """Namespaces for this process's children; as another user than root, inside a user namespace."""
    user, group = os.getuid(), os.getgid()
    if isolation == "user":
        linux.unshare(linux.CLONE_NEWUSER)
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{user} {user} 1")
        _write("/proc/self/gid_map", f"{group} {group} 1")
    linux.unshare(linux.CLONE_NEWPID)


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as stream:
        stream.write(text)


def _inside(container: dict[str, Any], output: int, errors: int, *, ready: int) -> NoReturn:
    isolated = container["isolation"] != "none"
    if isolated:
        linux.unshare(linux.CLONE_NEWNS)
        rootfs.enter(container["tmp"], container["mounts"])
    if sys.platform == "linux":
        linux.die_with_parent(signal.SIGKILL)
        if _nobody_reads(ready):  # the supervisor ended before the line above
            os._exit(init.CANNOT_RUN)
    _change_folder(container["workdir"], make=isolated)
    if isolated:
        init.block_signals()
        main = os.fork()
        if main:
            os.closerange(3, 1 << 20)
            os._exit(init.wait_for(main))
    init.execute(container["argv"], container["env"], output=output, errors=errors)


def _nobody_reads(pipe: int) -> bool:
    poll = select.poll()
    poll.register(pipe, 0)
    return any(events & select.POLLERR for _, events in poll.poll(0))


def _change_folder(folder: str, *, make: bool) -> None:
    try:
        if make:
            os.makedirs(folder, exist_ok=True)
        os.chdir(folder)
    except OSError as error:
        raise rootfs.SetupError(f"working folder {folder}: {error.strerror}") from None


def _wait(main: int, channel: socket.socket, wakeup: int, starter: int | None) -> int:
    poll = select.poll()
    for descriptor in (channel.fileno(), wakeup, *([] if starter is None else [starter])):
        poll.register(descriptor, select.POLLIN)
    while True:
        code = _reap(main)
        if code is not None:
            return code
        for descriptor, _ in poll.poll():
            if descriptor == wakeup:
                os.read(wakeup, 64)
                continue
            order = _order(channel) if descriptor == channel.fileno() else b""
            if not order:
                poll.unregister(descriptor)
            os.kill(main, signal.SIGTERM if order == TERMINATE else signal.SIGKILL)


def _reap(main: int) -> int | None:
    """The exit code once main has ended; orphans that were adopted are buried on the way."""
    while True:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == main:
            return init.code_of(status)
        if pid == 0:
            return None


def _order(channel: socket.socket) -> bytes:
    try:
        return channel.recv(1)
    except OSError:
        return b""


def _kill_left_behind(main: int) -> None:
    """Without namespaces: main's process group, and its daemons, which are children of this process now."""
    end = time.monotonic() + _KILL_FOR
    while time.monotonic() < end:
        for kill, pid in ((os.killpg, main), *((os.kill, pid) for pid in _descendants(os.getpid()))):
            try:
                kill(pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.002)


def _descendants(ancestor: int) -> list[int]:
    """Read from /proc; empty where there is none."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc") if os.path.isdir("/proc/self") else ():
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as stream:
                    parent = int(stream.read().rpartition(b")")[2].split()[1])
            except OSError:
                continue  # it ended meanwhile
            children.setdefault(parent, []).append(int(name))
    found: list[int] = []
    waiting = [ancestor]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found
