"""What is asked of a load test in, what it will do out, or all that is wrong with it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from argolane.errors import UsageError

LONGEST = 3600.0  # seconds
MOST_RATE = 100_000.0
MOST_CLIENTS = 10_000
MOST_REQUESTS = 100_000_000
MOST_PROCESSES = 64
_TIMES = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class Plan:
    """With a `rate`, requests begin at that many a second whatever happens to them, over at most `clients`
    connections (an open loop). Without, each of the clients sends its next request when it has the answer to
    its last (a closed loop). Times are in seconds; `warm_up` comes before `duration`, and counts nowhere."""

    rate: float | None
    clients: int
    duration: float
    warm_up: float = 1.0
    timeout: float = 10.0
    processes: int = 1
    requests: int = MOST_REQUESTS

    @property
    def patience(self) -> float:
        """Seconds without a single answer after which there is no more to learn."""
        return self.timeout + 5


def checked(plan: Plan) -> Plan:
    """The same plan; UsageError with all its faults."""
    if faults := list(_faults(plan)):
        raise UsageError("\n".join(faults))
    return plan


def _faults(plan: Plan) -> Iterable[str]:
    if plan.rate is not None and not 0.01 <= plan.rate <= MOST_RATE:
        yield f"--rate is {plan.rate:g}; expected 0.01 to {MOST_RATE:,.0f} requests a second."
    if not 1 <= plan.clients <= MOST_CLIENTS:
        yield f"--clients or --connections is {plan.clients}; expected 1 to {MOST_CLIENTS:,}."
    if not 0.1 <= plan.duration <= LONGEST:
        yield f"--duration is {plan.duration:g} s; expected 100ms to 1h."
    if not 0 <= plan.warm_up <= LONGEST:
        yield f"--warm-up is {plan.warm_up:g} s; expected 0s to 1h."
    if not 0.01 <= plan.timeout <= LONGEST:
        yield f"--timeout is {plan.timeout:g} s; expected 10ms to 1h."
    if not 1 <= plan.processes <= min(MOST_PROCESSES, plan.clients):
        most = min(MOST_PROCESSES, plan.clients)
        yield f"--processes is {plan.processes}; expected 1 to {most}: each has a client or connection."
    if not 1 <= plan.requests <= MOST_REQUESTS:
        yield f"--requests is {plan.requests}; expected 1 to {MOST_REQUESTS:,}."
    if plan.rate is not None and plan.rate * (plan.duration + plan.warm_up) > MOST_REQUESTS:
        yield (
            f"{plan.rate:g} requests a second for {plan.duration + plan.warm_up:g} s are more than "
            f"{MOST_REQUESTS:,}. Take less of one."
        )


def seconds(text: str) -> float:
    """Of `30s`, `1m30s`, `500ms`, or a number of seconds; ValueError for what is none of these."""
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text):
        return float(text)
    parts = re.findall(r"(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h)", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"{text!r} is no duration; expected 30s, 1m30s, 500ms, or a number of seconds.")
    return sum(float(number) * _TIMES[unit] for number, unit in parts)
