"""Nothing in, how busy this machine was out: whether a client and a server on it hindered each other."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

_STAT = Path("/proc/stat")
_CGROUP = (Path("/sys/fs/cgroup/cpu.stat"), Path("/sys/fs/cgroup/cpu/cpu.stat"))


@dataclass(frozen=True)
class Clock:
    """Jiffies of all CPUs together, and seconds in which the container was held back by its CPU limit."""

    busy: int = 0
    all: int = 0
    held_back: float = 0.0


def clock() -> Clock:
    """Zeros where the system does not tell."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        # user nice system idle iowait irq softirq steal; guest time is in user already
        times = [int(word) for word in _STAT.read_text().split("\n", 1)[0].split()[1:9]]
        return Clock(sum(times) - times[3] - times[4], sum(times), _held_back())
    return Clock()


def busy_share(before: Clock, after: Clock) -> float | None:
    """The part of its CPUs' time in which the machine was busy."""
    return (after.busy - before.busy) / (after.all - before.all) if after.all > before.all else None


def _held_back() -> float:
    for path in _CGROUP:
        with contextlib.suppress(OSError, ValueError):
            found = dict(line.split() for line in path.read_text().splitlines())
            if "throttled_usec" in found:
                return int(found["throttled_usec"]) / 1e6
            if "throttled_time" in found:
                return int(found["throttled_time"]) / 1e9
    return 0.0
