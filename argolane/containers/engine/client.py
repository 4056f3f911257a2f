"""A command of Docker's or Podman's in, what it prints out; and whether the engine is there at all."""

import functools
import os
import shutil
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from argolane.containers import identity
from argolane.errors import ArgolaneError

Engine = Literal["docker", "podman"]
ENGINES: tuple[Engine, ...] = ("docker", "podman")
OWNER, MACHINE = "argolane.dev/owner", "argolane.dev/machine"
_VERSION = {"docker": ("version", "{{.Server.Version}}"), "podman": ("info", "{{.Version.Version}}")}
_PATIENCE, _ANSWER_WITHIN = 600.0, 30.0


class EngineError(ArgolaneError):
    """A command that failed; the text has the engine's own last words."""


def program(engine: Engine) -> str:
    """Its path; ArgolaneError when there is none."""
    found = shutil.which(engine)
    if found is None:
        raise EngineError(f"there is no {engine!r} on PATH; install it, or use --images pull or --on argo")
    return found


def ask(
    engine: Engine, *arguments: str, env: Mapping[str, str] | None = None, within: float = _PATIENCE
) -> str:
    """What the command prints; EngineError when it fails, or takes longer than `within` seconds."""
    command = [program(engine), *arguments]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=within,
            env={**os.environ, **(env or {})},
        )
    except subprocess.TimeoutExpired:
        raise EngineError(f"{engine} {arguments[0]} did not answer within {within:.0f} s") from None
    if done.returncode:
        said = [line for line in done.stderr.decode(errors="replace").splitlines() if line.strip()]
        # Which of its help pages to read is no reason.
        said = [line for line in said if not line.startswith("See '")][-3:]
        raise EngineError(f"{engine} {arguments[0]}: {' '.join(said) or f'exit code {done.returncode}'}")
    return done.stdout.decode(errors="replace").strip()


def refusal(engine: Engine) -> str | None:
    """Why nothing can be run by it; None when it answers."""
    try:
        _answers(engine, os.environ.get("PATH", ""), os.environ.get("DOCKER_HOST", ""))
    except EngineError as error:
        return str(error)
    return None


def first() -> Engine | None:
    """One that answers, Docker before Podman."""
    return next((engine for engine in ENGINES if refusal(engine) is None), None)


@functools.cache
def _answers(engine: Engine, _path: str, _host: str) -> None:
    """EngineError until it does, which is kept; what dead processes have left behind is then removed."""
    try:
        command, form = _VERSION[engine]
        ask(engine, command, "--format", form, within=_ANSWER_WITHIN)
    except EngineError as error:
        if shutil.which(engine) is None:
            raise
        words = str(error) if str(error).endswith((".", "?", "!")) else f"{error}."
        raise EngineError(f"{words} Start {engine}, or use --images pull or --on argo") from None
    _reap(engine)


def labels() -> dict[str, str]:
    """By which a later process finds what this one left."""
    return {OWNER: identity.own(), MACHINE: machine()}


def machine() -> str:
    """This machine, or this container: elsewhere the numbers of processes mean others."""
    try:
        return f"{socket.gethostname()}-{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return socket.gethostname()


def _reap(engine: Engine) -> None:
    """Containers of processes that were killed."""
    try:
        found = ask(engine, "ps", "--all", "--quiet", "--filter", f"label={MACHINE}={machine()}").split()
        if not found:
            return
        form = '{{.Id}} {{index .Config.Labels "' + OWNER + '"}}'
        owners = [line.split() for line in ask(engine, "inspect", "--format", form, *found).splitlines()]
        dead = [line[0] for line in owners if len(line) == 2 and not identity.lives(line[1])]
        if dead:
            ask(engine, "rm", "--force", "--volumes", *dead)
    except EngineError:
        return  # another process is at it, and the next one will look again
