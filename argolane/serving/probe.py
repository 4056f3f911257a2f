"""A port in, silence until something behind it answers HTTP: how a model container's readiness is seen.

A TCP dial, which is all the operator's probe does, succeeds before the wrapper's worker has loaded the model:
the port is open and the answer waits. So an answer is waited for as well; its status does not matter, as a
model whose own `health_status` fails is Ready on a cluster, too.
"""

import asyncio

from argolane.serving.ports import HOST

_BETWEEN_DIALS = 0.05
_PATIENCE = 60.0
_REQUEST = b"GET /health/status HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % HOST.encode()


async def answers(port: int) -> None:
    """Returns when an HTTP answer has come from `port` of this machine; never gives up by itself."""
    while True:
        try:
            if await asyncio.wait_for(_ask(port), _PATIENCE):
                return
        except (OSError, TimeoutError):
            pass
        await asyncio.sleep(_BETWEEN_DIALS)


async def _ask(port: int) -> bool:
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        writer.write(_REQUEST)
        return (await reader.readline()).startswith(b"HTTP/")
    finally:
        writer.close()
