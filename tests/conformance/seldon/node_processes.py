"""Nodes that are processes of the runtime images' environment: started, and ended with all they began."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from argolane.containers import environments
from argolane.project import Project

ROOT = Path(__file__).parents[3]


def programs() -> Path:
    """The folder of the environment's programs."""
    lock, cache = ROOT / "models" / "sk_mnist" / "runtime.lock", Project(ROOT).cache / "envs"
    made = environments.ensure(lock, cache, root=ROOT, say=lambda text: print(text, file=sys.stderr))  # noqa: T201
    return made / "bin"


def launched(
    command: Sequence[str], environment: Mapping[str, str], name: str, folder: Path
) -> subprocess.Popen[bytes]:
    """In `folder`, where NAME.log is what it says."""
    with (folder / f"{name}.log").open("wb") as log:
        return subprocess.Popen(
            command, cwd=folder, env=environment, start_new_session=True, stdout=log, stderr=log
        )


def end(processes: Iterable[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
