"""A specification in, an exit code out: sets a container up, starts its main process and waits for it.

This is the first process of each container: pid 1 where there are namespaces, so that the kernel kills with
it whatever main left behind; elsewhere the adopter of main's orphans, which it kills itself. It reaps,
passes SIGTERM on to main, and exits with main's code. What main only speaks for (an engine's container) it
has removed when it is killed. Where the container has an address (pod_address.py) it
answers main's calls.
"""

# In a process that has milliseconds: no pathlib.
# ruff: noqa: PTH103, PTH110, PTH118, PTH123

import _thread
import errno
import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from argolane.containers.inside import collecting, descendants, image_root, linux, privileges, rootfs

if TYPE_CHECKING:
    from argolane.containers.inside import pod_address

CANNOT_RUN, NOT_FOUND = 126, 127
_KILLED = 128 + signal.SIGKILL
_CLEANING = 30.0
# What ends a container: pid 1's death where there are namespaces, elsewhere a request to its init.
KILL = {"root": signal.SIGKILL, "user": signal.SIGKILL, "none": signal.SIGUSR1}


class _CannotRunError(Exception):
    """main is missing or no program: the container's failure, with a shell's exit code, and not ours."""

    def __init__(self, program: str, error: OSError) -> None:
        self.code = CANNOT_RUN
        reason = str(error.strerror)
        if error.errno == errno.EACCES:
            reason = "it is not an executable file, or this user may not run it"
        elif error.errno == errno.ENOENT and error.filename:
            reason = f"the interpreter that {error.filename} names is not there"
        elif error.errno == errno.ENOENT:
            self.code = NOT_FOUND
            reason = "no such file" if "/" in program else "it is not on PATH"
        super().__init__(f"{program!r}: {reason}")


def run(
    container: Mapping[str, Any], channel: socket.socket, output: int, errors: int, lifeline: int
) -> NoReturn:
    """Says {"ready": true} or {"error": text} on `channel`; `lifeline` closes with the spawner."""
    _close_all_but(channel.fileno(), output, errors, lifeline)
    wakeup = _watch_signals()
    kept = container.get("outputs")
    collected = -1
    try:
        _join(container.get("cgroups") or ())
        collected = os.open(kept["folder"], os.O_PATH) if kept else -1
        _enter(container, lifeline)
        main, pod = _start_in_pod(container, output, errors)
    except _CannotRunError as refusal:
        os.write(errors, f"argolane: cannot run {refusal}.\n".encode(errors="backslashreplace"))
        send(channel, {"ready": True})
        os._exit(refusal.code)
    except rootfs.SetupError as error:
        send(channel, {"error": str(error)})
        os._exit(CANNOT_RUN)
    except Exception as error:
        send(channel, {"error": f"{type(error).__name__}: {error}"})
        os._exit(CANNOT_RUN)
    send(channel, {"ready": True})
    for descriptor in (channel.fileno(), output, errors, 0, 1, 2):
        os.close(descriptor)
    code = _wait(main, wakeup, lifeline, pod)
    if kept:
        collecting.collect(kept["paths"], kept["in_place"], collected)
    # Before what it has here is killed: podman's own processes remove the container's control groups.
    if code is None and container.get("afterwards"):
        _clean_up(container["afterwards"], container["env"], wakeup)
    if container["isolation"] == "none" and _has_children():
        descendants.kill(os.getpid(), group=main)
    os._exit(_KILLED if code is None else code)


def _clean_up(argv: Sequence[str], env: Mapping[str, str], wakeup: int) -> None:
    """What main stood for lives elsewhere, and has to end with it; nobody else may be left to see to that."""
    null = [(os.POSIX_SPAWN_OPEN, number, "/dev/null", os.O_RDWR, 0) for number in range(3)]
    pid = os.posix_spawn(argv[0], list(argv), env, file_actions=null, setsigdef=[signal.SIGCHLD])
    end = time.monotonic() + _CLEANING
    poll = select.poll()
    poll.register(wakeup, select.POLLIN)
    while os.waitpid(pid, os.WNOHANG)[0] == 0 and (left := end - time.monotonic()) > 0:
        if poll.poll(left * 1000):
            os.read(wakeup, 64)


def _join(entrances: Sequence[str]) -> None:
    """Control groups, for this process and what it starts; whoever started the container lets this one go."""
    for entrance in entrances:
        try:
            with open(entrance, "w", encoding="ascii") as stream:
                stream.write("0")
        except OSError as error:
            raise rootfs.SetupError(f"its control group {entrance}: {error.strerror}") from None


def _close_all_but(*descriptors: int) -> None:
    """Of those above the three streams: the spawner's own, and the channels of other containers."""
    after = 3
    for descriptor in sorted(descriptors):
        os.closerange(after, descriptor)
        after = descriptor + 1
    os.closerange(after, 1 << 20)


def _has_children() -> bool:
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return False
    return True


def send(channel: socket.socket, message: Mapping[str, Any]) -> None:
    try:
        channel.sendall(json.dumps(message).encode() + b"\n")
    except OSError:
        return  # the starter is gone, and nobody reads


def code_of(status: int) -> int:
    """The code a shell, and Kubernetes, report for a wait status: 128 + n for signal n."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _watch_signals() -> int:
    """A descriptor with a byte, its number, for each signal that arrives."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    for number in (signal.SIGCHLD, signal.SIGTERM, KILL["none"]):
        signal.signal(number, lambda *_: None)
    return reader


