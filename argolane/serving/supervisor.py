"""One deployment's folder in, its pods and its port kept up out: the detached process behind a deployment.

What the operator, the kubelet and a Service do for a SeldonDeployment on a cluster. Level-triggered: whenever
the bell rings, a pod changes or time passes, it reads what is asked for, compares, and takes the next step.
It holds `supervisor.lock` from before it was started until its death, and all its containers die with it.
"""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Any

from argolane.errors import ArgolaneError
from argolane.serving import pods, ports, status
from argolane.serving.check import read
from argolane.serving.front import Front
from argolane.serving.orchestrator.listener import Listener
from argolane.serving.pod import Pod
from argolane.serving.rollout import Rollout
from argolane.serving.servers import filled
from argolane.serving.settings import Facts, largest_request
from argolane.serving.spec import SeldonDeployment
from argolane.serving.store import Store, project_at

# How long a folder removed by hand goes unnoticed, and an apply where there is no bell.
_TICK = 2.0
# How long a request that has begun may take when the deployment is deleted.
_DRAIN = 10.0

log = logging.getLogger("argolane.serving.supervisor")  # its __name__ is __main__


class Supervisor:
    def __init__(self, store: Store, instance: str) -> None:
        self._store = store
        self._instance = instance
        self._changed = asyncio.Event()
        self._stopping = False
        self._rollout = Rollout(self._new_pod, largest_request=largest_request(store.project))
        self._uid = ""
        self._generation = 0
        self._unreadable = ""
        self._front = Front(store.name)
        last = store.status() or {}
        self._status: dict[str, Any] = last.get("status") or {}
        self._revision: int = last.get("revision", 0)
        self._reported = 0
        self._socket = ports.listening(last.get("port"))
        self._listener = Listener(self._front, self._socket, patience=_DRAIN)
        store.clear_pods()

    async def run(self) -> None:
        """Until the deployment is deleted, or somebody asks for the end."""
        loop = asyncio.get_running_loop()
        bell = self._store.listen()
        if bell is not None:
            loop.add_reader(bell, self._rung, bell)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._stop)
        await self._listener.open()
        while not self._stopping:
            try:
                self._look()
                self._rollout.advance(self._front)
                self._report()
            except OSError:
                # A full disk, say, is no reason to stop serving; the next round tries again.
                log.exception("cannot take the next step")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_TICK):
                    await self._changed.wait()
            self._changed.clear()
        log.info("ending")
        try:
            await self._listener.close()
        finally:
            await self._rollout.end()

    def _rung(self, bell: int) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(bell, 4096)
        self._rollout.nudge()
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
                # Read anew: argolane.toml may have learnt a server since.
                servers = project_at(self._store.project.root).settings.server
                wanted = filled(read(record["object"]), servers)
                self._rollout.want(wanted, self._generation, record.get("code"))
            except ArgolaneError as error:
                # It was checked before it was written: another release of argolane wrote it.
                self._unreadable = str(error)
            except Exception as error:
                # A fault of ours is no reason to stop what serves.
                log.exception("generation %d", self._generation)
                self._unreadable = f"{type(error).__name__}: {error}. Log: logs/supervisor.txt"

    def _new_pod(self, deployment: SeldonDeployment, plan: pods.PodPlan) -> Pod:
        facts = Facts(
            namespace=deployment.metadata.namespace,
            labels=plan.component.metadata.labels,
            annotations=plan.component.metadata.annotations,
        )
        return Pod(
            plan,
            root=self._store.project.root,
            folder=self._store.folder,
            facts=facts,
            changed=self._changed.set,
        )

    def _report(self) -> None:
        now = self._present_status()
        if self._stopping or (now == self._status and self._reported == self._generation):
            return
        self._revision += 1
        self._store.write_status(
            {
                "instance": self._instance,
                "generation": self._generation,
                "revision": self._revision,
                "port": self._socket.getsockname()[1],
                "status": now,
            }
        )
        self._status, self._reported = now, self._generation

    def _present_status(self) -> dict[str, Any]:
        rollout = self._rollout
        if self._unreadable:
            return status.gone(self._status, self._unreadable)
        if rollout.wanted is None:
            return status.creating(self._status)
        return status.of(
            rollout.wanted.deployment,
            rollout.wanted.pods,
            port=self._socket.getsockname()[1],
            switched=rollout.wanted is rollout.serving,
            other_serves=rollout.serving not in (None, rollout.wanted),
            trouble=rollout.wanted.trouble,
            previous=self._status,
        )


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="argolane.serving.supervisor", description=__doc__)
    parser.add_argument("--root", type=Path, required=True, help="the project's folder")
    parser.add_argument("--name", required=True, help="the deployment")
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
    store = Store(project_at(given.root), given.name)
    store.write_supervisor({"instance": given.instance, "pid": os.getpid()})

    async def supervise() -> None:
        await Supervisor(store, given.instance).run()
        # Not by way of asyncio, which would wait for what is still being prepared in a thread.
        logging.shutdown()
        os._exit(0)

    asyncio.run(supervise())


if __name__ == "__main__":
    main()
