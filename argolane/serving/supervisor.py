"""One object's folder in, what it asks for kept up out: the process behind each deployment and Service.

What the controllers and the kubelet do on a cluster. Level-triggered: whenever the bell rings, a pod changes
or time passes, it reads what is asked for, compares, and takes the next step. What an object of its kind asks
for is the matter of `Predicting`, `Replicas` or `Forwarding`. It holds `supervisor.lock` from before it was
started until its death, and all its containers die with it.
"""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import uvloop

from argolane.errors import ArgolaneError
from argolane.serving.store import DEPLOYMENT, SELDON, SERVICE, Store, names, project_at

# How long a folder removed by hand goes unnoticed, and an apply where there is no bell.
_TICK = 2.0

log = logging.getLogger("argolane.serving.supervisor")  # its __name__ is __main__


class Supervised(Protocol):
    """What is kept up of an object; `changed` of its maker is called when there is a next step to take."""

    async def open(self) -> None: ...
    def want(self, record: dict[str, Any], generation: int) -> None:
        """A new generation is asked for; ArgolaneError if it cannot be read."""

    def advance(self) -> None:
        """Take the next step, without waiting."""

    def nudge(self) -> None:
        """Somebody applied again: what failed may have been mended."""

    def status(self, previous: dict[str, Any]) -> dict[str, Any]: ...
    def gone(self, previous: dict[str, Any], why: str) -> dict[str, Any]:
        """The status of a generation that cannot be read."""

    def told(self) -> dict[str, Any]:
        """What else the status file holds."""

    async def close(self) -> None: ...


class Supervisor:
    def __init__(self, store: Store, instance: str) -> None:
        self._store = store
        self._instance = instance
        self._changed = asyncio.Event()
        self._stopping = False
        self._supervised = _makers()[store.kind](store, self._changed.set)
        self._uid = ""
        self._generation = 0
        self._unreadable = ""
        last = store.status() or {}
        self._status: dict[str, Any] = last.get("status") or {}
        self._revision: int = last.get("revision", 0)
        self._written: dict[str, Any] = {}
        store.clear_pods()

    async def run(self) -> None:
        """Until the object is deleted, or somebody asks for the end."""
        loop = asyncio.get_running_loop()
        bell = self._store.listen()
        if bell is not None:
            loop.add_reader(bell, self._rung, bell)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._stop)
        await self._supervised.open()
        while not self._stopping:
            try:
                self._look()
                self._supervised.advance()
                self._report()
            except (OSError, ArgolaneError):
                # A full disk, say, is no reason to stop serving; the next round tries again.
                log.exception("cannot take the next step")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_TICK):
                    await self._changed.wait()
            self._changed.clear()
        log.info("ending")
        await self._supervised.close()

    def _rung(self, bell: int) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(bell, 4096)
        self._supervised.nudge()
        self._changed.set()

    def _stop(self) -> None:
        self._stopping = True
        self._changed.set()

    def _look(self) -> None:
        """Read what is asked for; a new generation becomes the wanted version."""
        record = self._store.object()
        metadata: dict[str, Any] = record["object"]["metadata"] if record else {"deletionTimestamp": ""}
        if "deletionTimestamp" in metadata or metadata["uid"] != (self._uid or metadata["uid"]):
            self._stop()
        elif record and metadata["generation"] != self._generation:
            self._uid, self._generation = metadata["uid"], metadata["generation"]
            self._unreadable = ""
            try:
                self._supervised.want(record, self._generation)
            except ArgolaneError as error:
                # It was checked before it was written: another release of argolane wrote it.
                self._unreadable = str(error)
            except Exception as error:
                # A fault of ours is no reason to stop what serves.
                log.exception("generation %d", self._generation)
                self._unreadable = f"{type(error).__name__}: {error}. Log: logs/supervisor.txt"

    def _report(self) -> None:
        if self._unreadable:
            now = self._supervised.gone(self._status, self._unreadable)
        else:
            now = self._supervised.status(self._status)
        found = {
            "instance": self._instance,
            "generation": self._generation,
            **self._supervised.told(),
            "status": now,
        }
        if self._stopping or found == self._written:
            return
        self._revision += 1
        self._store.write_status({**found, "revision": self._revision})
        news = found.get("endpoints") != self._written.get("endpoints")
        self._status, self._written = now, found
        if news and self._store.kind != SERVICE:
            self._ring()

    def _ring(self) -> None:
        """The Services of the namespace look for their pods anew."""
        project, record = self._store.project, self._store.object()
        namespace = record["object"]["metadata"]["namespace"] if record else self._store.namespace
        for name in names(project, SERVICE, namespace):
            Store(project, name, SERVICE, namespace).wake()


def _makers() -> dict[str, Callable[[Store, Callable[[], None]], Supervised]]:
    """What looks after which kind; each process needs one of them."""

    def predicting(store: Store, changed: Callable[[], None]) -> Supervised:
        from argolane.serving.predicting import Predicting

        return Predicting(store, changed)

    def replicas(store: Store, changed: Callable[[], None]) -> Supervised:
        from argolane.serving.workloads.replicas import Replicas

        return Replicas(store, changed)

    def forwarding(store: Store, changed: Callable[[], None]) -> Supervised:
        from argolane.serving.workloads.forwarding import Forwarding

        return Forwarding(store, changed)

    return {SELDON: predicting, DEPLOYMENT: replicas, SERVICE: forwarding}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="argolane.serving.supervisor", description=__doc__)
    parser.add_argument("--root", type=Path, required=True, help="the project's folder")
    parser.add_argument("--name", required=True, help="the object")
    parser.add_argument("--kind", default=SELDON, choices=(SELDON, DEPLOYMENT, SERVICE), help="its kind")
    parser.add_argument("--namespace", default="", help="its namespace, '' for the project's own")
    parser.add_argument("--instance", required=True, help="which start of the supervisor this is")
    parser.add_argument("--life", type=int, required=True, help="the file number of the lock it holds")
    given = parser.parse_args(arguments)
    # The containers must not hold the lock on.
    os.set_inheritable(given.life, False)
    # Requests are not logged: the log stays small however long a deployment lives.
    logging.basicConfig(
        level=logging.WARNING,
        format="%(asctime)s %(message)s",
        datefmt="%Y-%m-%dT%H:%M:%S",
        stream=sys.stderr,
    )
    logging.getLogger("argolane").setLevel(logging.INFO)
    store = Store(project_at(given.root), given.name, given.kind, given.namespace)
    store.write_supervisor({"instance": given.instance, "pid": os.getpid()})

    async def supervise() -> None:
        await Supervisor(store, given.instance).run()
        # Not by way of asyncio, which would wait for what is still being prepared in a thread.
        logging.shutdown()
        os._exit(0)

    # The graph server, which every request goes through, is in a SeldonDeployment's.
    (uvloop if store.kind == SELDON else asyncio).run(supervise())


if __name__ == "__main__":
    main()
