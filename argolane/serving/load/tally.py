"""What came of single requests in, their sums out: of a second, of a process, of a whole load test."""

from dataclasses import dataclass, field

from argolane.serving.load.histogram import Histogram

LATE = 0.001  # seconds after its time from which a request counts as begun late
TIMEOUT, UNSENT = "no answer in time", "not sent: all connections were busy"
SLOW = (TIMEOUT, UNSENT)
"""What counts among the latencies with the time it waited: leaving it out would make the rest look good."""


@dataclass
class Tally:
    """`latencies` are those of answers with status 2xx, and of what was waited for in vain; of `errors` there
    is one number by kind, and in `said` the first words of each; `delays` is how late the client itself began
    requests, `late` how many it began late because no connection was free; `cpu` are seconds of the client's
    own work, `last` is when the last answer came, by time.perf_counter()."""

    latencies: Histogram = field(default_factory=Histogram)
    answered: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    arms: dict[str, Histogram] = field(default_factory=dict)
    delays: Histogram = field(default_factory=Histogram)
    late: int = 0
    reconnected: int = 0
    cpu: float = 0.0
    last: float = 0.0

    def answer(self, latency: float, arm: str) -> None:
        self.answered += 1
        self.latencies.add(latency)
        if arm:
            found = self.arms.get(arm)
            if found is None:
                found = self.arms[arm] = Histogram()
            found.add(latency)

    def error(self, kind: str, said: str, latency: float, times: int = 1) -> None:
        self.errors[kind] = self.errors.get(kind, 0) + times
        self.said.setdefault(kind, said)
        if kind in SLOW:
            self.latencies.add(latency, times)

    def merge(self, other: "Tally") -> None:
        self.latencies.merge(other.latencies)
        self.delays.merge(other.delays)
        for kind, number in other.errors.items():
            self.errors[kind] = self.errors.get(kind, 0) + number
            self.said.setdefault(kind, other.said.get(kind, ""))
        for arm, times in other.arms.items():
            self.arms.setdefault(arm, Histogram()).merge(times)
        self.answered += other.answered
        self.late += other.late
        self.reconnected += other.reconnected
        self.cpu += other.cpu
        self.last = max(self.last, other.last)

    @property
    def failed(self) -> int:
        return sum(self.errors.values())

    @property
    def requests(self) -> int:
        return self.answered + self.failed
