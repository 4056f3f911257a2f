"""Limits of memory and CPU in, a control group of one container out, where this user may make one.

Both interfaces of the kernel: version 2, below a group that is this user's (systemd's, with `Delegate`), and
version 1. A group's name says whose it is, and the next process removes what a dead one left.
"""

import contextlib
import functools
import itertools
import math
import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from argolane.containers import identity

_PERIOD = 100_000  # microseconds; the kernel takes no less than a hundredth of it
_PREFIX = "argolane."
_REMOVING = 1.0
_numbers = itertools.count(1)
_trying = threading.Lock()
_left: deque[Path] = deque()


@dataclass(frozen=True)
class Limits:
    """Bytes of memory, and cores; None for no limit."""

    memory: int | None = None
    cpu: float | None = None

    def __bool__(self) -> bool:
        return bool(self.asked)

    @property
    def asked(self) -> dict[str, float]:
        """By the names of controllers."""
        both = {"memory": self.memory, "cpu": self.cpu}
        return {name: value for name, value in both.items() if value is not None}


@dataclass(frozen=True)
class _Hierarchy:
    """Groups are made in `base`; `home` is the group of this process."""

    version: int
    controllers: frozenset[str]
    base: Path
    home: Path


@dataclass(frozen=True)
class Group:
    """The group of one container, a folder in each hierarchy; `held` are the controllers that limit it."""

    folders: tuple[tuple[_Hierarchy, Path], ...]
    held: frozenset[str]

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
            while not (gone := _removed(folder)) and time.monotonic() < until:
                time.sleep(0.005)
            if not gone:
                _left.append(folder)

    def leave(self) -> None:
        """Nobody waits for its processes, which are being killed: it is removed when others are made."""
        _left.extend(folder for _, folder in self.folders if not _removed(folder))


_EVENTS = {1: "memory.oom_control", 2: "memory.events"}


def make(limits: Limits) -> Group | None:
    """Without what the kernel does not take (lacking); None where no limit that is asked for can be had."""
    for _ in range(len(_left)):
        folder = _left.popleft()
        if not _removed(folder):
            _left.append(folder)
    return _made(limits)[0]


def lacking(limits: Limits) -> str:
    """Which of the limits do not hold on this machine, and why; '' where all do."""
    there = {name for hierarchy in hierarchies() for name in hierarchy.controllers}
    group, refused = _made(limits)
    if group:
        group.remove()
    missing = [name for name in limits.asked if name not in there]
    said = [f"this user may make no control group for {' and '.join(missing)} here"] if missing else []
    return "; ".join([*said, *refused])


def _made(limits: Limits) -> tuple[Group | None, list[str]]:
    """A group, and in words what the kernel refuses it."""
    found: list[tuple[_Hierarchy, Path]] = []
    held: set[str] = set()
    refused: list[str] = []
    for hierarchy in hierarchies():
        wanted = {name: value for name, value in limits.asked.items() if name in hierarchy.controllers}
        folder = hierarchy.base / f"{_PREFIX}{identity.own()}.{next(_numbers)}"
        taken = set()
        for name, value in wanted.items():
            try:
                folder.mkdir(exist_ok=True)
                _LIMIT[name](hierarchy, folder, value)
                taken.add(name)
            except OSError as error:
                refused.append(f"the kernel does not take the limit of {name}: {error.strerror}")
        if taken:
            held |= taken
            found.append((hierarchy, folder))
        elif wanted:
            _removed(folder)
    return (Group(tuple(found), frozenset(held)) if found else None), refused


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


def _limit_cpu(hierarchy: _Hierarchy, folder: Path, cores: float) -> None:
    if hierarchy.version == 2:
        (folder / "cpu.max").write_text(f"{_quota(cores)} {_PERIOD}")
        return
    (folder / "cpu.cfs_period_us").write_text(str(_PERIOD))
    # Version 1 takes no more than a group above has, as that of a container in which this runs.
    above = [_cores(group) for group in (hierarchy.base, *hierarchy.base.parents)]
    (folder / "cpu.cfs_quota_us").write_text(str(_quota(min(cores, *above))))


def _quota(cores: float) -> int:
    return max(_PERIOD // 100, int(cores * _PERIOD))


def _cores(group: Path) -> float:
    """What a group of version 1 may have of this machine."""
    try:
        quota, period = (int((group / f"cpu.cfs_{each}_us").read_text()) for each in ("quota", "period"))
    except OSError:
        return math.inf
    return quota / period if quota > 0 else math.inf


def _limit_memory(hierarchy: _Hierarchy, folder: Path, size: float) -> None:
    text = str(int(size))
    (folder / ("memory.max" if hierarchy.version == 2 else "memory.limit_in_bytes")).write_text(text)
    # As a kubelet has it: no swap, and with version 2 a container ends as a whole.
    more = {"memory.swap.max": "0", "memory.oom.group": "1"}
    for file, value in (more if hierarchy.version == 2 else {"memory.memsw.limit_in_bytes": text}).items():
        with contextlib.suppress(OSError):  # a kernel that does not count swap has no such file
            (folder / file).write_text(value)


_LIMIT = {"memory": _limit_memory, "cpu": _limit_cpu}


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
