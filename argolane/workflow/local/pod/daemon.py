"""The containers of a daemon in, a word once each of them is ready out; and the address it is reached at.

Ready is what the readinessProbe of a container says, or that it runs. A daemon that was ready once stays so,
as Argo's controller sees it.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from argolane.containers import addresses
from argolane.containers.sandbox import Container
from argolane.serving import own_probes


@contextlib.contextmanager
def address(folder: Path) -> Iterator[str | None]:
    """One that no other pod has, while the pod of this folder is there; None where the machine has none to
    give: then it shares this machine's own."""
    if addresses.available() is not None:
        yield None
        return
    with addresses.claim(str(folder)) as claimed:
        yield claimed


@contextlib.contextmanager
def until_ready(
    declared: Sequence[Mapping[str, Any]],
    made: Mapping[str, Container],
    address: str,
    tell: Callable[[str], None],
) -> Iterator[None]:
    """`tell` is called with the address, from another thread, unless the block is over before."""
    loop = asyncio.new_event_loop()
    asked = loop.create_task(_all_ready(declared, made, address))

    def work() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            loop.run_until_complete(asked)
            tell(address)

    thread = threading.Thread(target=work, name=f"probes of {address}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(asked.cancel)
        thread.join()
        loop.close()


async def _all_ready(
    declared: Sequence[Mapping[str, Any]], made: Mapping[str, Container], address: str
) -> None:
    begun = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for container in declared:
            if container.get("readinessProbe") and container["name"] in made:
                group.create_task(_ready(container, made[container["name"]], address, begun))


async def _ready(container: Mapping[str, Any], made: Container, address: str, begun: float) -> None:
    probe = container["readinessProbe"]
    places = own_probes.Places(container.get("ports") or (), address=address)
    numbers = own_probes.Numbers.of(probe)
    async for result in own_probes.results(own_probes.check(probe, places, made), numbers, begun=begun):
        if result.well:
            return
