"""A judgement and what drifted in, gauges of both out: what Prometheus is told of a deployment's last test.

In the form of Seldon's `metrics()`; the served units of the deployment tell them (models/runtimes/gauges.py).
"""

import math
from collections.abc import Iterable
from itertools import combinations
from typing import Any

from argolane.serving.drifted import Drifted
from argolane.serving.judged import Judgement


def gauges(judgement: Judgement, moved: Iterable[Drifted], *, at: float) -> list[dict[str, Any]]:
    """`at` is when the test was judged, seconds since 1970. What is not known is NaN.

    Who is told a gauge keeps its value until it is told anew: what was left out would be an earlier test's.
    """
    names = {arm.arm: arm.name for arm in judgement.arms}
    found = [_gauge("at", at), _gauge("requests", judgement.seen), _gauge("mismatch_p", judgement.mismatch)]
    found += [_gauge("score", arm.mean, arm=arm.name) for arm in judgement.arms]
    latest = {(one.one, one.other): one for one in judgement.intervals}
    for one, other in latest or combinations(names, 2):
        interval = latest.get((one, other))
        for what, end in (("", "value"), ("_low", "low"), ("_high", "high")):
            value = getattr(interval, end, None)
            found.append(_gauge(f"difference{what}", value, arm=names[other], against=names[one]))
    furthest = {each.against: max((one.psi for one in each.features), default=None) for each in moved}
    versions = {arm.version.replace(" ", ":"): None for arm in judgement.arms}
    found += [_gauge("drift_psi_max", psi, trained=version) for version, psi in (versions | furthest).items()]
    return found


def _gauge(what: str, value: float | None, **tags: str) -> dict[str, Any]:
    told = math.nan if value is None else value
    return {"type": "GAUGE", "key": f"argolane_test_{what}", "value": told, "tags": tags}
