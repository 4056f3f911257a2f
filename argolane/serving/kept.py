"""Manifests of one kind in, objects that are kept up on this machine out, each by a supervisor of its own.

What SeldonDeployments, Deployments and Services have in common: an object has the metadata that an API server
sets and the `.status` that its controller sets, and lives on (supervisor.py) when the process that applied it
has ended.
"""

import contextlib
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from argolane.containers import images
from argolane.containers.code import Code
from argolane.errors import ArgolaneError, unknown
from argolane.project import Project
from argolane.serving import records, status, store
from argolane.serving.records import Object
from argolane.serving.settings import largest_request
from argolane.serving.store import Store

# Time for requests in flight and SIGTERM; then the supervisor is killed, and its containers with it.
_END_WITHIN = 45.0
_GONE = (
    "Its supervisor is not running: it was killed, or the machine started anew. "
    "Apply the manifest again to bring it back. Log: {}"
)

log = logging.getLogger(__name__)


class Kept(ABC):
    """The objects of one kind in one namespace of a project."""

    kind: ClassVar[str]
    called: ClassVar[str] = "Deployment"

    def __init__(
        self, project: Project, *, namespace: str = "", say: Callable[[str], None] = log.warning
    ) -> None:
        """`say` is told what an applied manifest hardly means as it stands."""
        self._project, self._namespace, self._say = project, namespace, say

    def get(self, name: str) -> Object:
        """The object with its status; ArgolaneError if there is none of that name."""
        here, record = self._there(name)
        return self._stands(here, record)

    def find(self, name: str) -> Object | None:
        """The same, or None."""
        here = self._store(name) if name in self._names() else None
        record = here.object() if here else None
        return self._stands(here, record) if here and record else None

    def list(self) -> list[Object]:
        return [body for name in self._names() if (body := self.find(name)) is not None]

    def pods(self, name: str) -> Sequence[Object]:
        """Its pods, as their supervisor knows them."""
        here, _ = self._there(name)
        said = here.status() or {}
        return tuple(said.get("pods") or ()) if here.alive() else ()

    def delete(self, name: str) -> bool:
        """End it and forget it, waiting until all its processes are gone; False if there was none."""
        if name not in self._names():
            return False
        here = self._store(name)
        with here.editing():
            record = here.object()
            if record is None:
                return False
            end(here, record)
            self._ended(here)
        return True

    def bring_back(self, *, label: str, value: str) -> Sequence[str]:
        """The names of those with this label whose supervisor was killed: each has one again."""
        back = []
        for name in self._names():
            here = self._store(name)
            with here.editing():
                record = here.object()
                labels = (record["object"]["metadata"].get("labels") or {}) if record else {}
                if labels.get(label) == value and not here.alive():
                    supervise(here)
                    back.append(name)
        return back

    def _names(self) -> Iterable[str]:
        return store.names(self._project, self.kind, self._namespace)

    def _store(self, name: str) -> Store:
        return Store(self._project, name, self.kind, self._namespace)

    def _there(self, name: str) -> tuple[Store, Object]:
        """Where it is kept, and what is kept of it."""
        record = self._store(name).object() if name in self._names() else None
        if record is None:
            raise ArgolaneError(unknown(self.called.lower(), name, self._names()))
        return self._store(name), record

    def _put(
        self,
        here: Store,
        manifest: Object,
        before: Object | None,
        *,
        applied: Object | None = None,
        code_anew: bool,
    ) -> Object:
        """`applied`: what a client has said of labels and annotations, if those of `manifest` are all that
        there are. `code_anew`: the code of the images is looked at again; a patch is of the object alone, and
        deploys nothing that was edited since.
        """
        if before and "deletionTimestamp" in before["object"]["metadata"]:
            # Whoever deleted it was killed half-way.
            end(here, before)
            before = None
        # Its supervisor reads it when it starts, where nobody would see what is wrong.
        largest_request(self._project)
        for doubt in self._doubts(manifest):
            self._say(doubt)
        known = before.get("code", {}) if before and not code_anew else {}
        record = records.made(
            self._project, manifest, before, applied, self._code(manifest, known), namespace=here.namespace
        )
        if record != before:
            here.write_object(record)
        if here.alive():
            here.wake()
        else:
            supervise(here)
        return self._stands(here, record)

    def _stands(self, here: Store, record: Object) -> Object:
        """The object as it stands: its supervisor's word, if that is alive and has seen the last change."""
        found: Object = record["object"]
        said, who = here.status() or {}, here.supervisor() or {}
        last: Object = said.get("status") or {}
        same_life = said.get("instance") == who.get("instance")
        if not here.alive():
            found["status"] = self._gone(found, last, _GONE.format(here.log.relative_to(here.project.root)))
        elif not same_life or said.get("generation") != found["metadata"]["generation"]:
            found["status"] = self._creating(last, same_life=same_life)
        else:
            found["status"] = last
        version = int(found["metadata"]["resourceVersion"]) + int(said.get("revision", 0))
        found["metadata"]["resourceVersion"] = str(version)
        return found

    def _code(self, manifest: Object, known: Object) -> Object:
        """What is in the images of the project that the containers run, by reference."""
        found = {}
        for image in sorted(set(self._images(manifest))):
            held = known.get(image) or images.code_of(self._project, image)
            if held:
                found[image] = held.told() if isinstance(held, Code) else held
        return found

    # What the kinds differ in.

    def _images(self, manifest: Object) -> Iterable[str]:
        """The images of its containers."""
        return ()

    def _doubts(self, manifest: Object) -> Iterable[str]:
        """What is said to whoever applies it, one sentence each."""
        return ()

    @abstractmethod
    def _gone(self, found: Object, last: Object, why: str) -> Object:
        """The status of one that nothing supervises any more."""

    def _creating(self, last: Object, *, same_life: bool) -> Object:
        """The status of one that its supervisor has not looked at since the last change."""
        return last

    def _ended(self, here: Store) -> None:  # noqa: B027 - most kinds leave nothing behind
        """It has been deleted just now."""


def end(here: Store, record: Object) -> None:
    """Ask its supervisor to end and wait; then its folder goes."""
    record["object"]["metadata"]["deletionTimestamp"] = status.now()
    here.write_object(record)
    here.wake()
    if not here.wait_for_death(timeout=_END_WITHIN):
        with contextlib.suppress(ProcessLookupError):
            os.kill((here.supervisor() or {})["pid"], signal.SIGKILL)
        here.wait_for_death(timeout=_END_WITHIN)
    shutil.rmtree(here.folder, ignore_errors=True)
    if here.folder.exists():
        # The last containers may have been at it until just now.
        time.sleep(0.2)
        shutil.rmtree(here.folder)


def supervise(here: Store) -> None:
    """Start a supervisor in a session of its own, that has no file of ours but the lock it holds."""
    life = here.take_life(timeout=5)
    instance = uuid.uuid4().hex
    try:
        with here.log.open("ab") as file:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "argolane.serving.supervisor", f"--root={here.project.root}",
                 f"--name={here.name}", f"--kind={here.kind}", f"--namespace={here.namespace}",
                 f"--instance={instance}", f"--life={life}"],
                stdin=subprocess.DEVNULL, stdout=file, stderr=file,
                pass_fds=[life], start_new_session=True, cwd=here.project.root,
            )  # fmt: skip
        here.write_supervisor({"instance": instance, "pid": process.pid})
    finally:
        os.close(life)
    # A long-lived parent, such as a notebook, must not keep it as a zombie.
    threading.Thread(target=process.wait, daemon=True).start()
