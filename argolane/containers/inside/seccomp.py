"""System calls of other processes in, stopped until they are answered out: seccomp_unotify(2).

The numbers are those of linux/seccomp.h, linux/bpf_common.h and linux/audit.h.
"""

import contextlib
import ctypes
import fcntl
import os
import struct
from typing import Any, NamedTuple

# Linux's name of the machine: seccomp's own number there, the architecture's, and those of the calls.
_MACHINES = {
    "x86_64": (317, 0xC000003E, {49: "bind", 42: "connect", 50: "listen"}),
    "aarch64": (277, 0xC00000B7, {200: "bind", 203: "connect", 201: "listen"}),
}
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _NOTIFY, _CONTINUE = 0x7FFF0000, 0x7FC00000, 1
_RECEIVE, _SEND, _IS_VALID = 0xC0502100, 0xC0182101, 0x40082102
_NOTICE, _ANSWER, _ID = struct.Struct("=QIIiIQ6Q"), struct.Struct("=QqiI"), struct.Struct("=Q")
_PR_SET_NO_NEW_PRIVS, _SET_MODE_FILTER = 38, 1
_SPEC_ALLOW, _NEW_LISTENER, _WAIT_KILLABLE_RECV = 1 << 2, 1 << 3, 1 << 5
_PIDFD_THREAD = os.O_EXCL
# These have the same number on every architecture, and no wrapper in older C libraries.
_SYS_PIDFD_OPEN, _SYS_PIDFD_GETFD = 434, 438

_libc = ctypes.CDLL(None, use_errno=True)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


class _Span(ctypes.Structure):
    _fields_ = (("start", ctypes.c_void_p), ("length", ctypes.c_size_t))


class Call(NamedTuple):
    """A call that waits: `thread` is that which made it, as seen from here."""

    identity: int
    thread: int
    name: str
    arguments: list[int]


def known_machine() -> bool:
    return os.uname().machine in _MACHINES


def stop_calls() -> int:
    """From now on bind, connect and listen of this thread and of all that it starts wait to be answered at
    the descriptor returned. For a thread that only starts a program. OSError where that cannot be had."""
    call, architecture, stopped = _MACHINES[os.uname().machine]
    steps = [(_LOAD, 0, 0, 4), (_JUMP_IF_EQUAL, 0, len(stopped) + 1, architecture), (_LOAD, 0, 0, 0)]
    # x32 has numbers of its own, and is let through like any architecture that is not the kernel's.
    steps += [(_JUMP_IF_EQUAL, len(stopped) - place, 0, number) for place, number in enumerate(stopped)]
    steps += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _NOTIFY)]
    program = _Program(len(steps), b"".join(struct.pack("=HBBI", *step) for step in steps))
    zero = ctypes.c_ulong(0)
    _checked(_libc.prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), zero, zero, zero), "prctl")
    flags = _SPEC_ALLOW | _NEW_LISTENER
    # Since Linux 5.19: a signal does not have a call begin again that is being answered.
    found = _system_call(call, _SET_MODE_FILTER, flags | _WAIT_KILLABLE_RECV, ctypes.byref(program))
    if found < 0:
        found = _system_call(call, _SET_MODE_FILTER, flags, ctypes.byref(program))
    return _checked(found, "seccomp")


def receive(listener: int) -> Call | None:
    """The call that made `listener` readable; None if its caller has been killed."""
    notice = bytearray(_NOTICE.size)
    try:
        fcntl.ioctl(listener, _RECEIVE, notice, True)
    except OSError:
        return None
    identity, thread, _, number, _, _, *arguments = _NOTICE.unpack(notice)
    return Call(identity, thread, _MACHINES[os.uname().machine][2][number], arguments)


def waits(listener: int, call: Call) -> bool:
    """Whether what was learned by its thread's number is of `call`, and not of a later thread's."""
    try:
        fcntl.ioctl(listener, _IS_VALID, bytearray(_ID.pack(call.identity)), True)
    except OSError:
        return False
    return True


def answer(listener: int, call: Call, result: int | None) -> None:
    """The call returns the error `result`, or success at 0; with None the kernel does what it asks for."""
    said = _ANSWER.pack(call.identity, 0, -(result or 0), _CONTINUE if result is None else 0)
    with contextlib.suppress(OSError):  # the caller has been killed
        fcntl.ioctl(listener, _SEND, bytearray(said), True)


def descriptor(thread: int, number: int) -> int:
    """A duplicate of a descriptor of the thread's; Linux 5.6."""
    process = _system_call(_SYS_PIDFD_OPEN, thread, _PIDFD_THREAD)
    if process < 0:  # before Linux 6.9
        process = _system_call(_SYS_PIDFD_OPEN, _process_of(thread), 0)
    _checked(process, "pidfd_open")
    try:
        return _checked(_system_call(_SYS_PIDFD_GETFD, process, number, 0), "pidfd_getfd")
    finally:
        os.close(process)


def _process_of(thread: int) -> int:
    with open(f"/proc/{thread}/status", "rb") as stream:  # noqa: PTH123  (in a process that has milliseconds)
        for line in stream:
            if line.startswith(b"Tgid:"):
                return int(line.split()[1])
    return thread


def memory(thread: int, start: int, length: int) -> bytes:
    read = ctypes.create_string_buffer(length)
    ours, theirs = _Span(ctypes.addressof(read), length), _Span(start, length)
    one, zero = ctypes.c_ulong(1), ctypes.c_ulong(0)
    found = _libc.process_vm_readv(thread, ctypes.byref(ours), one, ctypes.byref(theirs), one, zero)
    return read.raw[: _checked(found, "process_vm_readv")]


def _system_call(number: int, *arguments: Any) -> int:
    wide = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    return int(_libc.syscall(ctypes.c_long(number), *wide))


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
    return result
