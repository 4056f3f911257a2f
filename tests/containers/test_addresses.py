"""A pod's address: what its containers bind, reach and leave behind, in every kind of isolation."""

import contextlib
import dataclasses
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from own_python import python

import argolane
from argolane.containers import addresses, machine
from argolane.containers.process import Process
from argolane.containers.sandbox import Container, Mount, start
from argolane.errors import ArgolaneError

ENV = {"PATH": os.environ["PATH"]}
# Serves its name on a port of each place given, until it is ended.
SERVER = """
import os, socket, sys, threading
name, port, *places = sys.argv[1:]
servers = []
for place in places:
    host, _, option = place.partition("/")
    server = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if option:
        server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(option))
    server.bind((host, int(port)))
    servers.append(server)
def serve(server):
    while True:
        connection = server.accept()[0]
        connection.sendall(name.encode())
        connection.close()
for server in servers:
    server.listen()
    threading.Thread(target=serve, args=(server,)).start()
print(f"up {servers[0].getsockname()[1]}", flush=True)
"""
# Says what answers at each HOST:PORT given.
ASK = """
import socket, sys
for place in sys.argv[1:]:
    host, _, port = place.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), 10) as client:
            print(client.recv(99).decode())
    except OSError as error:
        print(type(error).__name__)
"""

pytestmark = pytest.mark.skipif(addresses.available() is not None, reason=str(addresses.available()))
Pod = Callable[..., Process]


@pytest.fixture
def pod(isolation: str, tmp_path: Path) -> Iterator[Pod]:
    """Starts code in a container with an address; all are killed at the end. `output` is a file's name."""
    started: list[Process] = []

    def run(address: str, code: str, *arguments: object, output: str = "output", **fields: object) -> Process:
        made = python(code, *map(str, arguments), env=ENV)
        container = dataclasses.replace(made, address=address, **fields)
        started.append(start(container, stdout=tmp_path / output))
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.wait(20)


@pytest.fixture
def two(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """Of no other test: for a minute the kernel remembers connections."""
    names = (f"{request.node.name} {number} {os.getpid()}" for number in (1, 2))
    with addresses.claim(next(names)) as one, addresses.claim(next(names)) as two:
        yield one, two


@pytest.fixture
def port() -> int:
    """One that nobody has on loopback, below those that the kernel gives away."""
    for number in range(21000, 32000):
        with contextlib.suppress(OSError), socket.create_server(("", number)):
            return number
    raise AssertionError


def _up(process: Process, output: Path) -> None:
    end = time.monotonic() + 20
    while not (output.exists() and "up" in output.read_text()):
        assert process.poll() is None, output.read_text()
        assert time.monotonic() < end, output.read_text()
        time.sleep(0.01)


def _ask(host: str, port: int) -> str:
    try:
        with socket.create_connection((host, port), 10) as client:
            return client.recv(99).decode()
    except ConnectionRefusedError:
        return "refused"


@pytest.mark.parametrize(
    "places",
    [("0.0.0.0",), ("127.0.0.1",), ("::/0",), ("::1",), ("::/1",), ("::ffff:0.0.0.0",),
     ("0.0.0.0", "::/1"), ("::1/1", "127.0.0.1")],
    ids=" ".join,
)  # fmt: skip
def test_pods_listen_on_one_port(
    pod: Pod, two: tuple[str, str], port: int, places: tuple[str, ...], tmp_path: Path
) -> None:
    """However two servers ask for all addresses or for loopback: each is found at its pod's address, and
    neither elsewhere on this machine; inside, each finds itself by every name of loopback."""
    for place, address in enumerate(two):
        process = pod(address, SERVER, address, port, *places, output=f"{place}.txt")
        _up(process, tmp_path / f"{place}.txt")
    assert [_ask(address, port) for address in two] == list(two)
    outside = [info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)]
    for other in ("127.0.0.1", "::1", "127.0.0.2", *outside):
        assert _ask(str(other), port) == "refused"
    names = [f"{host}:{port}" for host in ("127.0.0.1", "localhost", "::1", "0.0.0.0", *two)]
    assert pod(two[0], ASK, *names, output="said").wait(20) == 0
    assert (tmp_path / "said").read_text().split() == [two[0]] * 5 + [two[1]]


