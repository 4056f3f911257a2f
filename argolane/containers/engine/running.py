"""A container of an engine's image in, the same as a Process out: created, attached to, removed at its end.

What waits here is the engine's command line, in a process group like that of any container. Where it is
killed, whoever killed it has the container removed (inside/init.py), and what nobody is left to remove is
found by its labels (client.py).
"""

import contextlib
import csv
import io
import json
import os
import resource
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from argolane.containers.container import Container, EngineImage, Mount
from argolane.containers.engine import client, copying, lookup
from argolane.containers.engine.client import EngineError, ask
from argolane.containers.process import Elsewhere, Ended, Process, launch
from argolane.errors import ArgolaneError

_OVER = ("exited", "stopped", "dead")
_START_ERROR = 128  # the kubelet's, for a container that its runtime could not start
_PROCESSES = 32768  # what podman lowers its own limit to
_NO_PROGRAM = 127  # a shell's
_KILLED, _TERMINATED = 137, 143
_LEAST_MEMORY, _LEAST_CPU = 6 << 20, 0.01
_TMP = "/tmp"  # noqa: S108  (that of a container)


def start(container: Container, image: EngineImage, fresh: Path | None, output: int, errors: int) -> Process:
    """Starts it; ArgolaneError, with the engine's own words, if it cannot be made. `fresh` is its /tmp if it
    has no other, and removed with it."""
    engine, name = image.engine, f"argolane-{secrets.token_hex(8)}"
    tmp = (container.tmp or fresh or Path(_TMP)).absolute()
    tmp.chmod(0o1777)  # as every system has it: whoever main is writes there
    passed, spelled = _variables(container)
    arguments = [*_options(container, image, tmp), *spelled, f"--name={name}"]
    try:
        program = client.program(engine)
        ask(engine, "create", *arguments, image.digest, *container.argv[1:], env=passed)
    except EngineError as error:
        raise ArgolaneError(f"Container {container.name!r} cannot start: {error}.") from None
    attach = {
        "isolation": "none",
        "argv": [program, "start", "--attach", name],
        "env": dict(os.environ),
        "workdir": "/",
        "fresh_tmp": "",  # the engine needs it until everything is copied
        "afterwards": [program, "rm", "--force", "--volumes", name],
    }

    def over(code: int, ordered: bool) -> Ended:
        try:
            return _over(container, engine, name, code, ordered=ordered)
        finally:
            if fresh:
                shutil.rmtree(fresh, ignore_errors=True)

    def terminate() -> bool:
        try:
            ask(engine, "kill", "--signal=TERM", name)
        except EngineError:
            return _is_over(engine, name)  # or it does not run yet
        return True

    try:
        return launch(container.name, attach, output, errors, elsewhere=Elsewhere(over, terminate))
    except BaseException:
        _remove(engine, name)
        raise


def _options(container: Container, image: EngineImage, tmp: Path) -> Iterator[str]:
    # Addresses of other pods and of Services are this machine's own. A program that is pid 1 hears no SIGTERM
    # unless it asks for it; in a pod of Argo's it never is.
    yield from ("--network=host", "--init", "--log-driver=none", f"--entrypoint={container.argv[0]}")
    if str(container.workdir) != image.workdir:
        yield f"--workdir={container.workdir}"
    if image.engine == "podman":
        # Its own defaults may be more than it is allowed, as in a container without CAP_SYS_RESOURCE.
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        yield from (f"--ulimit=nofile={soft}:{hard}", f"--ulimit=nproc={_PROCESSES}:{_PROCESSES}")
        yield "--stop-timeout=0"  # who has it removed by force has waited
    for label, value in client.labels().items():
        yield f"--label={label}={value}"
    if image.user:
        yield f"--user={image.user}"
    yield from (f"--group-add={group}" for group in image.groups)
    mounts = [mount.checked(container.name) for mount in container.mounts]
    taken = {mount.target for mount in mounts}
    mounts += [folder for folder in container.folders if folder.target not in taken]
    if _TMP not in taken:
        mounts.append(Mount(tmp, _TMP))
    yield from (f"--mount={_mount(mount)}" for mount in mounts)
    yield from (f"--add-host={name}:{address}" for name, address in container.hosts.items())
    # What the engine would refuse is as little, or as much, as it takes.
    if container.limits.memory is not None:
        memory = max(_LEAST_MEMORY, container.limits.memory)
        yield from (f"--memory={memory}", f"--memory-swap={memory}")
    if container.limits.cpu is not None:
        yield f"--cpus={max(_LEAST_CPU, min(container.limits.cpu, os.cpu_count() or 1)):g}"


def _mount(mount: Mount) -> str:
    """One row of a table: a path may have a comma."""
    row = io.StringIO()
    fields = ["type=bind", f"source={mount.source}", f"target={mount.target}"]
    csv.writer(row, lineterminator="").writerow([*fields, *(["readonly"] if mount.read_only else [])])
    return row.getvalue()


def _variables(container: Container) -> tuple[dict[str, str], list[str]]:
    """The container's variables as the client's own, which nobody else can read, and the options that pass
    them on. Those that mean something to the client itself are spelled out."""
    passed, options = {}, []
    for name, value in container.env.items():
        if name in os.environ or name.startswith(("DOCKER_", "CONTAINER", "PODMAN_", "XDG_", "BUILDAH_")):
            options.append(f"--env={name}={value}")
        else:
            passed[name] = value
            options.append(f"--env={name}")
    return passed, options


def _over(container: Container, engine: client.Engine, name: str, code: int, *, ordered: bool) -> Ended:
    """How it ended, by the engine's record; what is kept of it is copied, and it is gone."""
    try:
        state = json.loads(ask(engine, "inspect", "--type=container", "--format={{json .State}}", name))
        if state.get("Status") in _OVER:
            if container.outputs:
                copying.collect(engine, name, container.outputs)
            code = int(state["ExitCode"])
            if code in lookup.SUSPICIOUS[engine]:
                where = {"path": container.env.get("PATH", ""), "workdir": str(container.workdir)}
                if why := lookup.missing(engine, name, container.argv[0], **where):
                    return Ended(_NO_PROGRAM, "NoProgram", why)
            return Ended(code, "OOMKilled" if state.get("OOMKilled") else "Error")
        if not ordered:
            why = str(state.get("Error") or f"{engine} did not start it; its log has the reason")
            return Ended(_START_ERROR, "StartError", why)
    except EngineError as error:
        if not ordered:
            return Ended(_KILLED, "Error", str(error))
    finally:
        _remove(engine, name)
    # An order that comes before it runs ends the command line alone, with a code that means nothing.
    return Ended(code if code in (_KILLED, _TERMINATED) else _TERMINATED)


def _is_over(engine: client.Engine, name: str) -> bool:
    with contextlib.suppress(EngineError):
        return ask(engine, "inspect", "--type=container", "--format={{.State.Status}}", name) in _OVER
    return False


def _remove(engine: client.Engine, name: str) -> None:
    with contextlib.suppress(EngineError):
        ask(engine, "rm", "--force", "--volumes", name)
