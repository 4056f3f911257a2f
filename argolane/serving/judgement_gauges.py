"""A judgement and what drifted in, gauges of both out: what Prometheus is told of a deployment's last test.

In the form of Seldon's `metrics()`; the served units of the deployment tell them (models/runtimes/gauges.py).
"""

from collections.abc import Iterable
from typing import Any

from argolane.serving.drifted import Drifted
from argolane.serving.judged import Judgement


def gauges(judgement: Judgement, moved: Iterable[Drifted], *, at: float) -> list[dict[str, Any]]:
    """`at` is when the test was judged, seconds since 1970. Bounds that are not known yet are left out."""
    names = {arm.arm: arm.name for arm in judgement.arms}
    found = [_gauge("at", at), _gauge("requests", judgement.seen)]
    if judgement.mismatch is not None:
        found.append(_gauge("mismatch_p", judgement.mismatch))
    found += [_gauge("score", arm.mean, arm=arm.name) for arm in judgement.arms if arm.mean is not None]
    latest = {(one.one, one.other): one for one in judgement.intervals}
    for (one, other), interval in latest.items():
        of_both = {"arm": names[other], "against": names[one]}
        for what, value in (("", interval.value), ("_low", interval.low), ("_high", interval.high)):
            if value is not None:
                found.append(_gauge(f"difference{what}", value, **of_both))
    found += [
        _gauge("drift_psi_max", max(one.psi for one in each.features), trained=each.against) for each in moved
    ]
    return found


def _gauge(what: str, value: float, **tags: str) -> dict[str, Any]:
    return {"type": "GAUGE", "key": f"argolane_test_{what}", "value": value, "tags": tags}