def test_servers_outside_the_pod_are_reached(pod: Pod, two: tuple[str, str], tmp_path: Path) -> None:
    """127.0.0.1 of a port on which the pod has no server is this machine's, and refuses if that has none."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        with socket.create_server(("127.0.0.1", 0)) as other:
            free = other.getsockname()[1]
        process = pod(two[0], ASK, f"127.0.0.1:{taken}", f"localhost:{free}")
        server.settimeout(20)
        with server.accept()[0] as connection:
            connection.sendall(b"outside")
        assert process.wait(20) == 0
    assert (tmp_path / "output").read_text().split() == ["outside", "ConnectionRefusedError"]


@pytest.mark.parametrize("place", ["0.0.0.0", "::/0", "::/1"])
def test_a_container_that_is_to_listen_on_loopback_alone(
    pod: Pod, port: int, place: str, tmp_path: Path
) -> None:
    """Its address is 127.0.0.1: a server that asks for all addresses is there, and no network reaches it."""
    _up(pod("127.0.0.1", SERVER, "loopback", port, place), tmp_path / "output")
    assert _ask("127.0.0.1", port) == "loopback"
    listed = subprocess.run(["ss", "-Htln", f"sport = {port}"], capture_output=True, text=True, check=True)
    assert [line.split()[3] for line in listed.stdout.splitlines()] in (
        [f"127.0.0.1:{port}"],
        [f"[::ffff:127.0.0.1]:{port}"],
    )


def test_a_port_that_the_pod_has_is_in_use(pod: Pod, two: tuple[str, str], port: int, tmp_path: Path) -> None:
    """A second server of the pod gets the error that a second server gets, also with another's options."""
    _up(pod(two[0], SERVER, "x", port, "0.0.0.0", output="first"), tmp_path / "first")
    for place in ("127.0.0.1", "::/0", "::/1"):
        assert pod(two[0], SERVER, "x", port, place, output="second").wait(20) == 1
        assert "Address already in use" in (tmp_path / "second").read_text()
        (tmp_path / "second").unlink()


def test_a_server_with_a_port_of_the_kernels_choice(pod: Pod, two: tuple[str, str], tmp_path: Path) -> None:
    """It is reached at the port it was told, and by nobody from a network."""
    _up(pod(two[0], SERVER, "any", 0, "0.0.0.0"), tmp_path / "output")
    number = int((tmp_path / "output").read_text().split()[1])
    assert _ask("127.0.0.1", number) == "any"
    listed = subprocess.run(["ss", "-Htln", f"sport = {number}"], capture_output=True, text=True, check=True)
    assert "%lo:" in listed.stdout


def test_connections_that_do_not_wait(pod: Pod, two: tuple[str, str], port: int, tmp_path: Path) -> None:
    """asyncio's clients and servers, which never block, and a socket with a time limit."""
    code = """
import asyncio, socket, sys
port = int(sys.argv[1])
async def serve(reader, writer):
    writer.write(b"hello")
    writer.close()
async def main():
    for host in (None, "localhost", "::", "127.0.0.1"):
        async with await asyncio.start_server(serve, host, port):
            for name in ("127.0.0.1", "::1", "localhost"):
                reader, writer = await asyncio.open_connection(name, port)
                print((await reader.read()).decode())
                writer.close()
    try:
        await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        print("refused")
    client = socket.socket()
    client.setblocking(False)
    with socket.create_server(("", port)):
        print(client.connect_ex(("127.0.0.1", port)), client.getblocking())
asyncio.run(main())
"""
    code_of = pod(two[0], code, port).wait(30)
    said = (tmp_path / "output").read_text().split()
    assert (code_of, said) == (0, ["hello"] * 12 + ["refused", "115", "False"])


def test_a_full_queue_holds_up_nobody_else(pod: Pod, two: tuple[str, str], port: int, tmp_path: Path) -> None:
    """A client that waits for a server which accepts nothing does not hold others of its pod up."""
    code = """
import socket, sys, threading, time
port = int(sys.argv[1])
deaf = socket.socket(); deaf.bind(("", port)); deaf.listen(0)
def connect(results):
    client = socket.socket(); kept.append(client)
    client.connect(("127.0.0.1", port)); results.append("in")
kept, results = [], []
kept.append(socket.create_connection(("127.0.0.1", port)))
waiting = threading.Thread(target=connect, args=(results,))
waiting.start()
time.sleep(0.2)
began = time.monotonic()
server = socket.create_server(("", port + 1))
socket.create_connection(("127.0.0.1", port + 1))
print(results, time.monotonic() - began < 0.8)
deaf.accept()
waiting.join()
print(results)
"""
    assert pod(two[0], code, port).wait(40) == 0, (tmp_path / "output").read_text()
    assert (tmp_path / "output").read_text().split() == ["[]", "True", "['in']"]


