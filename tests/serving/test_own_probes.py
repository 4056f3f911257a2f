"""Probes of a manifest: what they ask, how often, and what they find."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from argolane.containers import sandbox
from argolane.serving.own_probes import Amiss, Numbers, Places, Result, check, results
from argolane.serving.ports import Ports

PORTS = Ports(41000, 41001, 41002)


def box(**env: str) -> sandbox.Container:
    return sandbox.Container(name="m", argv=("true",), env={"PATH": "/usr/bin:/bin", **env})


def asked(probe: dict[str, Any], answer: Callable[[str, dict[str, str]], bytes]) -> str:
    """What a probe says of a server on a free port, which stands for PORT in the probe."""

    async def scenario() -> str:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            first, *lines = (await reader.read(65536)).decode().split("\r\n")
            headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in lines)}
            writer.write(answer(first, headers))
            writer.close()

        async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            places = Places(({"name": "own", "containerPort": port},), PORTS)
            said = await check(probe, places, box())()
            # For what the server still has to close.
            await asyncio.sleep(0.05)
            return said

    return asyncio.run(scenario())


@pytest.mark.parametrize(
    ("status", "well"), [(200, True), (204, True), (399, True), (404, False), (500, False)]
)
def test_http_is_well_from_200_to_399(status: int, well: bool) -> None:
    """Told in the kubelet's words otherwise."""
    why = asked({"httpGet": {"path": "/x", "port": "own"}}, lambda *_: b"HTTP/1.1 %d X\r\n\r\n" % status)
    assert why == ("" if well else f"HTTP probe failed with statuscode: {status}")


def test_http_asks_for_path_and_headers() -> None:
    """The query too; a Host of its own, and the kubelet's name unless another is given."""
    seen: list[Any] = []

    def answer(first: str, headers: dict[str, str]) -> bytes:
        seen.append((first, headers["host"], headers["user-agent"], headers["x-a"]))
        return b"HTTP/1.1 200 OK\r\n\r\n"

    headers = [{"name": "Host", "value": "there"}, {"name": "X-A", "value": "1"}]
    assert asked({"httpGet": {"path": "a?b=c", "port": "own", "httpHeaders": headers}}, answer) == ""
    assert seen == [("GET /a?b=c HTTP/1.1", "there", "kube-probe", "1")]


@pytest.mark.parametrize(
    ("location", "well"),
    [("/end", False), ("http://elsewhere.example/end", True), ("", True), ("/good", True)],
)
def test_http_follows_on_its_own_host(location: str, well: bool) -> None:
    """The status of the last page counts; another host's is not asked for, as a 302 alone is well."""

    def answer(first: str, headers: dict[str, str]) -> bytes:
        if " /end " in first:
            return b"HTTP/1.1 503 X\r\n\r\n"
        if " /good " in first:
            return b"HTTP/1.1 200 X\r\n\r\n"
        return f"HTTP/1.1 302 X\r\nLocation: {location}\r\n\r\n".encode()

    assert (asked({"httpGet": {"port": "own"}}, answer) == "") is well


def test_what_does_not_listen_is_not_well() -> None:
    """By HTTP and by TCP; what listens is well by TCP whatever it says."""
    assert asked({"tcpSocket": {"port": "own"}}, lambda *_: b"") == ""

    async def refused(probe: dict[str, Any]) -> str:
        return await check(probe, Places(), box())()

    assert "Connect call failed" in asyncio.run(
        refused({"tcpSocket": {"port": 1}})
    ) or "refused" in asyncio.run(refused({"tcpSocket": {"port": 1}}))
    assert asyncio.run(refused({"httpGet": {"port": 1}})).startswith('Get "http://127.0.0.1:1/"')


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (["true"], ""),
        (["sh", "-c", 'test "$WHO" = me'], ""),
        (["sh", "-c", "echo not yet; exit 3"], "not yet"),
        (["false"], "the command ended with exit code 1"),
        (["no-such-program"], "no-such-program"),
    ],
)
def test_a_command_is_well_when_it_ends_with_0(command: list[str], why: str) -> None:
    """It sees the container's environment; what it says is the reason."""

    async def run() -> str:
        return await check({"exec": {"command": command}}, Places(), box(WHO="me"))()

    said = asyncio.run(run())
    assert why in said if why else said == ""


@pytest.mark.parametrize(
    ("given", "port"),
    [("http", 41000), ("grpc", 41001), ("metrics", 41002), (9002, 41000), (9502, 41001), (6002, 41002),
     (8080, 8080), ("admin", 8080), ("8081", 8081), (9000, 9000)],
)  # fmt: skip
def test_ports_of_a_unit_are_those_of_this_machine(given: Any, port: int) -> None:
    """The operator counts 9000, 9500 and 6000 on from unit to unit; other ports are the container's own."""
    places = Places(({"name": "admin", "containerPort": 8080},), PORTS, number=2)
    assert places.port(given) == port


def test_a_port_that_the_manifest_names_http_is_the_unit_s() -> None:
    """By its name and by its number; a name that nobody declares is told."""
    places = Places(({"name": "http", "containerPort": 5000},), PORTS)
    assert (places.port("http"), places.port(5000)) == (41000, 41000)
    with pytest.raises(Amiss, match="couldn't find port: 'nope'"):
        places.port("nope")


def collected(answers: list[str], numbers: Numbers, *, begun: float | None = None) -> list[Result]:
    async def scenario() -> list[Result]:
        waiting = list(answers)

        async def ask() -> str:
            return waiting.pop(0)

        found = []
        async for result in results(ask, numbers, begun=time.monotonic() if begun is None else begun):
            found.append(result)
            if not waiting:
                break
        return found

    return asyncio.run(scenario())


def test_thresholds_count_answers_in_a_row() -> None:
    """Three failures, two successes: what comes between begins the count anew."""
    numbers = Numbers(0, 0.01, 1, successes=2, failures=3)
    found = collected(["no", "no", "", "no", "no", "no", "", "", ""], numbers)
    assert [result.well for result in found] == [None] * 5 + [False, None, True, True]


def test_delay_and_period_are_kept() -> None:
    """The first question after the delay, counted from the container's start; then one a period."""
    begun = time.monotonic()
    collected([""] * 3, Numbers(0.3, 0.2, 1, 1, 1), begun=begun)
    assert 0.65 < time.monotonic() - begun < 3
    begun = time.monotonic()
    collected([""], Numbers(0.5, 0.2, 1, 1, 1), begun=begun - 10)
    assert time.monotonic() - begun < 0.4


def test_a_slow_answer_is_a_failure() -> None:
    """timeoutSeconds, 1 unless the manifest says otherwise."""

    async def scenario() -> Result:
        async for result in results(lambda: asyncio.sleep(5, ""), Numbers(0, 1, 0.1, 1, 1), begun=0):
            return result
        raise AssertionError

    assert asyncio.run(scenario()) == Result(False, "timeout: no answer within 0.1 s")


def test_absent_numbers_are_those_of_kubernetes() -> None:
    """0 stands for absent, as in the API."""
    assert Numbers.of({}) == Numbers.of({"periodSeconds": 0}) == Numbers(0, 10, 1, 1, 3)
    assert Numbers.of({"initialDelaySeconds": 7, "failureThreshold": 1}) == Numbers(7, 10, 1, 1, 1)
