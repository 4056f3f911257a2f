"""SeldonDeployment manifests in, running deployments of this machine out: its API server, so to say.

`argolane run` (resource templates), the command line and notebooks come here. Objects have the metadata that
an API server sets and the `.status` that the operator sets; each deployment lives on in a supervisor of its
own (supervisor.py) when the process that applied it has ended.
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
from collections.abc import Callable

from argolane.containers import images
from argolane.containers.code import Code
from argolane.errors import ArgolaneError, NotSupportedLocally, unknown
from argolane.kubernetes.patching import merge_patch
from argolane.project import Project
from argolane.serving import records, status, store
from argolane.serving.check import read, warnings
from argolane.serving.records import Object
from argolane.serving.servers import filled, unserved
from argolane.serving.settings import largest_request
from argolane.serving.store import Store

# Time for requests in flight and SIGTERM; then the supervisor is killed, and its containers with it.
_END_WITHIN = 45.0

log = logging.getLogger(__name__)


class Deployments:
    """The SeldonDeployments of a project, on this machine."""

    def __init__(self, project: Project, *, say: Callable[[str], None] = log.warning) -> None:
        """`say` is told what an applied manifest hardly means as it stands."""
        self._project, self._say = project, say

    def apply(self, manifest: Object) -> Object:
        """Create it, or make it like this; returns at once, with the state Creating unless nothing changed.

        Pods are replaced only where their spec changed. ManifestError with all the faults of the manifest.
        """
        name = read(manifest).metadata.name
        here = Store(self._project, name)
        with here.editing():
            return self._put(here, manifest, here.object())

    def create(self, manifest: Object) -> Object:
        """As apply, but ArgolaneError if there is one of that name."""
        name = read(manifest).metadata.name
        here = Store(self._project, name)
        with here.editing():
            if here.object():
                raise ArgolaneError(f"Deployment {name!r} exists already. Use apply, or delete it first.")
            return self._put(here, manifest, None)

    def patch(self, name: str, patch: Object) -> Object:
        """A JSON merge patch (RFC 7386): null removes, lists are replaced."""
        here = Store(self._project, name)
        with here.editing():
            record = here.object()
            if record is None:
                raise self._unknown(name)
            manifest = merge_patch(record["object"], patch)
            if read(manifest).metadata.name != name:
                raise ArgolaneError(f"Deployment {name!r}: a patch cannot change metadata.name.")
            return self._put(here, manifest, record, applied=record["applied"])

    def get(self, name: str) -> Object:
        """The object with its status; ArgolaneError if there is none of that name."""
        if name not in store.names(self._project):
            raise self._unknown(name)
        here = Store(self._project, name)
        record = here.object()
        if record is None:
            raise self._unknown(name)
        return _object(here, record)

    def list(self) -> list[Object]:
        there = [Store(self._project, name) for name in store.names(self._project)]
        return [_object(here, record) for here in there if (record := here.object()) is not None]

    def delete(self, name: str) -> bool:
        """End it and forget it, waiting until all its processes are gone; False if there was none."""
        if name not in store.names(self._project):
            return False
        here = Store(self._project, name)
        with here.editing():
            record = here.object()
            if record is None:
                return False
            _end(here, record)
        return True

    def url(self, name: str) -> str:
        """Where predictions are asked for."""
        url = self.get(name)["status"].get("address", {}).get("url")
        if not url:
            raise ArgolaneError(f"Deployment {name!r} has no address yet. Try again in a second.")
        return str(url)

    def wait(self, name: str, *, timeout: float, state: str = status.AVAILABLE) -> Object:
        """The object once it is in that state; ArgolaneError with the reason when it Failed or time is up."""
        begun = time.monotonic()
        while (found := self.get(name)["status"])["state"] != state:
            waited = time.monotonic() - begun
            if waited > timeout or found["state"] == status.FAILED:
                told = f"Deployment {name!r} is {found['state']}, not {state}, after {waited:.0f} s."
                raise ArgolaneError(f"{told} {found.get('description', '')}".rstrip())
            time.sleep(0.05)
        return self.get(name)

    def _put(
        self, here: Store, manifest: Object, before: Object | None, *, applied: Object | None = None
    ) -> Object:
        if before and "deletionTimestamp" in before["object"]["metadata"]:
            # Whoever deleted it was killed half-way.
            _end(here, before)
            before = None
        servers = self._project.settings.server
        if faults := list(unserved(manifest, servers)):
            raise NotSupportedLocally(faults)
        # Its supervisor reads it when it starts, where nobody would see what is wrong.
        largest_request(self._project)
        for doubt in warnings(manifest):
            self._say(doubt)
        # A patch is of the object alone: it deploys no code that was edited since.
        known = before.get("code", {}) if before and applied is not None else {}
        record = records.made(self._project, manifest, before, applied, self._code(manifest, known))
        if record != before:
            here.write_object(record)
        if here.alive():
            here.wake()
        else:
            _supervise(here)
        return _object(here, record)

    def _code(self, manifest: Object, known: Object) -> Object:
        """What is in the images of the project that the containers run, by reference."""
        deployment = filled(read(manifest), self._project.settings.server)
        components = deployment.predictor.component_specs
        found = {}
        for image in sorted({c.image for component in components for c in component.spec.containers}):
            held = known.get(image) or images.code_of(self._project, image)
            if held:
                found[image] = held.told() if isinstance(held, Code) else held
        return found

    def _unknown(self, name: str) -> ArgolaneError:
        return ArgolaneError(unknown("deployment", name, store.names(self._project)))


def _object(here: Store, record: Object) -> Object:
    """The object as it stands: its supervisor's word, if that is alive and has seen the last change."""
    found: Object = record["object"]
    said, who = here.status() or {}, here.supervisor() or {}
    last: Object = said.get("status") or {}
    same_life = said.get("instance") == who.get("instance")
    if not here.alive():
        log = here.log.relative_to(here.project.root)
        found["status"] = status.gone(
            last,
            "Its supervisor is not running: it was killed, or the machine started anew. "
            f"Apply the manifest again to bring it back. Log: {log}",
        )
    elif not same_life or said.get("generation") != found["metadata"]["generation"]:
        found["status"] = status.creating(last if same_life else status.without_pods(last))
    else:
        found["status"] = last
    version = int(found["metadata"]["resourceVersion"]) + int(said.get("revision", 0))
    found["metadata"]["resourceVersion"] = str(version)
    return found


def _end(here: Store, record: Object) -> None:
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


def _supervise(here: Store) -> None:
    """Start a supervisor in a session of its own, that has no file of ours but the lock it holds."""
    life = here.take_life(timeout=5)
    instance = uuid.uuid4().hex
    try:
        with here.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "argolane.serving.supervisor", f"--root={here.project.root}",
                 f"--name={here.name}", f"--instance={instance}", f"--life={life}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                pass_fds=[life], start_new_session=True, cwd=here.project.root,
            )  # fmt: skip
        here.write_supervisor({"instance": instance, "pid": process.pid})
    finally:
        os.close(life)
    # A long-lived parent, such as a notebook, must not keep it as a zombie.
    threading.Thread(target=process.wait, daemon=True).start()