def test_other_sockets_are_left_alone(pod: Pod, two: tuple[str, str], port: int, tmp_path: Path) -> None:
    """Unix sockets, datagrams, and addresses that are nobody's or nonsense."""
    code = """
import errno, os, socket, sys, tempfile
port, address, other = int(sys.argv[1]), *sys.argv[2:]
with tempfile.TemporaryDirectory() as folder:
    server = socket.socket(socket.AF_UNIX); server.bind(f"{folder}/s"); server.listen()
    socket.socket(socket.AF_UNIX).connect(f"{folder}/s")
udp = socket.socket(type=socket.SOCK_DGRAM); udp.bind(("", port))
assert udp.getsockname() == (address, port), udp.getsockname()
client = socket.socket(type=socket.SOCK_DGRAM); client.bind(("", 0)); client.connect((address, port))
client.send(b"x"); assert udp.recv(9) == b"x"
named = socket.create_server((other, port)); assert named.getsockname() == (other, port)
client = socket.socket(); client.bind(("127.0.0.1", 0)); own = client.getsockname()
server = socket.create_server(("", port)); client.connect(("127.0.0.1", port))
assert client.getpeername() == (address, port), client.getpeername()
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def call(*arguments):
    libc.bind(*arguments); return errno.errorcode[ctypes.get_errno()]
(reader, _), fresh = os.pipe(), socket.socket()
good = (2).to_bytes(2, sys.byteorder) + port.to_bytes(2, "big") + bytes(12)
print(call(reader, good, 16), call(-1, good, 16), call(fresh.fileno(), 8, 16),
      call(fresh.fileno(), good, 3), call(server.fileno(), good, 16))
"""
    assert pod(two[0], code, port, *two).wait(20) == 0, (tmp_path / "output").read_text()
    said = (tmp_path / "output").read_text().split()
    assert said[:5] == ["ENOTSOCK", "EBADF", "EFAULT", "EINVAL", "EINVAL"]


def test_calls_of_threads_forks_and_other_programs(
    pod: Pod, two: tuple[str, str], port: int, tmp_path: Path
) -> None:
    """A thread that is not the first, a fork of a fork, and a program that it starts are all in the pod."""
    code = """
import os, socket, subprocess, sys, threading
first, address = int(sys.argv[1]), sys.argv[2]
def check(port):
    assert socket.create_server(("", port)).getsockname()[0] == address
    print("in", flush=True)
def spawn():
    if os.fork() == 0:
        thread = threading.Thread(target=check, args=(first + 1,))
        thread.start(); thread.join()
        os._exit(0)
    os.wait()
threads = [threading.Thread(target=check, args=(first,)), threading.Thread(target=spawn)]
for thread in threads: thread.start(); thread.join()
script = f"import socket; print(socket.create_server(('', {first + 2})).getsockname()[0] == '{address}')"
subprocess.run([sys.executable, "-c", script], check=True)
"""
    assert pod(two[0], code, port, two[0]).wait(20) == 0, (tmp_path / "output").read_text()
    assert (tmp_path / "output").read_text().split() == ["in", "in", "True"]


@pytest.mark.skipif(not shutil.which("gcc"), reason="no C compiler")
def test_a_program_with_no_c_library_to_load(
    pod: Pod, isolation: str, two: tuple[str, str], port: int, tmp_path: Path
) -> None:
    """A static binary, which nothing can be put in front of: it is at its pod's address too."""
    (tmp_path / "server.c").write_text(
        """
#include <arpa/inet.h>
#include <stdlib.h>
#include <unistd.h>
int main(int argc, char **argv) {
    struct sockaddr_in any = {AF_INET, htons(atoi(argv[1])), {INADDR_ANY}};
    int server = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(server, (struct sockaddr *)&any, sizeof any) || listen(server, 9)) return 1;
    if (write(1, "up", 2) != 2) return 2;
    for (;;) {
        int client = accept(server, 0, 0);
        if (write(client, "static", 6) != 6) return 3;
        close(client);
    }
}
"""
    )
    folder = tmp_path / "bin"
    folder.mkdir()
    built = subprocess.run(["gcc", "-static", "-o", folder / "server", tmp_path / "server.c"], check=False)
    if built.returncode:
        pytest.skip("no static C library")
    place = str(folder)
    container = Container(
        "c", (f"{place}/server", str(port)), ENV, folders=(Mount(folder, place),), address=two[0]
    )
    process = start(container, stdout=tmp_path / "output")
    try:
        _up(process, tmp_path / "output")
        assert _ask(two[0], port) == "static"
        assert _ask("127.0.0.1", port) == "refused"
    finally:
        process.kill()
        process.wait(20)


@pytest.mark.parametrize("whom", ["main", "init"])
def test_nothing_is_left_of_a_killed_pod(
    pod: Pod, isolation: str, two: tuple[str, str], port: int, whom: str, tmp_path: Path
) -> None:
    """SIGKILL of the server or of its init: the port is free at once, and the next pod has the address."""
    for name in ("first", "second"):
        process = pod(two[0], SERVER, name, port, "0.0.0.0", output=name)
        _up(process, tmp_path / name)
        assert _ask(two[0], port) == name
        if whom == "init" or isolation == "none":
            victim = process.pid
        else:
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
            victim = int(children.split()[0])
        os.kill(victim, signal.SIGKILL)
        assert process.wait(20) == 137
        assert _ask(two[0], port) == "refused"


