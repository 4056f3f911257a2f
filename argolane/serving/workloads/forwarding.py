"""A Service in, its ports on 127.0.0.1 and on its own address out, each connection to one of its ready pods.

Pods are found in the status files of the Deployments and SeldonDeployments of the namespace, whose
supervisors ring when there is news. With no pod that is ready nobody listens, as on a cluster.
"""

import asyncio
import logging
import socket
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from argolane.containers import addresses
from argolane.serving import ports, store
from argolane.serving.endpoints import Endpoint
from argolane.serving.ports import HOST
from argolane.serving.store import DEPLOYMENT, SELDON, Store
from argolane.serving.workloads import holder
from argolane.serving.workloads.links import Client, Link

# How often a pod that is to end is looked at for requests under way.
_LOOK = 0.05
_DIAL = 5.0

log = logging.getLogger(__name__)


class Forwarding:
    """What a supervisor of a Service looks after."""

    def __init__(self, here: Store, changed: Callable[[], None]) -> None:
        self._here, self._changed = here, changed
        self._spec: dict[str, Any] = {}
        self._gates: dict[tuple[str, int], Gate] = {}
        self._endpoints: list[Endpoint] = []
        self._links: set[Link] = set()
        self._dialled: Counter[str] = Counter()
        self._targets: dict[int, int | str] = {}
        self._turn = 0
        self._trouble = ""

    async def open(self) -> None:
        """The ports are opened when there is somebody behind them."""

    def want(self, record: dict[str, Any], generation: int) -> None:
        self._spec = record["object"]["spec"]
        targets = {port["port"]: port.get("targetPort") or port["port"] for port in self._spec["ports"]}
        self._targets = targets
        wanted = {(host, number) for number in targets for host in sorted({HOST, self._spec["clusterIP"]})}
        for place in self._gates.keys() - wanted:
            self._gates.pop(place).close()
        for host, number in wanted:
            # Pods that share this machine's address are there already.
            if addresses.available() and targets[number] == number:
                continue
            make = partial(self._connect, targets[number])
            if (host, number) in self._gates:
                self._gates[host, number].connect = make
            else:
                self._gates[host, number] = Gate(host, number, make, self._links)
        log.info("generation %d: ports %s", generation, ", ".join(map(str, sorted(targets))))

    def nudge(self) -> None:
        """`advance` reads all there is."""

    def advance(self) -> None:
        self._endpoints = list(self._find())
        faults = [
            fault
            for (_, number), gate in self._gates.items()
            if (fault := gate.set(listening=self._answered(number)))
        ]
        if faults != ([self._trouble] if self._trouble else []) and faults:
            log.error("%s", faults[0])
        self._trouble = faults[0] if faults else ""
        if any(e["leaving"] for e in self._endpoints) and len(self._drained()) < self._count_leaving():
            asyncio.get_running_loop().call_later(_LOOK, self._changed)

    def status(self, previous: dict[str, Any]) -> dict[str, Any]:
        told = self._trouble
        if not told and self._spec and not any(e["ready"] for e in self._endpoints):
            selector = ",".join(f"{k}={v}" for k, v in (self._spec.get("selector") or {}).items())
            there = f"there are {len(self._endpoints)}"
            told = f"No pod with the labels {selector} is ready ({there}): nobody answers."
        return {"loadBalancer": {}} | ({"description": told} if told else {})

    def gone(self, previous: dict[str, Any], why: str) -> dict[str, Any]:
        return {"loadBalancer": {}, "description": why}

    def told(self) -> dict[str, Any]:
        """`drained`: pods that are to end and at which there is no request any more."""
        return {
            "trouble": self._trouble,
            "drained": self._drained(),
            "endpoints": self._shown(ready=True),
            "not_ready": self._shown(ready=False),
        }

    def _shown(self, *, ready: bool) -> list[str]:
        """Pods and their addresses."""
        found = [e for e in self._endpoints if e["ready"] is ready and not e["leaving"]]
        return sorted(f"{e['pod']} {e['address']}" for e in found)

    async def close(self) -> None:
        for gate in self._gates.values():
            gate.close()

    def _answered(self, number: int) -> bool:
        """Whether a pod is ready that has the port of this name or number."""
        target = self._targets[number]
        ready = [e for e in self._endpoints if e["ready"]]
        return any(isinstance(target, int) or target in e["ports"] for e in ready)

    def _count_leaving(self) -> int:
        return sum(bool(e["leaving"]) for e in self._endpoints)

    def _drained(self) -> list[str]:
        busy = {link.pod for link in self._links if link.busy} | (+self._dialled).keys()
        return sorted(e["pod"] for e in self._endpoints if e["leaving"] and e["pod"] not in busy)

    def _find(self) -> list[Endpoint]:
        selector = (self._spec.get("selector") or {}).items()
        project, namespace = self._here.project, self._here.namespace
        found: list[Endpoint] = []
        for kind in (DEPLOYMENT, SELDON):
            for name in store.names(project, kind, namespace):
                here = Store(project, name, kind, namespace)
                said = here.status() or {}
                if not said.get("endpoints") or not here.alive():
                    continue
                if kind == SELDON and not _is_in(here, namespace):
                    continue
                # What a supervisor that was killed has left is no news of the one that lives.
                if said.get("instance") == (here.supervisor() or {}).get("instance"):
                    found += [e for e in said["endpoints"] if selector and selector <= e["labels"].items()]
        return found

    async def _connect(self, target: int | str) -> tuple[str, socket.socket] | None:
        """A connection to the next pod that is ready, or to one after it; None where nobody answers."""
        ready = [e for e in self._endpoints if e["ready"]]
        self._turn += 1
        for offset in range(len(ready)):
            chosen = ready[(self._turn + offset) % len(ready)]
            port = chosen["ports"].get(str(target), target)
            if isinstance(port, str):
                continue
            dialled = socket.socket()
            dialled.setblocking(False)
            dialled.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # A pod that somebody is on the way to is not to end.
            self._dialled[chosen["pod"]] += 1
            try:
                async with asyncio.timeout(_DIAL):
                    await asyncio.get_running_loop().sock_connect(dialled, (chosen["address"], port))
            except (OSError, TimeoutError):
                dialled.close()
                continue
            finally:
                self._dialled[chosen["pod"]] -= 1
            return chosen["pod"], dialled
        self._changed()
        return None


