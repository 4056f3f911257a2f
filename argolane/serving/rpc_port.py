"""A front and the wish for gRPC in, a gRPC server on a port of this machine out.

Nothing of grpc is imported before somebody asks for it.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from argolane.serving.front import Front
from argolane.serving.orchestrator import rpc
from argolane.serving.ports import HOST

if TYPE_CHECKING:
    from argolane.serving.orchestrator.rpc.listener import RpcListener

log = logging.getLogger(__name__)


class RpcPort:
    """Opened by `want`; `changed` is called when it is open, or cannot be."""

    def __init__(self, front: Front, *, last: int | None, changed: Callable[[], None]) -> None:
        """`last`: the port that the deployment had before."""
        self._front, self._last, self._changed = front, last or 0, changed
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

    async def close(self, *, patience: float) -> None:
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait({self._opening})
        if self._listener is not None:
            await self._listener.close(patience=patience)

    async def _open(self, largest: int) -> None:
        try:
            await rpc.load()
            from argolane.serving.orchestrator.rpc.listener import RpcListener

            self._listener = RpcListener(self._front, host=HOST, largest=largest)
            with contextlib.suppress(OSError):
                self.port = await self._listener.open(self._last)
            if not self.port:
                self._listener = RpcListener(self._front, host=HOST, largest=largest)
                self.port = await self._listener.open(0)
        except (OSError, ImportError) as error:
            log.exception("gRPC")
            self.trouble = f"gRPC is asked for and its server does not start: {error}"
        self._changed()
