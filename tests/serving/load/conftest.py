"""A server in a process of its own, which does what a request's strData says, and short loads upon it."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from argolane.serving.load.address import Address, address
from argolane.serving.load.measured import Measured
from argolane.serving.load.plan import Plan, checked
from argolane.serving.load.running import Running

# The stall stops the whole server once, half a second after the first.
SERVER = """
import asyncio, json, os, re, time
first, stalled, count = None, False, 0
def said(text, status=200, more=""):
    return f"HTTP/1.1 {status} Fine\\r\\n{more}Content-Length: {len(text)}\\r\\n\\r\\n{text}".encode()
async def serve(reader, writer):
    global first, stalled, count
    try:
        while True:
            head = await reader.readuntil(b"\\r\\n\\r\\n")
            body = await reader.readexactly(int(re.search(rb"(?i)content-length: (\\d+)", head)[1]))
            what, _, how = json.loads(body).get("strData", "").partition(" ")
            count, first = count + 1, first or time.monotonic()
            if what == "slow": await asyncio.sleep(float(how))
            if what == "stall" and not stalled and time.monotonic() > first + 0.5:
                stalled = True
                time.sleep(float(how))
            if what == "die" and count > int(how): os._exit(0)
            text = json.dumps({"meta": {"routing": {"ab": count % 2}, "requestPath": {"ab": "", "xy"[count % 2]: "i"}},
                               "strData": "z" * (int(how) if what == "large" else 1)})
            if what == "arms": writer.write(said(text))
            elif what == "status": writer.write(said("so it is", how))
            elif what == "nonsense": writer.write(b"What?\\r\\n\\r\\n")
            elif what == "cut": writer.write(b"HTTP/1.1 200 Fine\\r\\nContent-Length: 9\\r\\n\\r\\nabc"); break
            elif what == "close": writer.write(said("{}", 200, "Connection: close\\r\\n")); break
            elif what == "until": writer.write(b"HTTP/1.1 200 Fine\\r\\n\\r\\n{}"); break
            elif what == "chunked":
                for part in (b"HTTP/1.1 200 Fine\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n2\\r", b"\\n{", b"}\\r\\n0\\r\\n", b"\\r\\n"):
                    writer.write(part)
                    await writer.drain()
                    await asyncio.sleep(0.001)
            elif what == "leave": writer.write(said("{}")); break
            elif what == "large": writer.write(said(text))
            else: writer.write(said("{}"))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError): pass
    writer.close()
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1024, limit=1 << 24)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""  # noqa: E501  a program that is short of lines, not of width

Load = Callable[..., Measured]


@pytest.fixture
def place() -> Iterator[Address]:
    """Where the server is, which is there."""
    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield address(f"http://127.0.0.1:{int(process.stdout.readline())}/predict", allow_remote=False)
        finally:
            process.kill()


@pytest.fixture
def load(place: Address) -> Load:
    """What is measured of the server when it is asked for one thing, or for several in turn."""

    def measured(*asked: str, **given: float | None) -> Measured:
        plan = checked(Plan(**{"rate": None, "clients": 2, "duration": 0.4, "warm_up": 0, **given}))  # type: ignore[arg-type]
        bodies = [f'{{"strData": "{one}"}}'.encode() for one in asked]
        return Running(plan, place, [place.request(body) for body in bodies]).run()

    return measured


@pytest.fixture
def csv_file(tmp_path: Path) -> Path:
    file = tmp_path / "rows.csv"
    file.write_text("a,b\n1,2.5\n3,4\n")
    return file