class Gate:
    """One port at one address: held while nobody is behind it, listened on while somebody is."""

    def __init__(self, host: str, port: int, connect: Callable[[], Any], links: set[Link]) -> None:
        self.host, self.port, self.connect, self._links = host, port, connect, links
        self._held: socket.socket | None = None
        self._server: socket.socket | None = None
        self._accepting: asyncio.Task[asyncio.Server] | None = None

    def set(self, *, listening: bool) -> str:
        """Why that cannot be, or ''."""
        try:
            if listening and self._server is None:
                self._let_go()
                self._server = ports.listen(self.port, host=self.host)
                loop = asyncio.get_running_loop()
                self._accepting = loop.create_task(
                    loop.create_server(lambda: Client(lambda: self.connect(), self._links), sock=self._server)
                )
            elif not listening and (self._server or self._held is None):
                self._shut()
                self._held = _bound(self.host, self.port)
        except OSError as error:
            return cannot(self.port, error, host=self.host)
        return ""

    def close(self) -> None:
        self._shut()
        self._let_go()

    def _let_go(self) -> None:
        if self._held:
            self._held.close()
        self._held = None

    def _shut(self) -> None:
        """Take nobody in any more; who is in stays."""
        if self._accepting:
            if self._accepting.done() and not self._accepting.cancelled():
                self._accepting.result().close()
            else:
                self._accepting.cancel()
        if self._server:
            self._server.close()
        self._server = self._accepting = None


def cannot(port: int, error: OSError, *, host: str = HOST) -> str:
    """What to say of a port that cannot be had."""
    if isinstance(error, PermissionError):
        return (
            f"port {port} needs rights that this user has not; expected 1024 or more, such as {8000 + port}."
        )
    where = "" if host == HOST else f" at {host}"
    return f"port {port}{where} is held by {holder.of(port)}. End it, or give the Service another port."


def _bound(host: str, port: int) -> socket.socket:
    """Nobody else can have it, and who connects is refused."""
    held = socket.socket()
    try:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind((host, port))
    except OSError:
        held.close()
        raise
    return held


def _is_in(here: Store, namespace: str) -> bool:
    record = here.object()
    return record is not None and bool(record["object"]["metadata"]["namespace"] == namespace)