def test_names_of_hosts(namespaces: str, tmp_path: Path) -> None:
    """They resolve in the container, before the machine's, whose other names stay; the machine's file too."""
    before = Path("/etc/hosts").read_bytes()
    code = """
import socket
print(*map(socket.gethostbyname, ("mlflow", "mlflow.ns.svc.cluster.local", "other", "localhost")))
open("/etc/hosts", "a").write("127.3.3.3 own\\n")
print(socket.gethostbyname("own"))
"""
    hosts = {"mlflow": "127.1.2.3", "mlflow.ns.svc.cluster.local": "127.1.2.3", "other": "127.9.9.9"}
    made = dataclasses.replace(python(code, env=ENV), hosts=hosts)
    assert start(made, stdout=tmp_path / "output").wait(20) == 0, (tmp_path / "output").read_text()
    said = (tmp_path / "output").read_text().split()
    assert said == ["127.1.2.3", "127.1.2.3", "127.9.9.9", "127.0.0.1", "127.3.3.3"]
    assert Path("/etc/hosts").read_bytes() == before


def test_a_mounted_hosts_file_is_the_pods_word(namespaces: str, tmp_path: Path) -> None:
    """As in Kubernetes, which manages no /etc/hosts where the pod mounts one."""
    (tmp_path / "hosts").write_text("127.5.5.5 mine\n")
    made = dataclasses.replace(
        python("print(open('/etc/hosts').read())", env=ENV),
        hosts={"mlflow": "127.1.2.3"},
        mounts=(Mount(tmp_path / "hosts", "/etc/hosts"),),
    )
    assert start(made, stdout=tmp_path / "output").wait(20) == 0
    assert (tmp_path / "output").read_text().split() == ["127.5.5.5", "mine"]


def test_names_need_a_file_of_the_containers_own(no_namespaces: str, tmp_path: Path) -> None:
    """Without mounts they are refused, not forgotten."""
    with pytest.raises(ArgolaneError, match=r"Container 'c' cannot have names of hosts \(mlflow\)"):
        start(Container("c", ("true",), ENV, hosts={"mlflow": "127.1.2.3"}), stdout=tmp_path / "output")


@pytest.mark.parametrize("address", ["10.0.0.1", "localhost", "", "::1", "127.1"])
def test_an_address_that_is_none_of_a_pods_is_refused(isolation: str, address: str, tmp_path: Path) -> None:
    """Anything but loopback would be another machine's or this machine's own."""
    with pytest.raises(ArgolaneError, match=r"expected one of 127\.0\.0\.0/8\."):
        start(Container("c", ("true",), ENV, address=address), stdout=tmp_path / "output")


def test_where_the_system_has_no_notifications(pod: Pod, two: tuple[str, str], tmp_path: Path) -> None:
    """A process of a pod cannot make pods of its own: it is told why, and no container is started that would
    bind this machine's addresses."""
    code = """
import sys
sys.path.insert(0, sys.argv[1])
from argolane.containers import addresses
from argolane.containers.sandbox import Container, start
from argolane.errors import ArgolaneError
print(addresses.available())
for attempt in (lambda: start(Container("c", ("true",), {}, address="127.64.1.1"), stdout=1),
                lambda: addresses.claim("x")):
    try:
        attempt()
    except ArgolaneError as error:
        print(error)
"""
    root = Path(argolane.__file__).parents[1]
    folders = (*machine.own_python_folders(), Mount(root, str(root), read_only=True))
    assert pod(two[0], code, root, folders=folders).wait(30) == 0
    reason, *refusals = (tmp_path / "output").read_text().splitlines()
    assert reason.startswith("the system does not allow seccomp notifications")
    assert refusals == [
        f"Container 'c' cannot have the address 127.64.1.1 of its pod: {reason}.",
        f"Pod 'x' cannot have an address of its own: {reason}.",
    ]


def test_claims_are_apart_and_the_same_next_time() -> None:
    """A claimed address goes to nobody else, in this process or another, until it is released."""
    name = f"project/pod {os.getpid()}"
    with addresses.claim(name) as first, addresses.claim(name) as second:
        assert first != second
        code = f"from argolane.containers import addresses; print(addresses.claim({name!r}).address)"
        other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert other.stdout.strip() not in (first, second)
    with addresses.claim(name) as again:
        assert again == first
    with addresses.claim("a") as one, addresses.claim("b") as other_one:
        assert one != other_one
