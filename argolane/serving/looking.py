"""An experiment in, all looks at it out: the intervals between its arms, and who was better than all others.

What was seen is looked at again from the beginning, once every so many requests, as somebody would have who
watched; the statistics hold for any number of looks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from argolane.serving.counted import Counted, Tally
from argolane.serving.judged import Interval, Rules
from argolane.serving.observations import Experiment, Variant
from argolane.serving.statistics.corrected import holm
from argolane.serving.statistics.moments import Moments
from argolane.serving.statistics.power import sample_size, smallest_effect
from argolane.serving.statistics.sequence import LEAST, difference, pace


@dataclass(frozen=True)
class Looks:
    """All looks, one after another, and the first at which one arm is better than all others."""

    intervals: Sequence[Interval]
    winner: str
    scores: int  # requests with a score until then
    users: int  # that were scored until then
    moments: Mapping[str, Moments]


def look(experiment: Experiment, counted: Counted, rules: Rules) -> Looks:
    """Every so many scores, and once more at the end."""
    letters = [arm.letter for arm in experiment.arms]
    sign = 1 if experiment.better == "higher" else -1
    scored = [
        (seen.arm, whose, sign * seen.score)
        for seen, whose in zip(experiment.seen, counted.whose, strict=True)
        if seen.score is not None and seen.arm and whose is not None
    ]
    pairs = list(combinations(experiment.arms, 2))
    tally, moments = Tally(letters), dict.fromkeys(letters, Moments())
    lowest: dict[tuple[str, str], tuple[float, str]] = {(x.letter, y.letter): (1.0, "") for x, y in pairs}
    intervals: list[Interval] = []
    winner, at, users = "", 0, 0
    ends = [*range(rules.every, len(scored), rules.every), *([len(scored)] if scored else [])]
    for begin, end in zip([0, *ends], ends, strict=False):
        for arm, whose, score in scored[begin:end]:
            tally.add(arm, whose, score)
        moments = tally.moments
        for x, y in pairs:
            found = difference(
                moments[x.letter],
                moments[y.letter],
                kind=counted.kind(experiment),
                alpha=rules.alpha / len(pairs),
                horizon=_horizon(experiment, counted, x, y),
            )
            low, high = (found.low, found.high) if found.known else (None, None)
            intervals.append(Interval(x.letter, y.letter, end, found.value, low, high, found.p))
            if found.p < lowest[x.letter, y.letter][0]:
                lowest[x.letter, y.letter] = (found.p, y.letter if found.value > 0 else x.letter)
        adjusted = holm({pair: p for pair, (p, _) in lowest.items()})
        for letter in [] if winner else letters:
            ours = [pair for pair in lowest if letter in pair]
            if all(adjusted[pair] <= rules.alpha and lowest[pair][1] == letter for pair in ours):
                winner, at, users = letter, end, sum(arm.count for arm in moments.values())
    return Looks(intervals, winner, at, users, moments)


def planned(
    experiment: Experiment, counted: Counted, moments: Mapping[str, Moments], rules: Rules
) -> tuple[float | None, int | None]:
    """(the difference that the requests find, what `effect` takes of what counts), by the variances seen."""
    one, other = (moments[arm.letter] for arm in experiment.arms[:2])
    if min(one.count, other.count) < LEAST:
        return None, None
    kind = counted.kind(experiment)
    variances = (one.variance(kind), other.variance(kind))
    share = _share(experiment, experiment.arms[0])
    share = share / (share + _share(experiment, experiment.arms[1]))
    if not any(variances) or not 0 < share < 1:
        return None, None
    # There are as many looks, whatever is counted.
    every = max(1, round(rules.every * counted.planned / max(1, experiment.requests)))
    known = {"share": share, "alpha": rules.alpha, "power": rules.power, "every": every}
    if rules.effect:
        return rules.effect, sample_size(rules.effect, variances, **known)  # type: ignore[arg-type]
    return smallest_effect(counted.planned, variances, **known), counted.planned  # type: ignore[arg-type]


def latencies(experiment: Experiment, letter: str) -> list[float]:
    """Of the answers of an arm, in seconds."""
    return [seen.latency for seen in experiment.seen if seen.arm == letter and seen.status == 200]


def _share(experiment: Experiment, arm: Variant) -> float:
    return 1 / len(experiment.arms) if arm.share is None else arm.share


def _horizon(experiment: Experiment, counted: Counted, one: Variant, other: Variant) -> float:
    counts = [max(1, round(counted.planned * _share(experiment, arm))) for arm in (one, other)]
    return pace(counts[0], counts[1])
