"""Arguments in, system calls out: the few that Python 3.11 lacks; OSError with the path when one fails.

The numbers are those of linux/mount.h, linux/sched.h and linux/prctl.h.
"""

import ctypes
import errno
import os
import signal

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_BIND, MS_MOVE, MS_REC, MS_PRIVATE = 32, 4096, 8192, 16384, 1 << 18
CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID = 0x00020000, 0x10000000, 0x20000000
_PR_SET_PDEATHSIG, _PR_CAPBSET_DROP, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 1, 24, 36, 38
# These have the same number on every architecture, and no wrapper in older C libraries.
_SYS_CLONE3 = 435
_SYS_OPEN_TREE, _SYS_MOVE_MOUNT, _SYS_MOUNT_SETATTR = 428, 429, 442
_AT_FDCWD, _AT_RECURSIVE, _AT_EMPTY_PATH, _OPEN_TREE_CLONE, _MOVE_EMPTY_PATH = -100, 0x8000, 0x1000, 1, 4
MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV = 1, 2, 4
MNT_DETACH = 2

_libc = ctypes.CDLL(None, use_errno=True)
# This one holds on to the interpreter's lock during a call: a fork must come back with it.
_python = ctypes.PyDLL(None, use_errno=True)


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


def map_user(user: int, group: int, *, seen_as: tuple[int, int] | None = None) -> None:
    """In a new user namespace, whose first process cannot see who it was: it stays that user and group, seen
    from within as another where that is said."""
    within = seen_as or (user, group)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{within[0]} {user} 1"),
        ("gid_map", f"{within[1]} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as stream:  # noqa: PTH123
            stream.write(text)


def die_with_parent(signal_number: int) -> None:
    """This process gets the signal when the process (to be exact: the thread) that forked it ends."""
    _check(_libc.prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0), "prctl")


def adopt_orphans() -> None:
    """Descendants whose parent ends become children of this process instead of pid 1's."""
    _check(_libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl")


def drop_capability(number: int) -> bool:
    """For good, for this process and all that it starts; False for one that the kernel does not know."""
    if _libc.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0) == 0:
        return True
    if (error := ctypes.get_errno()) != errno.EINVAL:
        raise OSError(error, os.strerror(error), "prctl")
    return False


def no_new_privileges() -> None:
    """No program that this process executes gets rights that it has not."""
    _check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")


def mount(source: str, target: str, *, kind: str = "", flags: int = 0, data: str = "") -> None:
    arguments = [os.fsencode(text) if text else None for text in (source, target, kind)]
    result = _libc.mount(*arguments, ctypes.c_ulong(flags), data.encode() if data else None)
    _check(result, target)


def unmount(target: str, flags: int = 0) -> None:
    _check(_libc.umount2(os.fsencode(target), flags), target)


def set_read_only(path: str) -> None:
    """The mount at `path` and those below it; needs Linux 5.12."""
    _set_attributes(_AT_FDCWD, path, MOUNT_ATTR_RDONLY, _AT_RECURSIVE)


def set_attributes(tree: int, attributes: int) -> None:
    """The same for mounts that hang nowhere yet (open_tree)."""
    _set_attributes(tree, "", attributes, _AT_RECURSIVE | _AT_EMPTY_PATH)


def _set_attributes(folder: int, path: str, attributes: int, flags: int) -> None:
    wanted = (ctypes.c_uint64 * 4)(attributes, 0, 0, 0)
    result = _libc.syscall(
        ctypes.c_long(_SYS_MOUNT_SETATTR), folder, os.fsencode(path), ctypes.c_uint(flags),
        ctypes.byref(wanted), ctypes.c_size_t(ctypes.sizeof(wanted)),
    )  # fmt: skip
    _check(result, path)


def open_tree(path: str) -> int:
    """A descriptor of a copy of the mounts at `path`, to be put somewhere else: a bind mount that needs no
    path of its source when it is made."""
    flags = _OPEN_TREE_CLONE | _AT_RECURSIVE | os.O_CLOEXEC
    found = int(
        _libc.syscall(ctypes.c_long(_SYS_OPEN_TREE), _AT_FDCWD, os.fsencode(path), ctypes.c_uint(flags))
    )
    _check(min(found, 0), path)
    return found


def move_mount(tree: int, target: str) -> None:
    flags, place = ctypes.c_uint(_MOVE_EMPTY_PATH), os.fsencode(target)
    _check(_libc.syscall(ctypes.c_long(_SYS_MOVE_MOUNT), tree, b"", _AT_FDCWD, place, flags), target)


def pivot_root(new: str, old: str) -> None:
    _check(_libc.pivot_root(os.fsencode(new), os.fsencode(old)), new)
