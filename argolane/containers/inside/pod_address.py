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
import fcntl
import os
import socket
import struct
import sys

from argolane.containers.inside import linux

_BIND, _CONNECT, _LISTEN = "bind", "connect", "listen"
# Linux's name of the machine: AUDIT_ARCH of linux/audit.h, and the calls' numbers there.
_NUMBERS = {
    "x86_64": (0xC000003E, {49: _BIND, 42: _CONNECT, 50: _LISTEN}),
    "aarch64": (0xC00000B7, {200: _BIND, 203: _CONNECT, 201: _LISTEN}),
}
# linux/bpf_common.h and linux/seccomp.h
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _NOTIFY = 0x7FFF0000, 0x7FC00000
_RECEIVE, _SEND, _IS_VALID = 0xC0502100, 0xC0182101, 0x40082102
_CONTINUE = 1
_NOTIFICATION, _ANSWER, _ID = struct.Struct("=QIIiIQ6Q"), struct.Struct("=QqiI"), struct.Struct("=Q")
_V4, _V6 = struct.Struct("=H2s4s"), struct.Struct("=H2s4s16s")
_MAPPED = b"\0" * 10 + b"\xff\xff"
_OURS = {socket.inet_aton(text) for text in ("0.0.0.0", "127.0.0.1")}  # noqa: S104
_OURS |= {_MAPPED + address for address in _OURS} | {b"\0" * 16, b"\0" * 15 + b"\1"}
_EVERYWHERE = ("0.0.0.0", "::", "::ffff:0.0.0.0")  # noqa: S104


def known_machine() -> bool:
    return os.uname().machine in _NUMBERS


def stop_calls() -> int:
    """From now on this thread's calls, and those of all that it starts, wait for who reads the descriptor
    returned. For a thread that only starts a program. OSError where seccomp has no notifications."""
    architecture, calls = _NUMBERS[os.uname().machine]
    steps = [(_LOAD, 0, 0, 4), (_JUMP_IF_EQUAL, 0, len(calls) + 1, architecture), (_LOAD, 0, 0, 0)]
    # x32 has numbers of its own, and is let through like any architecture that is not the kernel's.
    steps += [(_JUMP_IF_EQUAL, len(calls) - place, 0, call) for place, call in enumerate(calls)]
    steps += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _NOTIFY)]
    return linux.listen_for_calls([struct.pack("=HBBI", *step) for step in steps])


class PodAddress:
    """The answers to what `listener` (of stop_calls) reports. None of them waits for a network."""

    def __init__(self, listener: int, address: str) -> None:
        self.listener, self._address = listener, address
        self._calls = _NUMBERS[os.uname().machine][1]
        # Who holds a port: process, socket, and whether it asked for IPv6 alone.
        self._held: dict[tuple[int, int], tuple[int, int, bool]] = {}

    def answer(self) -> None:
        """Takes one call and answers it; to be called when `listener` is readable."""
        request = bytearray(_NOTIFICATION.size)
        try:
            fcntl.ioctl(self.listener, _RECEIVE, request, True)
        except OSError:  # the caller was killed meanwhile
            return
        identity, thread, _, number, _, _, *arguments = _NOTIFICATION.unpack(request)
        try:
            result = self._result(identity, thread, self._calls[number], arguments)
        except OSError:  # it has ended, or may not be looked into
            result = None
        flags = _CONTINUE if result is None else 0
        answer = bytearray(_ANSWER.pack(identity, 0, -(result or 0), flags))
        with contextlib.suppress(OSError):
            fcntl.ioctl(self.listener, _SEND, answer, True)

    def _result(self, identity: int, thread: int, call: str, arguments: list[int]) -> int | None:
        """0 or the number of the error; None: the kernel is to do what was asked."""
        port = 0
        if call != _LISTEN:
            given = _parse(linux.read_memory(thread, arguments[1], min(arguments[2], _V6.size)))
            if given is None:
                return None
            port, family = given
        with socket.socket(fileno=linux.descriptor_of(thread, arguments[0])) as caller:
            fcntl.ioctl(self.listener, _IS_VALID, bytearray(_ID.pack(identity)), True)
            if call == _LISTEN:
                return _keep_from_networks(caller)
            if caller.family != family:
                return None
            return self._bind(caller, port, thread) if call == _BIND else self._connect(caller, port)

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
            # A connection on its way keeps its goal, whatever address the call names: the kernel does the wait.
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
    if caller.type == socket.SOCK_STREAM and caller.family in (socket.AF_INET, socket.AF_INET6):
        if caller.getsockname()[0] in _EVERYWHERE:
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
