"""A port in, silence until it answers (readiness) or until it is deaf (liveness): how containers are seen.

A TCP dial, which is all the operator's readiness probe does, succeeds before the wrapper's worker has loaded
the model: the port is open and the answer waits. So an answer is waited for as well; its status does not
matter, as a model whose own `health_status` fails is Ready on a cluster, too.
"""

import asyncio
import time
from collections.abc import Callable

from argolane.serving.ports import HOST

_BETWEEN_DIALS = 0.05
_PATIENCE = 60.0
# As the operator's liveness probe: not before 60 s, every five seconds, three dials in a row.
_TIME_TO_LISTEN = 60.0
_DIALS = 3
_BETWEEN_CHECKS = 5.0
_BETWEEN_DOUBTS = 1.0
_REQUEST = b"GET /health/status HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % HOST.encode()


async def answers(port: int) -> None:
    """Returns when an HTTP answer has come from `port` of this machine; never gives up by itself."""
    while True:
        try:
            # Not wait_for, which in Python 3.11 can lose a cancellation to a refused connection.
            async with asyncio.timeout(_PATIENCE):
                if await _ask(port):
                    return
        except (OSError, TimeoutError):
            pass
        await asyncio.sleep(_BETWEEN_DIALS)


async def listens(port: int) -> None:
    """Returns when something listens on `port` of this machine; never gives up by itself."""
    while not await _listens(port):
        await asyncio.sleep(_BETWEEN_DIALS)


async def deaf(port: int, *, ready: Callable[[], bool]) -> None:
    """Returns when `port` has stopped listening, or has not begun to in its time; looks closer until `ready`.

    The wrapper's main process can hang on its helpers when its server has died: alive, but of no use.
    """
    begun = time.monotonic()
    listened, refused = False, 0
    while refused < _DIALS:
        await asyncio.sleep(_BETWEEN_CHECKS if ready() and not refused else _BETWEEN_DOUBTS)
        if await _listens(port):
            listened, refused = True, 0
        elif listened or time.monotonic() - begun > _TIME_TO_LISTEN:
            refused += 1


async def _listens(port: int) -> bool:
    try:
        async with asyncio.timeout(1):
            _, writer = await asyncio.open_connection(HOST, port)
    except TimeoutError:
        # A full queue is no sign of death.
        return True
    except OSError:
        return False
    writer.close()
    return True


async def _ask(port: int) -> bool:
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        writer.write(_REQUEST)
        return (await reader.readline()).startswith(b"HTTP/")
    finally:
        writer.close()
