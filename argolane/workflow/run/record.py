"""A run's folder: what was run, how it stands, what it printed, every result: another runner can go on.

`status.json` is Argo's `.status`, written whole or not at all. Results of pods are kept one file each the
moment they are known: however a runner dies, nothing that succeeded is run again.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from argolane.disk import Reserve, shown, write_whole
from argolane.errors import ArgolaneError
from argolane.flock import is_held
from argolane.manifest import dump

_UNSAFE = re.compile(r"[^\w.()=+@-]+")
_GROUP = re.compile(r"\[(\d+)\](?=/)")
_LONGEST = 120  # bytes


class Record:
    """One run below .argolane/runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.logs = folder / "logs"
        self.volumes = folder / "volumes"
        self.outputs = folder / "outputs"
        self.pods = folder / "pods"
        self.control = folder / "control"
        self._reserve = Reserve(folder / ".reserve")
        self._lock: int | None = None

    def create(self) -> None:
        """Make the folder; ArgolaneError when there is a run of that name."""
        try:
            self.folder.mkdir(parents=True)
        except FileExistsError:
            raise ArgolaneError(
                f"There is a run {self.folder.name!r} already. Use another --name, or argolane delete."
            ) from None
        try:
            self.open()
        except OSError:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise

    def open(self) -> None:
        """Be the one runner of this run, until this process ends; OSError when the disk is full."""
        for folder in (self.logs, self.pods, self.control, self.outputs):
            folder.mkdir(exist_ok=True)
        descriptor = os.open(self.folder / ".runner", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise ArgolaneError(f"Run {self.folder.name!r} is being run by another process.") from None
        try:
            os.ftruncate(descriptor, 0)
            os.write(descriptor, str(os.getpid()).encode())
            self._reserve.take()
        except OSError:
            os.close(descriptor)
            raise
        self._lock = descriptor

    def close(self) -> None:
        if self._lock is not None:
            self._reserve.give_back()
            os.close(self._lock)
            self._lock = None

    @property
    def has_runner(self) -> bool:
        """Whether a process runs it now."""
        return is_held(self.folder / ".runner")

    def give_back_reserve(self) -> None:
        """Room for the end of the run's record, on a disk that has none."""
        self._reserve.give_back()

    def write_submission(self, submission: Mapping[str, Any]) -> None:
        """What was submitted: all that a retry needs."""
        write_whole(self.folder / "submission.json", json.dumps(submission, ensure_ascii=False))

    def write_workflow(self, workflow: Mapping[str, Any]) -> None:
        """The workflow with its template merged in, for the reader."""
        write_whole(self.folder / "workflow.yaml", dump(dict(workflow)))

    def read_submission(self) -> dict[str, Any]:
        return _read(self.folder / "submission.json")

    def write_status(self, text: str) -> None:
        write_whole(self.folder / "status.json", text)

    def read_status(self) -> dict[str, Any]:
        return _read(self.folder / "status.json")

    def pod_folder(self, node_id: str) -> Path:
        return self.pods / node_id

    def keep_result(self, node_id: str, result: Mapping[str, Any]) -> None:
        folder = self.pod_folder(node_id)
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / "result.json", json.dumps(result, ensure_ascii=False))

    def results(self) -> dict[str, dict[str, Any]]:
        """Every result known, by node id."""
        found = {}
        for file in self.pods.glob("*/result.json"):
            with contextlib.suppress(ArgolaneError):
                found[file.parent.name] = _read(file)
        return found

    def forget(self, node_id: str) -> None:
        shutil.rmtree(self.pod_folder(node_id), ignore_errors=True)

    def log_file(self, path: str, container: str) -> Path:
        """The log of a container: of main under the node's path, of another with its name added."""
        return self.logs / f"{safe(path if container == 'main' else f'{path}.{container}')}.txt"


def safe(path: str) -> str:
    """A node's path as the name of one file: `wf/[0]/fan(0:a/b)` -> `0.fan(0=a_b)`, `wf` -> `wf`.

    A long one ends in a digest of the path, so that two that begin alike do not share a file.
    """
    inner = path.partition("/")[2] or path
    text = _GROUP.sub(r"\1", inner).replace("/", ".").replace(":", "=")
    name = _UNSAFE.sub("_", text).lstrip(".").encode()
    if len(name) > _LONGEST:
        digest = hashlib.sha256(inner.encode(errors="surrogatepass")).hexdigest()[:12]
        name = name[:_LONGEST] + f"~{digest}".encode()
    return name.decode(errors="ignore") or "log"


def _read(file: Path) -> dict[str, Any]:
    try:
        value = json.loads(file.read_text(encoding="utf-8", errors="surrogatepass"))
    except FileNotFoundError:
        raise ArgolaneError(
            f"{file.parent.name!r} is no run of the local runner: {shown(file)} is missing."
        ) from None
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise ArgolaneError(f"{shown(file)}: is not the JSON that a runner wrote: the record is broken.")
    return value
