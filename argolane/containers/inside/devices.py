"""The host's devices in, a /dev of the container's own out: those of a pod, and what a GPU needs.

A folder of its own, so that what a container makes in it, such as its termination log, is not on the host.
"""

# A fork of this process has milliseconds: no pathlib.
# ruff: noqa: PTH102, PTH211

import contextlib
import os

from argolane.containers.inside import layers, linux

_STANDARD = frozenset(
    "console fd full mqueue null ptmx pts random stderr stdin stdout tty urandom zero".split()  # noqa: SIM905
)
# NVIDIA's, AMD's and Intel's, WSL's; TPUs and NPUs; fast networks; what runs containers or machines within.
_OTHERS = ("nvidia", "dri", "kfd", "dxg", "accel", "davinci", "infiniband", "fuse", "kvm", "net")


# What a pod has of them: nothing that stands for a part of the machine.
_OF_IMAGES = ("null", "zero", "full", "random", "urandom", "tty")


def make_standard(host: int, target: str) -> None:
    """Fills the folder `target`, in which an image may have put anything, with what a pod has and no more."""
    linux.mount("dev", target, kind="tmpfs", flags=linux.MS_NOSUID | linux.MS_NOEXEC, data="mode=755")
    for name in _OF_IMAGES:
        os.close(os.open(f"{target}/{name}", os.O_CREAT | os.O_CLOEXEC))
        linux.mount(f"/proc/self/fd/{host}/dev/{name}", f"{target}/{name}", flags=linux.MS_BIND)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        os.symlink(f"/proc/self/fd/{number}", f"{target}/{name}")
    os.symlink("/proc/self/fd", f"{target}/fd")
    os.mkdir(f"{target}/pts")
    flags = linux.MS_NOSUID | linux.MS_NOEXEC
    linux.mount(
        "devpts", f"{target}/pts", kind="devpts", flags=flags, data="newinstance,ptmxmode=0666,mode=0620"
    )
    os.symlink("pts/ptmx", f"{target}/ptmx")
    os.mkdir(f"{target}/shm")
    linux.mount("shm", f"{target}/shm", kind="tmpfs", flags=flags | linux.MS_NODEV, data="mode=1777")


def make(host: int, target: str) -> None:
    """Fills the empty folder `target`; `host` is the host's root. Its shm is left to be mounted."""
    linux.mount("dev", target, kind="tmpfs", flags=linux.MS_NOSUID, data="mode=755")
    for entry in os.scandir(f"/proc/self/fd/{host}/dev"):
        if entry.name in _STANDARD or entry.name.startswith(_OTHERS):
            with contextlib.suppress(PermissionError):
                layers.show(entry, f"{target}/{entry.name}", read_only=False)
    os.mkdir(f"{target}/shm")
