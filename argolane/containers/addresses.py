"""A pod's name in, an address of its own out: one of this machine's loopback addresses that no other pod has.

With it (inside/pod_address.py) every pod may listen on the same port, as in a cluster.
"""

import _thread
import contextlib
import errno
import functools
import ipaddress
import os
import select
import socket
import sys
import threading
import zlib

from argolane.containers.inside import pod_address, seccomp
from argolane.errors import ArgolaneError

NETWORK = ipaddress.IPv4Network("127.64.0.0/10")
_LOOPBACK = ipaddress.IPv4Network("127.0.0.0/8")
_TRIES = 10_000


@functools.cache
def available() -> str | None:
    """None where containers can have addresses; else why not. Tried out, once."""
    if sys.platform != "linux":
        return "addresses of pods need Linux"
    if not seccomp.known_machine():
        return f"addresses of pods are not known on {os.uname().machine}, only on x86_64 and aarch64"
    try:
        return _tried()
    except OSError as error:
        return f"the system does not allow seccomp notifications, which pods' addresses need ({error})"


def check(address: str, *, name: str) -> None:
    """ArgolaneError unless the container `name` can have `address`: one of its pod's, or 127.0.0.1 itself
    for a container that shares it with this machine and is to listen nowhere else."""
    try:
        known = ipaddress.IPv4Address(address) in _LOOPBACK
    except ValueError:
        known = False
    if not known:
        raise ArgolaneError(f"Container {name!r}: its address is {address!r}; expected one of {_LOOPBACK}.")
    if reason := available():
        raise ArgolaneError(f"Container {name!r} cannot have the address {address} of its pod: {reason}.")


class Claim:
    """An address that is held until `release`, or this process ends; a context manager."""

    def __init__(self, address: str, held: socket.socket) -> None:
        self.address = address
        self._held = held

    def release(self) -> None:
        self._held.close()

    def __enter__(self) -> str:
        return self.address

    def __exit__(self, *_: object) -> None:
        self.release()


def claim(name: str) -> Claim:
    """A free address for the pod `name`, the same as last time if nobody else has it.

    Two processes of this machine never hold the same one. Say the project's folder in `name` as well: pods of
    the same name in two projects then do not compete.
    """
    if reason := available():
        raise ArgolaneError(f"Pod {name!r} cannot have an address of its own: {reason}.")
    first = zlib.crc32(name.encode())
    for step in range(_TRIES):
        # Not the first and last of 256: some programs take them for a network and its broadcast.
        block, last = divmod((first + step) % (NETWORK.num_addresses // 256 * 254), 254)
        address = str(NETWORK[block * 256 + last + 1])
        held = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            # A name with no file, as far as this network reaches, that goes when its holder ends.
            held.bind(f"\0argolane-pod-{address}")
        except OSError as error:
            held.close()
            if error.errno != errno.EADDRINUSE:
                raise
            continue
        return Claim(address, held)
    raise ArgolaneError(f"Pod {name!r}: {_TRIES} addresses from {address} on are all taken by other pods.")


def _tried() -> str | None:
    """A thread with a filter binds; this one answers it as a container's init does."""
    with contextlib.ExitStack() as ends:
        server = ends.enter_context(socket.socket())
        with socket.create_server((str(NETWORK[1]), 0)) as other:
            port = other.getsockname()[1]
        begun: list[int | OSError] = []
        ready, bound = threading.Event(), threading.Event()

        def bind() -> None:
            try:
                begun.append(seccomp.stop_calls())
                ready.set()
                server.bind(("0.0.0.0", port))  # noqa: S104
            except OSError as error:
                begun.append(error)
            finally:
                ready.set()
                bound.set()

        _thread.start_new_thread(bind, ())
        ready.wait()
        if isinstance(begun[0], OSError):
            raise begun[0]
        ends.callback(os.close, begun[0])
        select.select([begun[0]], [], [], 5)
        pod_address.PodAddress(begun[0], str(NETWORK[1])).answer()
        bound.wait(5)
        if isinstance(begun[-1], OSError):
            raise begun[-1]
        if server.getsockname()[0] != str(NETWORK[1]):
            return "one process may not look into another, as pods' addresses need (ptrace is forbidden)"
    return None
