"""Limits of memory and CPU in, a control group of one container out, where this user may make one.

Both interfaces of the kernel: version 2, below a group that is this user's (systemd's, with `Delegate`), and
version 1. A group's name says whose it is, and the next process removes what a dead one left.
"""

import contextlib
import functools
import itertools
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from argolane.containers import identity

_PERIOD = 100_000  # microseconds; the kernel takes no less than a hundredth of it
_PREFIX = "argolane."
_REMOVING = 1.0
_numbers = itertools.count(1)
_trying = threading.Lock()


@dataclass(frozen=True)
class Limits:
    """Bytes of memory, and cores; None for no limit."""

    memory: int | None = None
    cpu: float | None = None

    def __bool__(self) -> bool:
        return self.memory is not None or self.cpu is not None


@dataclass(frozen=True)
class _Hierarchy:
    """Groups are made in `base`; `home` is the group of this process."""

    version: int
    controllers: frozenset[str]
    base: Path
    home: Path


@dataclass(frozen=True)
class Group:
    """The group of one container, a folder in each hierarchy."""

    folders: tuple[tuple[_Hierarchy, Path], ...]

    @property
    def entrances(self) -> list[str]:
        """Files that take the number of a process which is to be in the group."""
        return [str(folder / "cgroup.procs") for _, folder in self.folders]

    def let_go(self, pid: int) -> None:
        """A process that only started what is to be limited."""
        for hierarchy, _ in self.folders:
            with contextlib.suppress(OSError):  # it has ended
                (hierarchy.home / "cgroup.procs").write_text(str(pid))

    def killed(self) -> bool:
        """Whether the kernel has killed a process of it that wanted more memory than there is."""
        return any(_kills(folder / _EVENTS[hierarchy.version]) for hierarchy, folder in self.folders)

    def remove(self) -> None:
        """Once its processes are over; the kernel takes a moment to notice."""
        until = time.monotonic() + _REMOVING
        for _, folder in self.folders:
            while not _removed(folder) and time.monotonic() < until:
                time.sleep(0.005)


_EVENTS = {1: "memory.oom_control", 2: "memory.events"}


def make(limits: Limits) -> Group | None:
    """None where no limit that is asked for can be had."""
    asked = {"memory": limits.memory, "cpu": limits.cpu}
    found: list[tuple[_Hierarchy, Path]] = []
    try:
        for hierarchy in hierarchies():
            wanted = {
                n: value for n, value in asked.items() if value is not None and n in hierarchy.controllers
            }
            if wanted:
                folder = hierarchy.base / f"{_PREFIX}{identity.own()}.{next(_numbers)}"
                folder.mkdir()
                found.append((hierarchy, folder))
                _limit(hierarchy.version, folder, wanted)
    except OSError:
        Group(tuple(found)).remove()
        raise
    return Group(tuple(found)) if found else None


def lacking(limits: Limits) -> str:
    """Which of the limits do not hold on this machine, and why; '' where all do."""
    there = {name for hierarchy in hierarchies() for name in hierarchy.controllers}
    names = [n for n, value in (("memory", limits.memory), ("cpu", limits.cpu)) if value is not None]
    missing = [name for name in names if name not in there]
    if not missing:
        return ""
    return f"this user may make no control group for {' and '.join(missing)} here"


def hierarchies() -> tuple[_Hierarchy, ...]:
    """Where groups can be made, tried out once; what dead processes left there is removed."""
    with _trying:
        return _hierarchies()


@functools.cache
def _hierarchies() -> tuple[_Hierarchy, ...]:
    found: list[_Hierarchy] = []
    for hierarchy in _mounted():
        known = {name for each in found for name in each.controllers}
        if not hierarchy.controllers <= known and (usable := _tried(hierarchy)):
            _tidy(usable.base)
            found.append(usable)
    return tuple(found)


