"""Tallies of seconds in, what a load test found out out: what table, JSON and picture are made from."""

from dataclasses import dataclass, field
from typing import Any

from argolane.serving.load.histogram import Histogram, bounds
from argolane.serving.load.plan import Plan
from argolane.serving.load.tally import Tally

PERCENTILES = (50.0, 90.0, 95.0, 99.0, 99.9)
_FULL = 0.8  # of a CPU: a client that works more than that is no bystander
_SILENT = 1.0  # seconds without an answer, at the end, of a deployment that is gone
_FAILED = 3
_TELLING = 500  # requests a second


@dataclass(frozen=True)
class Second:
    """Of one second of the measurement, counted by when requests ended; latencies in milliseconds."""

    second: int
    answered: int
    failed: int
    p50: float | None
    p99: float | None


@dataclass
class Measured:
    """`length` is how many seconds were measured, `whole` whether that is all that were asked for. `busy` is
    the share of this machine's CPUs, `held_back` the seconds in which a CPU limit stopped the client."""

    url: str
    plan: Plan
    total: Tally = field(default_factory=Tally)
    seconds: list[Second] = field(default_factory=list)
    within: int = 0
    length: float = 0.0
    interrupted: bool = False
    silent: float = 0.0
    busy: float | None = None
    held_back: float = 0.0
    local: bool = True

    @property
    def rate(self) -> float:
        """Answers a second, of those that came within the time."""
        return self.within / self.length if self.length else 0.0

    @property
    def cpu(self) -> float:
        """Of one CPU, the share that a process of the client took."""
        return self.total.cpu / self.length / self.plan.processes if self.length else 0.0

    @property
    def limit(self) -> float | None:
        """Requests a second that this client could send if it did nothing else, by its work for each.

        None where it sent so few that most of its work was to wait.
        """
        busy = self.total.cpu > 0 and self.total.requests >= _TELLING * self.length
        return self.total.requests / self.total.cpu * self.plan.processes if busy else None

    @property
    def gone(self) -> bool:
        """Whether the deployment had stopped answering when the measurement ended."""
        after = sum(each.failed for each in self.seconds if each.second >= self.length - self.silent)
        return self.total.requests > 0 and self.silent >= _SILENT and after >= _FAILED

    def outages(self) -> list[tuple[int, int]]:
        """(from, to) in seconds: where all requests that ended had failed."""
        found: list[tuple[int, int]] = []
        for each in self.seconds:
            if each.answered or not each.failed:
                continue
            if found and found[-1][1] == each.second:
                found[-1] = (found[-1][0], each.second + 1)
            else:
                found.append((each.second, each.second + 1))
        return found

    def warnings(self) -> list[str]:
        """What a reader must know before the figures."""
        said = []
        total, longest = self.total, self.total.delays.percentile(99) or 0.0
        if self.interrupted:
            said.append(f"Ended by Ctrl-C after {self.length:.1f} s: this is what was measured until then.")
        if self.gone:
            at = self.length - self.silent
            said.append(
                f"The deployment stopped answering {at:.1f} s after the start, and did not come back."
            )
        said += [
            f"Nothing was answered from second {start} to second {end}."
            for start, end in self.outages()
            if not (self.gone and end >= self.length)
        ]
        if self.cpu > _FULL:
            said.append(
                f"The client was at its own limit ({self.cpu:.0%} of a CPU a process): the deployment can do "
                "more. Add --processes, or ask from another machine."
            )
        if longest > max(0.001, 0.1 * (total.latencies.percentile(50) or 0)):
            said.append(
                f"The client itself began 1 of 100 requests {in_ms(longest):.2f} ms late or more, which "
                "is in the latencies: this machine was too busy."
            )
        if self.local and self.busy is not None and self.busy > 0.95:
            said.append(
                f"This machine's CPUs were {self.busy:.0%} busy: client, deployment and what else runs here "
                "took them from each other."
            )
        if self.held_back > 0.01 * self.length:
            said.append(
                f"The client was held back for {self.held_back:.1f} s by the CPU limit of its container."
            )
        return said

    def faults(self, *, max_p99: float | None = None, max_errors: float | None = None) -> list[str]:
        """Why this is no success: nothing answered, or it was worse than it may be."""
        total, said = self.total, []
        if self.gone or not total.answered:
            said.append(f"{self.url}: {'stopped answering' if total.answered else 'nothing was answered'}.")
        p99 = total.latencies.percentile(99)
        if max_p99 is not None and (p99 is None or in_ms(p99) > max_p99):
            found = (
                f"{in_ms(p99):.2f} ms" if p99 is not None else "not known: there were fewer than 100 requests"
            )
            said.append(f"p99 is {found}; allowed are {max_p99:g} ms.")
        share = total.failed / total.requests if total.requests else 1.0
        if max_errors is not None and share > max_errors:
            said.append(f"{share:.2%} of the requests failed; allowed are {max_errors:.2%}.")
        return said

    def to_dict(self) -> dict[str, Any]:
        """All figures as JSON has them; latencies in milliseconds."""
        total, plan = self.total, self.plan
        return {
            "url": self.url,
            "loop": "open" if plan.rate else "closed",
            "asked": {
                "rate": plan.rate,
                "clients" if plan.rate is None else "connections": plan.clients,
                "duration": plan.duration,
                "warm_up": plan.warm_up,
                "timeout": plan.timeout,
                "processes": plan.processes,
            },
            "interrupted": self.interrupted,
            "seconds": round(self.length, 3),
            "requests": total.requests,
            "answered": total.answered,
            "failed": total.failed,
            "rate": round(self.rate, 2),
            "latency_ms": latency(total.latencies),
            "errors": [
                {"kind": kind, "number": number, "said": total.said.get(kind, "")}
                for kind, number in sorted(total.errors.items(), key=lambda each: -each[1])
            ],
            "arms": [
                {"arm": arm, "answered": times.number, "share": round(times.number / total.answered, 4),
                 "latency_ms": latency(times)}
                for arm, times in sorted(total.arms.items())
            ],
            "late": total.late,
            "reconnected": total.reconnected,
            "client": {
                "cpu_share": round(self.cpu, 4),
                "limit": round(self.limit) if self.limit else None,
                "delay_ms": latency(total.delays),
                "machine_busy": None if self.busy is None else round(self.busy, 4),
                "held_back_seconds": round(self.held_back, 3),
            },
            "gone": self.gone,
            "warnings": self.warnings(),
            "timeline": [vars(each) for each in self.seconds],
            "histogram": [
                [round(in_ms(bounds(bucket)[1]), 6), total.latencies.counts[bucket]]
                for bucket in sorted(total.latencies.counts)
            ],
        }  # fmt: skip


def latency(times: Histogram) -> dict[str, float | None]:
    """Percentiles, mean and the largest, in milliseconds; None where there were too few to tell one."""
    named = {f"p{percent:g}": times.percentile(percent) for percent in PERCENTILES}
    named |= {"mean": times.mean, "max": times.largest if times.number else None}
    return {name: None if value is None else round(in_ms(value), 4) for name, value in named.items()}


def second_of(number: int, found: Tally) -> Second:
    """What is kept of a second."""
    cut = [found.latencies.percentile(percent) for percent in (50, 99)]
    p50, p99 = (None if value is None else round(in_ms(value), 4) for value in cut)
    return Second(number, found.answered, found.failed, p50, p99)


def in_ms(seconds: float) -> float:
    return seconds * 1000
