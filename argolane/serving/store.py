"""The files of one object that is kept up: what the command line and what its supervisor writes, who lives.

`object.json` is written under the edit lock by `kept.py`; `status.json` by the supervisor alone. The
supervisor is alive exactly as long as `supervisor.lock` is held: the kernel lets go of it at any death, so
neither a reused process id nor a reboot can look like life.
"""

import contextlib
import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock

from argolane import project as projects
from argolane.disk import write_whole
from argolane.flock import is_held
from argolane.kubernetes.names import in_a_path
from argolane.kubernetes.objects import of_namespace
from argolane.project import Project

SELDON, DEPLOYMENT, SERVICE = "SeldonDeployment", "Deployment", "Service"
_FOLDERS = {SELDON: "deployments", DEPLOYMENT: "workloads", SERVICE: "services"}
_LOGS_KEPT = 10
_ENDED = ".ended"


def project_at(root: Path) -> Project:
    """The project rooted exactly there: one around it is another."""
    file = root / projects.FILE
    return Project(root, projects.load_settings(file)) if file.is_file() else Project(root)


def folder_of_all(project: Project, kind: str = SELDON, namespace: str = "") -> Path:
    """Of a SeldonDeployment the machine keeps one of a name, of the others one in a namespace."""
    place = project.state if kind == SELDON else of_namespace(project, namespace)
    return place / _FOLDERS[kind]


def names(project: Project, kind: str = SELDON, namespace: str = "") -> list[str]:
    """The objects of a kind there are, sorted."""
    found = folder_of_all(project, kind, namespace).glob("*/object.json")
    return sorted(path.parent.name for path in found)


def mark_ended(logs: Path) -> None:
    """The pod that has its logs there is no more; they are kept for a while."""
    with contextlib.suppress(OSError):
        (logs / _ENDED).touch()


def has_ended(logs: Path) -> bool:
    return (logs / _ENDED).exists()


class Store:
    """One object's folder, such as `.argolane/deployments/<name>/`."""

    def __init__(self, project: Project, name: str, kind: str = SELDON, namespace: str = "") -> None:
        self.project = project
        self.name = name
        self.kind = kind
        self.namespace = namespace or project.settings.namespace
        self.folder = folder_of_all(project, kind, namespace) / in_a_path(kind, name)
        self.log = self.folder / "logs" / "supervisor.txt"
        self._edit = folder_of_all(project, kind, namespace) / f".{name}.lock"
        self._life = self.folder / "supervisor.lock"
        self._wake = self.folder / "wake"

    @contextlib.contextmanager
    def editing(self) -> Iterator[None]:
        """One writer of the object at a time, over all processes."""
        self._edit.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self._edit):
            yield

    def object(self) -> dict[str, Any] | None:
        """What was applied: {"object": with the metadata a server sets, "applied": ...}; None if nothing."""
        return _read(self.folder / "object.json")

    def write_object(self, record: dict[str, Any]) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        _write(self.folder / "object.json", record)

    def status(self) -> dict[str, Any] | None:
        """What the supervisor said last: {"instance", "generation", "revision", "status"} and its own."""
        return _read(self.folder / "status.json")

    def write_status(self, record: dict[str, Any]) -> None:
        # The folder is gone when the object is: nobody is left to tell.
        with contextlib.suppress(FileNotFoundError):
            _write(self.folder / "status.json", record, durable=False)

    def supervisor(self) -> dict[str, Any] | None:
        """Who supervises: {"instance", "pid", "created"}; believe it only while `alive()`."""
        return _read(self.folder / "supervisor.json")

    def write_supervisor(self, record: dict[str, Any]) -> None:
        _write(self.folder / "supervisor.json", record)

    def alive(self) -> bool:
        return is_held(self._life)

    def take_life(self, *, timeout: float) -> int:
        """The held lock as a file number to hand to a supervisor; TimeoutError if another holds it."""
        file = os.open(self._life, os.O_RDWR | os.O_CREAT, 0o644)
        deadline = time.monotonic() + timeout
        while True:
            try:
                # Whoever asks `alive()` holds it for an instant, too.
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    os.close(file)
                    raise TimeoutError(str(self._life)) from None
                time.sleep(0.01)
            else:
                return file

    def wait_for_death(self, *, timeout: float) -> bool:
        """True as soon as no supervisor is alive, False after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while self.alive():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def clear_pods(self) -> None:
        """Forget what the pods of a supervisor that was killed have left; the latest logs are kept."""
        shutil.rmtree(self.folder / "pods", ignore_errors=True)
        logs = [path for path in (self.folder / "logs").iterdir() if path.is_dir()]
        for pod in logs:
            mark_ended(pod)
        for old in sorted(logs, key=lambda path: path.stat().st_mtime)[:-_LOGS_KEPT]:
            shutil.rmtree(old, ignore_errors=True)

    def listen(self) -> int | None:
        """The supervisor's end of the bell: readable after `wake()`; None where no pipe can be made."""
        try:
            with contextlib.suppress(FileExistsError):
                os.mkfifo(self._wake)
            # Opened for writing too: a pipe without a writer would be readable for ever.
            return os.open(self._wake, os.O_RDWR | os.O_NONBLOCK)
        except OSError:
            return None

    def wake(self) -> None:
        """Tell the supervisor that the object changed; one that starts just now reads it anyway."""
        with contextlib.suppress(OSError):
            file = os.open(self._wake, os.O_WRONLY | os.O_NONBLOCK)
            try:
                os.write(file, b"!")
            finally:
                os.close(file)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError:
        # A machine that lost power in the middle of a write: as good as nothing.
        return None
    return value if isinstance(value, dict) else None


def _write(path: Path, value: dict[str, Any], *, durable: bool = True) -> None:
    write_whole(path, json.dumps(value, indent=1), durable=durable)