def _mounted() -> Iterator[_Hierarchy]:
    """Those that this machine has, with what is to be tried as their base."""
    try:
        groups = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
        mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    paths: dict[str, str] = {}
    for line in groups:
        _, names, path = line.split(":", 2)
        paths |= dict.fromkeys(names.split(","), path)
    for line in mounts:
        before, _, after = line.partition(" - ")
        root, point = before.split()[3:5]
        kind, _, options = after.split(" ", 2)
        if kind == "cgroup2":
            home = _below(Path(point), root, paths.get("", "/"))
            for base in dict.fromkeys((home.parent if home != Path(point) else home, Path(point))):
                # What it may hand on; whether it does so already is seen when it is tried.
                known = _words(base / "cgroup.controllers") & {"memory", "cpu"}
                yield _Hierarchy(2, known, base, home)
        elif kind == "cgroup":
            for name in {"memory", "cpu"} & set(options.split(",")):
                home = _below(Path(point), root, paths.get(name, "/"))
                yield _Hierarchy(1, frozenset((name,)), home, home)


def _below(point: Path, root: str, path: str) -> Path:
    """Where a group is seen; in a container the mount may begin at its own."""
    inner = path.removeprefix(root) if root != "/" else path
    return point / inner.strip("/")


def _tried(hierarchy: _Hierarchy) -> _Hierarchy | None:
    """With the controllers that a group in it really has; None where there is none."""
    if hierarchy.version == 2:
        for name in sorted(hierarchy.controllers - _words(hierarchy.base / "cgroup.subtree_control")):
            # Refused where the group has processes of its own, or is somebody else's.
            with contextlib.suppress(OSError):
                (hierarchy.base / "cgroup.subtree_control").write_text(f"+{name}")
        controllers = hierarchy.controllers & _words(hierarchy.base / "cgroup.subtree_control")
    else:
        controllers = hierarchy.controllers
    folder = hierarchy.base / f"{_PREFIX}{identity.own()}.0"
    try:
        folder.mkdir()
    except OSError:
        return None
    try:
        enters = controllers and _enters(folder, hierarchy.home)
    finally:
        _removed(folder)
    return replace(hierarchy, controllers=controllers) if enters else None


def _enters(folder: Path, home: Path) -> bool:
    """Who may make a group may still not bring a process there; not this one, whose group could end empty."""
    with subprocess.Popen(["/bin/sh", "-c", "read line"], stdin=subprocess.PIPE) as process:
        try:
            for group in (folder, home):
                (group / "cgroup.procs").write_text(str(process.pid))
        except OSError:
            return False
        finally:
            process.kill()
    return True


def _tidy(base: Path) -> None:
    for folder in base.glob(f"{_PREFIX}*"):
        if not identity.lives(folder.name.removeprefix(_PREFIX).partition(".")[0]):
            _removed(folder)


def _limit(version: int, folder: Path, wanted: Mapping[str, float]) -> None:
    if "cpu" in wanted:
        quota = max(_PERIOD // 100, round(wanted["cpu"] * _PERIOD))
        if version == 2:
            (folder / "cpu.max").write_text(f"{quota} {_PERIOD}")
        else:
            (folder / "cpu.cfs_period_us").write_text(str(_PERIOD))
            (folder / "cpu.cfs_quota_us").write_text(str(quota))
    if "memory" in wanted:
        size = str(int(wanted["memory"]))
        (folder / ("memory.max" if version == 2 else "memory.limit_in_bytes")).write_text(size)
        # As a kubelet has it: no swap, and with version 2 a container ends as a whole.
        more = {"memory.swap.max": "0", "memory.oom.group": "1"}
        for file, text in (more if version == 2 else {"memory.memsw.limit_in_bytes": size}).items():
            with contextlib.suppress(OSError):  # a kernel that does not count swap has no such file
                (folder / file).write_text(text)


def _kills(events: Path) -> bool:
    with contextlib.suppress(OSError):
        for line in events.read_text(encoding="utf-8").splitlines():
            name, _, number = line.partition(" ")
            if name == "oom_kill":
                return int(number) > 0
    return False


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _words(file: Path) -> frozenset[str]:
    try:
        return frozenset(file.read_text(encoding="utf-8").split())
    except OSError:
        return frozenset()
