"""A port and the wish for gRPC in, a gRPC server beside the one of REST out.

Nothing of grpc is imported before somebody asks for it, and then in a thread: REST goes on meanwhile.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from argolane.serving.orchestrator import rpc
from argolane.serving.ports import HOST

if TYPE_CHECKING:
    from argolane.serving.orchestrator.rpc.listener import App, RpcListener

log = logging.getLogger(__name__)


class RpcPort:
    """Opened by `want`; `changed` is called when it is open, or cannot be."""

    def __init__(self, make: "Callable[[], App]", *, changed: Callable[[], None], wanted: int = 0,
                 host: str = HOST, other: bool = False) -> None:  # fmt: skip
        """`make`: what answers, asked for once grpc is there. `wanted`: the port, or any free one if it is 0;
        `other`: any free one, too, where it is taken."""
        self._make, self._changed = make, changed
        self._host, self._ports = host, [wanted, 0] if other and wanted else [wanted]
        self._listener: RpcListener | None = None
        self._opening: asyncio.Task[None] | None = None
        self.port = 0
        self.trouble = ""

    @property
    def opening(self) -> bool:
        return self._opening is not None and not self._opening.done()

    def want(self, largest: int) -> None:
        """`largest`: bytes of a message that are taken; the graph may refuse less."""
        if self._opening is None:
            self._opening = asyncio.create_task(self._open(largest))

    async def close(self, *, patience: float | None = None) -> None:
        """Take no new calls; those in flight may take `patience` seconds, or for ever."""
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait({self._opening})
        if self._listener is not None:
            await self._listener.close(patience=patience)

    async def _open(self, largest: int) -> None:
        await rpc.load()
        from argolane.serving.orchestrator.rpc.listener import RpcListener

        for wanted in self._ports:
            self._listener = RpcListener(self._make(), host=self._host, largest=largest)
            with contextlib.suppress(OSError):
                self.port = await self._listener.open(wanted)
                break
        else:
            self.trouble = f"Cannot listen on port {self._ports[0]} of {self._host}: Address already in use."
            log.error("gRPC: %s", self.trouble)
        self._changed()
