"""A probe of a manifest in, what it finds out: the kubelet's probes, for containers that have their own.

Where a container has none, `probe` says what the operator gives it. Ports are those of the manifest; a unit's
own are looked up, as they are free ones of this machine. A command is run beside the container's: with its
image, environment, volumes and /tmp.
"""

import asyncio
import ssl
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from argolane.containers import sandbox
from argolane.errors import ArgolaneError
from argolane.serving.ports import HOST, Ports

Check = Callable[[], Awaitable[str]]
"""Nothing when it is well, else why not, in the kubelet's words."""

_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_REDIRECTS = 10
_MOST_WORDS = 300
# What the operator counts a unit's ports from.
_FIRST = {"http": 9000, "grpc": 9500, "metrics": 6000}


class Amiss(Exception):
    """The probe failed, for this reason."""


@dataclass(frozen=True)
class Numbers:
    """When a probe asks, and how often it must be told the same; 0 and nothing are Kubernetes' defaults."""

    initial_delay: float
    period: float
    timeout: float
    successes: int
    failures: int

    @classmethod
    def of(cls, probe: Mapping[str, Any]) -> "Numbers":
        return cls(
            probe.get("initialDelaySeconds") or 0,
            probe.get("periodSeconds") or 10,
            probe.get("timeoutSeconds") or 1,
            probe.get("successThreshold") or 1,
            probe.get("failureThreshold") or 3,
        )


@dataclass(frozen=True)
class Result:
    """`well` is None while too few in a row have said so; `why` is what the last one said."""

    well: bool | None
    why: str


@dataclass(frozen=True)
class Places:
    """The ports of a container: those it declares, those of its unit here, the unit's number in the graph;
    and where its pod is."""

    declared: Sequence[Mapping[str, Any]] = ()
    unit: Ports | None = None
    number: int = 0
    address: str = HOST
    grpc: bool = False
    """Whether the unit's own port is that of gRPC."""

    def port(self, given: Any) -> int:
        """The port of this machine for a name or number of the manifest. Raises Amiss."""
        names = {str(port.get("name", "")): port.get("containerPort") for port in self.declared}
        own: dict[str, int] = {}
        if self.unit is not None:
            own = {"http": self.unit.http, "grpc": self.unit.grpc, "metrics": self.unit.metrics}
            if given in own:
                return own[given]
        number = names.get(given, given) if isinstance(given, str) else given
        if isinstance(number, str) and number.isdigit():
            number = int(number)
        if not isinstance(number, int):
            raise Amiss(f"couldn't find port: {given!r} (the container has {', '.join(names) or 'none'})")
        by_number = {(names.get(name) or first + self.number): name for name, first in _FIRST.items()}
        return own.get(by_number.get(number, ""), number)


async def results(check: Check, numbers: Numbers, *, begun: float) -> AsyncIterator[Result]:
    """One for each time it asks, for ever; `begun` is when the container started, by time.monotonic."""
    await asyncio.sleep(max(0.0, begun + numbers.initial_delay - time.monotonic()))
    last, run = None, 0
    while True:
        asked = time.monotonic()
        try:
            async with asyncio.timeout(numbers.timeout):
                why = await check()
        except TimeoutError:
            why = f"timeout: no answer within {numbers.timeout:g} s"
        run = run + 1 if last == (not why) else 1
        last = not why
        enough = run >= (numbers.failures if why else numbers.successes)
        yield Result(last if enough else None, why)
        await asyncio.sleep(max(0.0, asked + numbers.period - time.monotonic()))


def check(probe: Mapping[str, Any], places: Places, made: sandbox.Container) -> Check:
    """What a probe asks; `made` is the running container."""

    async def ask() -> str:
        try:
            if asked := probe.get("httpGet"):
                await _http(asked, places)
            elif asked := probe.get("tcpSocket"):
                await _dial(asked.get("host") or places.address, places.port(asked.get("port")))
            elif asked := probe.get("exec"):
                await _run(asked.get("command") or (), made)
        except (Amiss, ArgolaneError, OSError) as error:
            return str(error)
        return ""

    return ask


async def _dial(host: str, port: int) -> None:
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError as error:
        raise Amiss(f"dial tcp {host}:{port}: {error.strerror or error}") from None
    writer.close()


async def _http(asked: Mapping[str, Any], places: Places) -> None:
    host = asked.get("host") or places.address
    secure = str(asked.get("scheme") or "HTTP").upper() == "HTTPS"
    path = str(asked.get("path") or "/")
    url = (
        f"{'https' if secure else 'http'}://{host}:{places.port(asked.get('port'))}/{path.removeprefix('/')}"
    )
    headers = {str(h.get("name")): str(h.get("value", "")) for h in asked.get("httpHeaders") or ()}
    for _ in range(_MOST_REDIRECTS):
        status, location = await _get(url, headers)
        if status not in _REDIRECTS or not location:
            break
        elsewhere = urljoin(url, location)
        if urlsplit(elsewhere).hostname != urlsplit(url).hostname:
            # Another machine's health is not asked for.
            return
        url = elsewhere
    if not 200 <= status < 400:
        raise Amiss(f"HTTP probe failed with statuscode: {status}")


async def _get(url: str, headers: Mapping[str, str]) -> tuple[int, str]:
    """The status of the answer, and where it sends to."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    given = {"host": parts.netloc, "user-agent": "kube-probe", "accept": "*/*", "connection": "close"}
    given |= {name.lower(): value for name, value in headers.items()}
    lines = [
        f"GET {target} HTTP/1.1",
        *(f"{name}: {value}" for name, value in given.items() if value),
        "",
        "",
    ]
    writer = None
    try:
        reader, writer = await asyncio.open_connection(
            parts.hostname, port, ssl=_any_certificate() if secure else None
        )
        writer.write("\r\n".join(lines).encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(head[0].split(" ")[1])
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise Amiss(f'Get "{url}": {getattr(error, "strerror", "") or error}') from None
    except (ValueError, IndexError):
        raise Amiss(f'Get "{url}": malformed HTTP response') from None
    finally:
        if writer is not None:
            writer.close()
    found = (line.partition(":") for line in head[1:])
    return status, next((value.strip() for name, _, value in found if name.lower() == "location"), "")


def _any_certificate() -> ssl.SSLContext:
    """As the kubelet, which asks a pod for no certificate that it could trust."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def _run(command: Sequence[str], made: sandbox.Container) -> None:
    with tempfile.TemporaryDirectory(prefix="argolane-probe-") as folder:
        said = Path(folder, "said")
        beside = replace(made, argv=tuple(map(str, command)), layer=None, outputs=None)
        process = await asyncio.to_thread(sandbox.start, beside, stdout=said)
        ended = asyncio.Event()
        loop, file = asyncio.get_running_loop(), process.fileno()
        try:
            if process.poll() is None:
                loop.add_reader(file, ended.set)
                await ended.wait()
            code = process.wait(1)
        finally:
            loop.remove_reader(file)
            process.kill()
        words = said.read_bytes()[:_MOST_WORDS].decode("utf-8", "replace").strip()
    if code:
        raise Amiss(words or f"the command ended with exit code {code}")
