"""A call of bind, connect or listen by a container's process in, the same on its pod's own address out.

A pod has a network of its own; here all share this machine's, so that what they ask for outside just works.
What a container binds on every address or on loopback is therefore bound on 127.x.y.z of its pod, and what
it connects to on loopback is looked for there first. Seccomp's user notification stops the three calls
(seccomp_unotify(2)), for any program, linked statically or not; the init answers them. No guard against a
container: io_uring, and programs of another architecture than the kernel's, go by.
"""

# In a process that has milliseconds: no pathlib.
# ruff: noqa: PTH115, PTH208

import contextlib
import errno
import os
import socket
import struct
import sys

from argolane.containers.inside import seccomp

_V4, _V6 = struct.Struct("=H2s4s"), struct.Struct("=H2s4s16s")
_MAPPED = b"\0" * 10 + b"\xff\xff"
_OURS = {socket.inet_aton(text) for text in ("0.0.0.0", "127.0.0.1")}  # noqa: S104
_OURS |= {_MAPPED + address for address in _OURS} | {b"\0" * 16, b"\0" * 15 + b"\1"}
_EVERYWHERE = ("0.0.0.0", "::", "::ffff:0.0.0.0")  # noqa: S104


class PodAddress:
    """The answers to what `listener` (seccomp.stop_calls) reports. None of them waits for a network."""

    def __init__(self, listener: int, address: str) -> None:
        self.listener, self._address = listener, address
        # Who holds a port: thread, socket, and whether it asked for IPv6 alone.
        self._held: dict[tuple[int, int], tuple[int, int, bool]] = {}

    def answer(self) -> None:
        """Takes one call and answers it; to be called when `listener` is readable."""
        call = seccomp.receive(self.listener)
        if call is None:
            return
        try:
            result = self._result(call)
        except OSError:  # it has ended, or may not be looked into
            result = None
        seccomp.answer(self.listener, call, result)

    def _result(self, call: seccomp.Call) -> int | None:
        """0 or the number of the error; None: the kernel is to do what was asked."""
        given = None
        if call.name != "listen":
            given = _parse(seccomp.memory(call.thread, call.arguments[1], min(call.arguments[2], _V6.size)))
            if given is None:
                return None
        with _socket(seccomp.descriptor(call.thread, call.arguments[0])) as caller:
            if not seccomp.waits(self.listener, call):
                return None
            if given is None:
                _keep_from_networks(caller)
                return None
            port, family = given
            if caller.family != family:
                return None
            return (
                self._connect(caller, port)
                if call.name == "connect"
                else self._bind(caller, port, call.thread)
            )

    def _target(self, caller: socket.socket, port: int) -> tuple[str, int]:
        if caller.family == socket.AF_INET:
            return self._address, port
        if caller.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY):
            caller.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        return f"::ffff:{self._address}", port

    def _bind(self, caller: socket.socket, port: int, thread: int) -> int | None:
        if caller.type not in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            return None
        only6 = caller.family == socket.AF_INET6 and bool(
            caller.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
        )
        holder = self._held.get((caller.type, port))
        # A server with a socket for each family has two for our one address: the first gets it.
        twin = holder is not None and holder[2] != only6 and _has(*holder[:2])
        target = self._target(caller, 0 if twin else port)
        try:
            caller.bind(target)
        except OSError as error:
            if error.errno == errno.EINVAL and caller.getsockname()[:2] == target:
                return 0  # a signal had the call begin again
            return error.errno
        if not twin:
            self._held[caller.type, port] = thread, os.fstat(caller.fileno()).st_ino, only6
        return 0

    def _connect(self, caller: socket.socket, port: int) -> int | None:
        if caller.type != socket.SOCK_STREAM or not self._listens(port):
            return None
        target = self._target(caller, port)
        waits = os.get_blocking(caller.fileno())
        os.set_blocking(caller.fileno(), False)
        result = caller.connect_ex(target)
        if waits:
            os.set_blocking(caller.fileno(), True)
        if result == errno.EINPROGRESS:
            # A connection on its way keeps its goal, whatever the call names: the kernel does the wait.
            return None if waits else result
        return None if result else 0

    def _listens(self, port: int) -> bool:
        """Whether a server of this pod, in any of its containers, listens there."""
        with socket.socket() as probe:
            # Only one that listens then keeps others from binding; none is connected to.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self._address, port))
            except OSError as error:
                return error.errno == errno.EADDRINUSE
        return False


def _socket(descriptor: int) -> socket.socket:
    try:
        return socket.socket(fileno=descriptor)
    except OSError:  # a file, say
        os.close(descriptor)
        raise


def _parse(raw: bytes) -> tuple[int, int] | None:
    """Port and family of an address that a pod has of its own; None for any other."""
    family = int.from_bytes(raw[:2], sys.byteorder)
    layout = {int(socket.AF_INET): _V4, int(socket.AF_INET6): _V6}.get(family)
    if layout is None or len(raw) < layout.size:
        return None
    _, port, *_, address = layout.unpack_from(raw)
    number = int.from_bytes(port, "big")
    # Any free port of any address is what a client asks for before it connects.
    return (number, family) if address in _OURS and number else None


def _keep_from_networks(caller: socket.socket) -> None:
    """A server on every address with a port of the kernel's choice: loopback alone may ask it."""
    internet = caller.type == socket.SOCK_STREAM and caller.family in (socket.AF_INET, socket.AF_INET6)
    if internet and caller.getsockname()[0] in _EVERYWHERE:
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo\0")


def _has(thread: int, inode: int) -> bool:
    folder = f"/proc/{thread}/fd"
    try:
        names = os.listdir(folder)
    except OSError:
        return False
    for name in names:
        with contextlib.suppress(OSError):
            if os.readlink(f"{folder}/{name}") == f"socket:[{inode}]":
                return True
    return False
