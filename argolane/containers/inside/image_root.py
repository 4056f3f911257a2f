"""An image's root folder and mounts in, the container's own root out: an image is not believed.

What it changes lies in an overlay; it sees of this machine what is mounted for it, a /dev of the standard
devices and the parts of /proc and /sys that a pod sees. No path of the image is followed while a descriptor
of the host could be reached by it: /proc, whose links lead to them, is the last that is mounted, and nothing
of the host is left when this returns. From then on this process imports nothing: it would be the image's.
"""

# In a process that has milliseconds: no pathlib.
# ruff: noqa: PTH101, PTH102, PTH103, PTH108, PTH110, PTH112, PTH114, PTH123

import os
import posixpath
import stat
import sys
from collections.abc import Mapping
from typing import Any

from argolane.containers.inside import devices, layers, linux
from argolane.containers.inside.rootfs import TMP, MountSpec, SetupError

_STAGE = "/dev/shm"  # noqa: S108
_OWN = ("dev", "proc", "sys", "tmp", "etc")
_QUIET = linux.MS_NOSUID | linux.MS_NODEV
# As in any runtime of containers: what root could harm the machine by, and what nobody else's is to read.
_READ_ONLY = ("bus", "fs", "irq", "sys", "sysrq-trigger")
_MASKED = (
    "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
    "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats",
    "/sys/devices/virtual/powercap", "/sys/firmware",
)  # fmt: skip


def enter(
    image: Mapping[str, Any], tmp: str, mounts: list[MountSpec], *, user: bool, layer: str, workdir: str
) -> None:
    """Makes the root, makes it this process's and stands in `workdir`. Needs new mount and PID namespaces.

    `image` has the `folder` and the `files` of /etc that are the machine's: path and text. `layer` is an
    empty folder for what is changed, '' for memory.
    """
    linux.mount("", "/", flags=linux.MS_REC | linux.MS_PRIVATE)
    host = os.open("/", os.O_PATH)
    placed = [(m["target"], _tree(m["source"], m["target"], read_only=m["read_only"])) for m in mounts]
    placed.append((TMP, _tree(tmp, TMP)))
    machine = {name: linux.open_tree(f"/{name}") for name in ("proc", "sys")}
    lower = os.open(image["folder"], os.O_PATH)
    stores = [_store(layer)] if layer else []
    linux.mount("argolane", _STAGE, kind="tmpfs", flags=_QUIET, data="mode=755")
    memory = _store(_STAGE)
    for number, (path, text) in enumerate(image["files"].items()):
        file = f"/proc/self/fd/{memory}/{number}"
        with open(file, "w", encoding="utf-8") as stream:
            stream.write(text)
        placed.append((path, linux.open_tree(file)))
    _overlay(lower, [*stores, memory], user=user)
    os.chdir(_STAGE)
    for name in _OWN:
        _make_plain(name)
    devices.make_standard(host, "dev")
    sys.meta_path.clear()  # and so nothing of the image is ever loaded into this process
    os.chroot(".")
    linux.set_attributes(machine["sys"], linux.MOUNT_ATTR_RDONLY | linux.MOUNT_ATTR_NOSUID)
    linux.move_mount(machine["sys"], "/sys")
    for target, tree in sorted(placed, key=lambda each: each[0].count("/")):
        _place(tree, target)
    os.chmod(TMP, 0o1777)  # noqa: S103  (as every system has it: whoever main is writes there)
    stand = _standing(workdir)
    _mount_proc(machine["proc"])
    _close_proc()
    os.fchdir(host)
    os.chroot(".")
    os.chdir(_STAGE)
    linux.pivot_root(".", ".")
    linux.unmount(".", linux.MNT_DETACH)
    for descriptor in (host, lower, memory, *stores, *machine.values(), *(tree for _, tree in placed)):
        os.close(descriptor)
    os.fchdir(stand)
    os.close(stand)


def _tree(source: str, target: str, *, read_only: bool = False) -> int:
    try:
        tree = linux.open_tree(source)
        attributes = linux.MOUNT_ATTR_NOSUID | linux.MOUNT_ATTR_NODEV
        linux.set_attributes(tree, attributes | (linux.MOUNT_ATTR_RDONLY if read_only else 0))
    except OSError as error:
        raise SetupError(f"mount {target}: {source}: {error.strerror}") from None
    return tree


def _store(folder: str) -> int:
    for name in ("upper", "work"):
        os.mkdir(f"{folder}/{name}", 0o755)
    return os.open(folder, os.O_PATH)


def _overlay(lower: int, stores: list[int], *, user: bool) -> None:
    """The image below, what is changed above: in the first store that the kernel takes."""
    mode = stat.S_IMODE(os.fstat(lower).st_mode)
    refusal = OSError()
    for store in stores:
        upper, work = (f"/proc/self/fd/{store}/{kind}" for kind in ("upper", "work"))
        os.chmod(upper, mode)
        owner = os.fstat(lower)
        if not user:
            os.chown(upper, owner.st_uid, owner.st_gid)
        options = f"lowerdir=/proc/self/fd/{lower},upperdir={upper},workdir={work},volatile"
        try:
            linux.mount(
                "overlay", _STAGE, kind="overlay", flags=_QUIET, data=options + (",userxattr" if user else "")
            )
        except OSError as error:
            refusal = error
        else:
            return
    raise SetupError(
        f"this machine allows no overlay, which the root folder of an image needs ({refusal.strerror})"
    )


def _make_plain(name: str) -> None:
    """A folder of the root that is no link: what stands in its way is only removed in the overlay."""
    try:
        mode = os.lstat(name).st_mode
    except FileNotFoundError:
        os.mkdir(name, 0o755)
        return
    if not stat.S_ISDIR(mode):
        os.unlink(name)
        os.mkdir(name, 0o755)


def _place(tree: int, target: str) -> None:
    """Links of the image are followed, in the image: this process has no other root now, and no /proc."""
    folder = stat.S_ISDIR(os.fstat(tree).st_mode)
    try:
        if not os.path.exists(target):
            if os.path.islink(target):
                os.unlink(target)
            os.makedirs(target if folder else posixpath.dirname(target), exist_ok=True)
            if not folder:
                os.close(os.open(target, os.O_CREAT | os.O_CLOEXEC, 0o644))
        linux.move_mount(tree, target)
    except OSError as error:
        raise SetupError(f"mount {target}: {error.strerror}") from None


def _standing(workdir: str) -> int:
    try:
        os.makedirs(workdir, exist_ok=True)
        return os.open(workdir, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise SetupError(f"working folder {workdir}: {error.strerror}") from None


def _mount_proc(machines: int) -> None:
    try:
        linux.mount("proc", "/proc", kind="proc", flags=_QUIET | linux.MS_NOEXEC)
    except PermissionError:
        # Inside some containers /proc is partly masked, and then a user namespace may not mount its own.
        linux.move_mount(machines, "/proc")


def _close_proc() -> None:
    for name in _READ_ONLY:
        path = f"/proc/{name}"
        if os.path.exists(path):
            linux.mount(path, path, flags=linux.MS_BIND | linux.MS_REC)
            layers.protect(path)
    for path in _MASKED:
        if os.path.isdir(path):
            linux.mount("argolane", path, kind="tmpfs", flags=_QUIET | linux.MS_RDONLY, data="size=0")
        elif os.path.exists(path):
            linux.mount("/dev/null", path, flags=linux.MS_BIND)
