"""What was measured in, text for a terminal or a log out: figures, a histogram, and what to know."""

from collections.abc import Iterable, Sequence

from argolane.serving.load.histogram import Histogram, coarse
from argolane.serving.load.measured import PERCENTILES, Measured, Second, in_ms, latency
from argolane.serving.load.plan import Plan

_BARS, _WIDTH, _SAID = 16, 40, 120
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def table(measured: Measured) -> str:
    """Lines, each with its end."""
    total = measured.total
    lines = [measured.url, told(measured.plan), ""]
    lines += _aligned([
        ("requests", f"{total.requests:,}"),
        ("answered", f"{total.answered:,}", f"{measured.rate:,.1f} a second"),
        ("failed", f"{total.failed:,}", _share(total.failed, total.requests)),
        *(("", f"{number:,}", _kind(kind, total.said.get(kind, ""))) for kind, number in
          sorted(total.errors.items(), key=lambda each: -each[1])),
        *([("late", f"{total.late:,}", "begun late, as no connection was free: counted from their time")]
          if total.late else []),
        *([("reconnected", f"{total.reconnected:,}")] if total.reconnected else []),
    ])  # fmt: skip
    lines += ["", *_percentiles(measured), ""]
    lines += bars(total.latencies)
    lines += ["", _client(measured), *measured.warnings()]
    return "\n".join(lines) + "\n"


def told(plan: Plan) -> str:
    """How it was asked."""
    loop = (
        f"{plan.rate:g} requests a second (open loop, at most {plan.clients} connections)"
        if plan.rate
        else f"{plan.clients} client{'s' * (plan.clients > 1)} (closed loop)"
    )
    return f"{loop}, {plan.duration:g} s after {plan.warm_up:g} s of warm-up"


def line(plan: Plan, second: Second) -> str:
    """Of one second, while it goes on."""
    p50, p99 = (f"{value:8.2f}" if value is not None else "       -" for value in (second.p50, second.p99))
    failed = f"  {second.failed} failed" if second.failed else ""
    at = f"{second.second + 1:5} of {plan.duration:g} s"
    return f"{at} {second.answered:7} answers  p50 {p50} ms  p99 {p99} ms{failed}"


def bars(times: Histogram) -> list[str]:
    """The latencies by number, in ranges that are equally wide by their logarithm."""
    found = list(coarse(times, _BARS))
    most = max((number for _, _, number in found), default=0)
    edges = [f"{in_ms(edge):.3g}" for edge, _, _ in found] + [f"{in_ms(found[-1][1]):.3g}"] if found else []
    wide = max(map(len, edges), default=0)
    return [
        f"{low:>{wide}} to {high:>{wide}} ms {_bar(number / most):{_WIDTH}} {number:,}".rstrip()
        for low, high, (_, _, number) in zip(edges, edges[1:], found, strict=False)
    ]


def _percentiles(measured: Measured) -> list[str]:
    named = [f"p{percent:g}" for percent in PERCENTILES] + ["max", "mean"]
    rows = [("latency in ms", *named)]
    arms = measured.total.arms
    every = [("all", measured.total.latencies), *(sorted(arms.items()) if len(arms) > 1 else [])]
    for name, times in every:
        found = latency(times)
        share = "" if name == "all" else f" ({_share(times.number, measured.total.answered)})"
        rows.append((name + share, *(_number(found[each]) for each in named)))
    wide = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(
            [row[0].ljust(wide[0]), *(cell.rjust(w) for cell, w in zip(row[1:], wide[1:], strict=True))]
        )
        for row in rows
    ]


def _client(measured: Measured) -> str:
    share = f"The client worked {measured.cpu:.0%} of a CPU" + (
        " in each process" if measured.plan.processes > 1 else ""
    )
    could = f"; alone it could send about {_round(measured.limit):,} a second" if measured.limit else ""
    late = measured.total.delays.percentile(99)
    own = f". Of 100 requests it began 99 within {in_ms(late):.2f} ms of their time" if late else ""
    return f"{share}{could}{own}."


def _aligned(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    first, second = (max(len(row[i]) for row in rows) for i in (0, 1))
    for row in rows:
        yield "  ".join([row[0].ljust(first), row[1].rjust(second), *row[2:]]).rstrip()


def _kind(kind: str, said: str) -> str:
    said = " ".join(said.split())
    return kind if said in ("", kind) else f"{kind}: {said if len(said) <= _SAID else said[:_SAID] + ' …'}"


def _bar(share: float) -> str:
    eighths = max(1, round(share * _WIDTH * 8)) if share else 0
    return "█" * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.2%}" if whole else ""


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}" if value < 100 else f"{value:,.0f}"


def _round(value: float) -> int:
    """To two digits: it is an estimate."""
    return int(float(f"{value:.1e}"))
