"""Sockets to listen on, and ports held for a unit."""

import asyncio
import socket
import sys

import pytest

from argolane.serving import ports


def test_what_is_accepted_sends_without_delay() -> None:
    """asyncio turns Nagle's algorithm off on every connection that a socket of ours accepts."""

    async def run() -> int:
        delays = asyncio.get_running_loop().create_future()

        def accepted(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connection = writer.get_extra_info("socket")
            delays.set_result(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listening = ports.listening(None)
        async with await asyncio.start_server(accepted, sock=listening):
            _, writer = await asyncio.open_connection(*listening.getsockname())
            found: int = await asyncio.wait_for(delays, 10)
            writer.close()
        return found

    assert asyncio.run(run())


def test_a_port_that_is_taken_is_replaced() -> None:
    """The deployment gets another one; a port that is free is the one asked for."""
    with ports.listen(0) as taken:
        port = taken.getsockname()[1]
        with ports.listening(port) as other:
            assert other.getsockname()[1] != port
    with ports.listening(port) as again:
        assert again.getsockname() == (ports.HOST, port)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere ports are not held")
def test_a_held_port_is_its_servers_alone() -> None:
    """Nobody who asks for any port gets it; the server that it is held for can listen there."""
    held = ports.Held()
    try:
        assert len(set(vars(held.ports).values())) == 3
        with socket.create_server((ports.HOST, held.ports.http)) as server:
            assert server.getsockname()[1] == held.ports.http
    finally:
        held.let_go()
