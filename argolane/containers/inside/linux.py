"""Arguments in, system calls out: the few that Python 3.11 lacks; OSError with the path when one fails.

The numbers are those of linux/mount.h, linux/sched.h and linux/prctl.h.
"""

import ctypes
import os
import signal

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_BIND, MS_MOVE, MS_REC, MS_PRIVATE = 32, 4096, 8192, 16384, 1 << 18
CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID = 0x00020000, 0x10000000, 0x20000000
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
# These have the same number on every architecture, and no wrapper in older C libraries.
_SYS_CLONE3, _SYS_PIDFD_OPEN, _SYS_PIDFD_GETFD = 435, 434, 438
_SYS_MOUNT_SETATTR, _AT_FDCWD, _AT_RECURSIVE, _MOUNT_ATTR_RDONLY = 442, -100, 0x8000, 1

_SYS_SECCOMP = {"x86_64": 317, "aarch64": 277}
_PR_SET_NO_NEW_PRIVS, _SECCOMP_SET_MODE_FILTER = 38, 1
_SPEC_ALLOW, _NEW_LISTENER, _WAIT_KILLABLE_RECV = 1 << 2, 1 << 3, 1 << 5
_PIDFD_THREAD = os.O_EXCL

_libc = ctypes.CDLL(None, use_errno=True)
# This one holds on to the interpreter's lock during a call: a fork must come back with it.
_python = ctypes.PyDLL(None, use_errno=True)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


class _Span(ctypes.Structure):
    _fields_ = (("start", ctypes.c_void_p), ("length", ctypes.c_size_t))


def _check(result: int, path: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), path)


def fork_into_namespaces(flags: int) -> int:
    """os.fork, with a new namespace for each of `flags`; only for a process with a single thread."""
    arguments = (ctypes.c_uint64 * 8)(flags, 0, 0, 0, signal.SIGCHLD, 0, 0, 0)
    pid = int(_python.syscall(ctypes.c_long(_SYS_CLONE3), ctypes.byref(arguments), ctypes.c_size_t(64)))
    _check(min(pid, 0), "clone3")
    return pid


def map_user(user: int, group: int) -> None:
    """In a new user namespace, whose first process cannot see who it was: it stays that user and group."""
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as stream:  # noqa: PTH123
            stream.write(text)


def die_with_parent(signal_number: int) -> None:
    """This process gets the signal when the process (to be exact: the thread) that forked it ends."""
    _check(_libc.prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0), "prctl")


def adopt_orphans() -> None:
    """Descendants whose parent ends become children of this process instead of pid 1's."""
    _check(_libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl")


def mount(source: str, target: str, *, kind: str = "", flags: int = 0, data: str = "") -> None:
    arguments = [os.fsencode(text) if text else None for text in (source, target, kind)]
    result = _libc.mount(*arguments, ctypes.c_ulong(flags), data.encode() if data else None)
    _check(result, target)


def unmount(target: str) -> None:
    _check(_libc.umount2(os.fsencode(target), 0), target)


def set_read_only(path: str) -> None:
    """The mount at `path` and those below it; needs Linux 5.12."""
    attributes = (ctypes.c_uint64 * 4)(_MOUNT_ATTR_RDONLY, 0, 0, 0)
    result = _libc.syscall(
        ctypes.c_long(_SYS_MOUNT_SETATTR),
        _AT_FDCWD,
        os.fsencode(path),
        ctypes.c_uint(_AT_RECURSIVE),
        ctypes.byref(attributes),
        ctypes.c_size_t(ctypes.sizeof(attributes)),
    )
    _check(result, path)


def listen_for_calls(steps: list[bytes]) -> int:
    """A filter of seccomp's for this thread and all that it starts, for good; where its notices arrive."""
    _check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")
    program = _Program(len(steps), b"".join(steps))
    flags = _SPEC_ALLOW | _NEW_LISTENER
    for more in (
        _WAIT_KILLABLE_RECV,
        0,
    ):  # a signal does not repeat a call that is being answered: Linux 5.19
        found = _system_call(
            _SYS_SECCOMP[os.uname().machine],
            _SECCOMP_SET_MODE_FILTER,
            flags | more,
            ctypes.byref(program),
        )
        if found >= 0:
            return found
    number = ctypes.get_errno()
    raise OSError(number, os.strerror(number), "seccomp")


def descriptor_of(thread: int, number: int) -> int:
    """A duplicate of the descriptor `number` of another process, given by any of its threads; Linux 5.6."""
    process = _system_call(_SYS_PIDFD_OPEN, thread, _PIDFD_THREAD)
    if process < 0:  # before Linux 6.9
        process = _system_call(_SYS_PIDFD_OPEN, _process_of(thread), 0)
    _check(min(process, 0), "pidfd_open")
    try:
        found = _system_call(_SYS_PIDFD_GETFD, process, number, 0)
        _check(min(found, 0), "pidfd_getfd")
        return found
    finally:
        os.close(process)


def _process_of(thread: int) -> int:
    with open(f"/proc/{thread}/status", "rb") as stream:  # noqa: PTH123
        for line in stream:
            if line.startswith(b"Tgid:"):
                return int(line.split()[1])
    return thread


def read_memory(process: int, start: int, length: int) -> bytes:
    read = ctypes.create_string_buffer(length)
    ours, theirs = _Span(ctypes.addressof(read), length), _Span(start, length)
    one = ctypes.c_ulong(1)
    found = _libc.process_vm_readv(
        process, ctypes.byref(ours), one, ctypes.byref(theirs), one, ctypes.c_ulong(0)
    )
    _check(min(found, 0), "process_vm_readv")
    return read.raw[:found]


def _system_call(number: int, *arguments: object) -> int:
    wide = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    return int(_libc.syscall(ctypes.c_long(number), *wide))