def _enter(container: Mapping[str, Any], lifeline: int) -> None:
    isolated, image = container["isolation"] != "none", container.get("image")
    if container["isolation"] == "user":
        linux.map_user(*container["user"], seen_as=image and (image["uid"], image["gid"]))
    if image:
        image_root.enter(
            image,
            container["tmp"],
            container["mounts"],
            user=container["isolation"] == "user",
            layer=container["layer"],
            workdir=container["workdir"],
        )
    elif isolated:
        rootfs.enter(
            container["tmp"],
            container["mounts"],
            user=container["isolation"] == "user",
            layer=container["layer"],
            hidden=container["hidden"],
            outputs=container["outputs"]["paths"] if container["outputs"] else (),
            hosts=container["hosts"],
        )
    if sys.platform == "linux":
        linux.die_with_parent(KILL[container["isolation"]])
        linux.adopt_orphans()
    if _closed(lifeline):  # the spawner ended before the lines above
        os._exit(CANNOT_RUN)
    if image:
        return
    folder = container["workdir"]
    try:
        if isolated:
            os.makedirs(folder, exist_ok=True)
        os.chdir(folder)
    except OSError as error:
        raise rootfs.SetupError(f"working folder {folder}: {error.strerror}") from None


def _closed(pipe: int) -> bool:
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    return bool(poll.poll(0))


def _start_in_pod(
    container: Mapping[str, Any], output: int, errors: int
) -> "tuple[int, pod_address.PodAddress | None]":
    """Main's pid, and where it has an address of its own who answers its calls."""
    arguments = container["argv"], container["env"], output, errors, _identity(container)
    if not container.get("address"):
        return _start(*arguments), None
    from argolane.containers.inside import pod_address, seccomp  # the spawner has loaded them

    # A filter holds for the thread that asked for it and for what it starts, and so not for this one.
    made: list[Any] = []

    def start() -> None:
        try:
            made.append(seccomp.stop_calls())
            made.append(_start(*arguments))
        except BaseException as error:
            made.append(error)
        finally:
            ended.release()

    ended = _thread.allocate_lock()
    ended.acquire()
    _thread.start_new_thread(start, ())
    ended.acquire()
    if isinstance(made[-1], BaseException):
        raise made[-1]
    listener, main = made
    return main, pod_address.PodAddress(listener, container["address"])


def _identity(container: Mapping[str, Any]) -> dict[str, Any] | None:
    """Who main is to be, where that is not this process's own user."""
    image = container.get("image")
    user = container["isolation"] == "user"
    return image and {"uid": image["uid"], "gid": image["gid"], "groups": image["groups"], "user": user}


def _start(
    argv: Sequence[str],
    env: Mapping[str, str],
    output: int,
    errors: int,
    identity: Mapping[str, Any] | None,
) -> int:
    """The pid of the program, found on the PATH of `env`, in a session of its own."""
    program = argv[0]
    folders = [""] if "/" in program else env.get("PATH", os.defpath).split(os.pathsep)
    refusal = OSError(errno.ENOENT, "")
    for path in (os.path.join(folder, program) for folder in folders):
        try:
            if os.path.exists(path):
                if identity:
                    return _fork(path, argv, env, (output, errors), identity)
                return _spawn(path, argv, env, output, errors)
        except OSError as error:
            refusal = error
    raise _CannotRunError(program, refusal)


def _spawn(path: str, argv: Sequence[str], env: Mapping[str, str], output: int, errors: int) -> int:
    # posix_spawn copies no memory, unlike fork. Where it knows no sessions, a process group must do.
    session: dict[str, Any] = {"setsid": True} if sys.platform == "linux" else {"setpgroup": 0}
    return os.posix_spawn(
        path,
        list(argv),
        env,
        file_actions=[(os.POSIX_SPAWN_DUP2, output, 1), (os.POSIX_SPAWN_DUP2, errors, 2)],
        setsigdef=[signal.SIGCHLD, signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ],
        **session,
    )


def _fork(
    path: str,
    argv: Sequence[str],
    env: Mapping[str, str],
    streams: tuple[int, int],
    identity: Mapping[str, Any],
) -> int:
    """As _spawn, but as another user, with fewer rights: posix_spawn knows neither."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            for number, stream in enumerate(streams, 1):
                os.dup2(stream, number)
            for ignored in (signal.SIGPIPE, signal.SIGXFSZ):
                signal.signal(ignored, signal.SIG_DFL)
            privileges.take(**identity)
            os.execve(path, list(argv), env)  # noqa: S606  (no shell is what is wanted)
        except OSError as error:
            os.write(writer, b"%d" % (error.errno or errno.EACCES))
        finally:
            os._exit(CANNOT_RUN)
    os.close(writer)
    number_of_error = os.read(reader, 16)
    os.close(reader)
    if number_of_error:
        os.waitpid(pid, 0)
        raise OSError(int(number_of_error), os.strerror(int(number_of_error)), path)
    return pid


def _wait(main: int, wakeup: int, lifeline: int, pod: "pod_address.PodAddress | None") -> int | None:
    """Main's exit code; None when the container is to be killed."""
    poll = select.poll()
    if pod:
        poll.register(pod.listener, select.POLLIN)
    poll.register(wakeup, select.POLLIN)
    poll.register(lifeline, select.POLLIN)
    while True:
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == main:
                return code_of(status)
            if pid == 0:
                break
        ready = dict(poll.poll())
        if pod and pod.listener in ready:
            if ready[pod.listener] & select.POLLIN:
                pod.answer()
            else:  # nobody is left who could ask
                poll.unregister(pod.listener)
        signals = os.read(wakeup, 64) if wakeup in ready else b""
        if lifeline in ready or KILL["none"] in signals:
            return None
        if signal.SIGTERM in signals:
            os.kill(main, signal.SIGTERM)
