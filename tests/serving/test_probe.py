"""When a port counts as ready, and when as deaf."""

import asyncio
import socket

from argolane.serving import probe


def refusing() -> socket.socket:
    """A bound socket that does not listen: its port refuses."""
    held = socket.socket()
    held.bind(("127.0.0.1", 0))
    return held


def test_a_probe_can_always_be_cancelled() -> None:
    """However a cancellation meets a refused connection, each of 400 probes ends."""

    async def cancel_many(port: int) -> None:
        for turn in range(400):
            asking = asyncio.create_task(probe.answers(port))
            for _ in range(turn % 8):
                await asyncio.sleep(0)
            asking.cancel()
            done, _ = await asyncio.wait({asking}, timeout=2)
            assert done

    with refusing() as held:
        asyncio.run(cancel_many(held.getsockname()[1]))


def test_an_open_port_without_an_answer_is_not_ready() -> None:
    """Readiness waits for an HTTP answer of any status, not for the port alone."""

    async def scenario() -> None:
        may_answer = asyncio.Event()

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readline()
            await may_answer.wait()
            writer.write(b"HTTP/1.1 500 model says no\r\n\r\n")
            writer.close()

        async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
            ready = asyncio.create_task(probe.answers(server.sockets[0].getsockname()[1]))
            await asyncio.sleep(0.2)
            assert not ready.done()
            may_answer.set()
            await asyncio.wait_for(ready, 5)

    asyncio.run(scenario())


def test_a_port_that_closes_is_deaf() -> None:
    """While somebody listens nothing happens; after that it takes three refused dials."""

    async def scenario() -> None:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.close()

        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        deaf = asyncio.create_task(probe.deaf(server.sockets[0].getsockname()[1], ready=lambda: False))
        await asyncio.sleep(1.2)
        assert not deaf.done()
        server.close()
        await server.wait_closed()
        await asyncio.wait_for(deaf, 10)

    asyncio.run(scenario())
