"""The host's devices in, a /dev of the container's own out: those of a pod, and what a GPU needs.

A folder of its own, so that what a container makes in it, such as its termination log, is not on the host.
"""

# A fork of this process has milliseconds: no pathlib.
# ruff: noqa: PTH102

import contextlib
import os

from argolane.containers.inside import layers, linux

_STANDARD = frozenset(
    "console fd full mqueue null ptmx pts random stderr stdin stdout tty urandom zero".split()  # noqa: SIM905
)
# NVIDIA's, AMD's and Intel's, WSL's; TPUs and NPUs; fast networks; what runs containers or machines within.
_OTHERS = ("nvidia", "dri", "kfd", "dxg", "accel", "davinci", "infiniband", "fuse", "kvm", "net")


def make(host: int, target: str) -> None:
    """Fills the empty folder `target`; `host` is the host's root. Its shm is left to be mounted."""
    linux.mount("dev", target, kind="tmpfs", flags=linux.MS_NOSUID, data="mode=755")
    for entry in os.scandir(f"/proc/self/fd/{host}/dev"):
        if entry.name in _STANDARD or entry.name.startswith(_OTHERS):
            with contextlib.suppress(PermissionError):
                layers.show(entry, f"{target}/{entry.name}", read_only=False)
    os.mkdir(f"{target}/shm")
