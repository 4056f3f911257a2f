"""An address and a request's bytes in, the response out: kept connections to the nodes of a graph."""

import asyncio
import time
from collections import defaultdict

from argolane.serving.orchestrator.http1 import Address, Connection, ConnectionLost, Response

# Shorter than gunicorn's keep-alive of 2 s: a connection is never used while its node is closing it.
_IDLE_SECONDS = 1.0
_IDLE_CONNECTIONS = 64
_DIAL_SECONDS = 10.0


class Pool:
    """Connections by address; each is used by one call at a time, the last used first."""

    def __init__(self) -> None:
        self._idle: dict[Address, list[Connection]] = defaultdict(list)
        self._sweeper: asyncio.TimerHandle | None = None

    async def dial(self, address: Address) -> None:
        """Whether something listens there; raises OSError if not."""
        async with asyncio.timeout(_DIAL_SECONDS):
            connection = await Connection.dial(address)
        connection.close()

    async def exchange(self, address: Address, request: bytes, *, again: bool) -> Response:
        """Raises OSError. `again`: the request may be sent twice, which a reward must not be."""
        kept = self._kept(address)
        connection = kept or await Connection.dial(address)
        try:
            response = await connection.exchange(request)
        except (ConnectionLost, ConnectionResetError, BrokenPipeError) as error:
            # Only a kept connection may have been closed by its node just now.
            if kept is None or not again or (isinstance(error, ConnectionLost) and error.began):
                raise
            connection = await Connection.dial(address)
            response = await connection.exchange(request)
        if response.keep and len(self._idle[address]) < _IDLE_CONNECTIONS:
            self._keep(connection, address)
        else:
            connection.close()
        return response

    def _kept(self, address: Address) -> Connection | None:
        idle = self._idle[address]
        while idle:
            connection = idle.pop()
            if connection.idle_since > time.monotonic() - _IDLE_SECONDS and connection.usable():
                return connection
            connection.close()
        return None

    def _keep(self, connection: Connection, address: Address) -> None:
        connection.idle_since = time.monotonic()
        self._idle[address].append(connection)
        if self._sweeper is None:
            self._sweeper = asyncio.get_running_loop().call_later(_IDLE_SECONDS, self._sweep)

    def _sweep(self) -> None:
        """Close what nobody has used for so long; comes again while there is any."""
        self._sweeper = None
        for address, connections in self._idle.items():
            fresh = [c for c in connections if c.idle_since > time.monotonic() - _IDLE_SECONDS]
            for connection in set(connections) - set(fresh):
                connection.close()
            self._idle[address] = fresh
        if any(self._idle.values()):
            self._sweeper = asyncio.get_running_loop().call_later(_IDLE_SECONDS, self._sweep)

    def close(self) -> None:
        if self._sweeper is not None:
            self._sweeper.cancel()
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()
