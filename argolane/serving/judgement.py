"""An experiment in, its verdict and the reason for it out: promote-a, keep-testing or no-difference, say.

Pure: what was seen is looked at again from the beginning, once every so many requests, as somebody would have
who watched; the statistics hold for any number of looks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from argolane.serving.judged import Interval, Judgement, Rules, Told
from argolane.serving.observations import Experiment, Variant
from argolane.serving.statistics.corrected import holm
from argolane.serving.statistics.guardrails import P99, fails, quantile, slower
from argolane.serving.statistics.mismatch import mismatch
from argolane.serving.statistics.moments import Moments
from argolane.serving.statistics.posterior import best
from argolane.serving.statistics.power import sample_size, smallest_effect
from argolane.serving.statistics.sequence import LEAST, difference, pace

KEEP, NO_DIFFERENCE, PROMOTE = "keep-testing", "no-difference", "promote-"
UNEVEN = 0.01  # below it the shares are not those that were asked for


@dataclass(frozen=True)
class Looks:
    """All looks, one after another, and the first at which one arm is better than all others."""

    intervals: Sequence[Interval]
    winner: str
    scores: int
    moments: Mapping[str, Moments]


def judge(experiment: Experiment, rules: Rules) -> Judgement:
    """What is to be done now."""
    looks = look(experiment, rules)
    counts = {arm.letter: sum(seen.arm == arm.letter for seen in experiment.seen) for arm in experiment.arms}
    uneven = None
    if all(arm.share is not None for arm in experiment.arms):
        shares = [arm.share or 0.0 for arm in experiment.arms]
        uneven = mismatch([counts[arm.letter] for arm in experiment.arms], shares)
    effect, needed = planned(experiment, looks.moments, rules)
    verdict, reason = decide(experiment, rules, looks, uneven, effect, needed)
    sign = 1 if experiment.better == "higher" else -1
    posterior = best(looks.moments, kind=experiment.kind)
    told = [
        Told(
            arm.letter,
            arm.name,
            arm.version,
            counts[arm.letter],
            looks.moments[arm.letter].count,
            sign * looks.moments[arm.letter].mean if looks.moments[arm.letter].count else None,
            quantile(_latencies(experiment, arm.letter), P99) if counts[arm.letter] else None,
            posterior[arm.letter],
        )
        for arm in experiment.arms
    ]
    return Judgement(
        verdict,
        reason,
        experiment.deployment,
        experiment.run,
        experiment.score,
        experiment.better,
        experiment.requests,
        len(experiment.seen),
        uneven,
        effect,
        needed,
        told,
        looks.intervals,
    )


def look(experiment: Experiment, rules: Rules) -> Looks:
    """Every so many scores, and once more at the end."""
    letters = [arm.letter for arm in experiment.arms]
    sign = 1 if experiment.better == "higher" else -1
    scored = [
        (seen.arm, sign * seen.score) for seen in experiment.seen if seen.score is not None and seen.arm
    ]
    pairs = list(combinations(experiment.arms, 2))
    moments = dict.fromkeys(letters, Moments())
    lowest: dict[tuple[str, str], tuple[float, str]] = {(x.letter, y.letter): (1.0, "") for x, y in pairs}
    intervals: list[Interval] = []
    winner, at = "", 0
    ends = [*range(rules.every, len(scored), rules.every), *([len(scored)] if scored else [])]
    for begin, end in zip([0, *ends], ends, strict=False):
        for letter in letters:
            moments[letter] = moments[letter].plus(score for arm, score in scored[begin:end] if arm == letter)
        for x, y in pairs:
            one, other = moments[x.letter], moments[y.letter]
            found = difference(
                one,
                other,
                kind=experiment.kind,
                alpha=rules.alpha / len(pairs),
                horizon=_horizon(experiment, x, y),
            )
            low, high = (found.low, found.high) if found.known else (None, None)
            intervals.append(Interval(x.letter, y.letter, end, found.value, low, high, found.p))
            if found.p < lowest[x.letter, y.letter][0]:
                lowest[x.letter, y.letter] = (found.p, y.letter if found.value > 0 else x.letter)
        adjusted = holm({pair: p for pair, (p, _) in lowest.items()})
        for letter in [] if winner else letters:
            ours = [pair for pair in lowest if letter in pair]
            if all(adjusted[pair] <= rules.alpha and lowest[pair][1] == letter for pair in ours):
                winner, at = letter, end
    return Looks(intervals, winner, at, moments)


def planned(
    experiment: Experiment, moments: Mapping[str, Moments], rules: Rules
) -> tuple[float | None, int | None]:
    """(the difference that the requests find, the requests that `effect` takes), by the variances seen."""
    one, other = (moments[arm.letter] for arm in experiment.arms[:2])
    if min(one.count, other.count) < LEAST:
        return None, None
    variances = (one.variance(experiment.kind), other.variance(experiment.kind))
    share = _share(experiment, experiment.arms[0])
    share = share / (share + _share(experiment, experiment.arms[1]))
    if not any(variances) or not 0 < share < 1:
        return None, None
    known = {"share": share, "alpha": rules.alpha, "power": rules.power, "every": rules.every}
    if rules.effect:
        return rules.effect, sample_size(rules.effect, variances, **known)  # type: ignore[arg-type]
    return smallest_effect(experiment.requests, variances, **known), experiment.requests  # type: ignore[arg-type]


def decide(
    experiment: Experiment,
    rules: Rules,
    looks: Looks,
    uneven: float | None,
    effect: float | None,
    needed: int | None,
) -> tuple[str, str]:
    """The verdict and a sentence."""
    names = {arm.letter: f"{arm.letter} ({arm.name})" for arm in experiment.arms}
    scores = sum(arm.count for arm in looks.moments.values())
    unanswered = [seen for seen in experiment.seen if seen.status != 200]
    few = [names[letter] for letter, arm in looks.moments.items() if arm.count < LEAST]
    if few:
        return KEEP, f"{' and '.join(few)} has fewer than {LEAST} scores, too few to tell anything."
    if uneven is not None and uneven < UNEVEN:
        return KEEP, (
            "The arms did not get the shares of the requests that were asked for (p "
            f"{uneven:.2g}): something else than chance sorts them, and their scores cannot be compared."
        )
    if fails(len(unanswered), len(experiment.seen), most=rules.errors):
        return KEEP, (
            f"{len(unanswered)} of {len(experiment.seen)} requests had no answer, more than {rules.errors:g}"
            " of all: the scores are those of the others alone."
        )
    sign = 1 if experiment.better == "higher" else -1
    if looks.winner:
        others = [letter for letter in looks.moments if letter != looks.winner]
        top = max(looks.moments, key=lambda letter: looks.moments[letter].mean)
        ours = looks.moments[looks.winner].mean * sign
        second = max(others, key=lambda letter: looks.moments[letter].mean)
        theirs = looks.moments[second].mean * sign
        better = (
            f"{names[looks.winner]} is better than {' and '.join(names[letter] for letter in others)}:"
            f" {experiment.score} {ours:.4f} against {theirs:.4f}"
        )
        if top != looks.winner:
            return KEEP, f"{names[looks.winner]} was better after {looks.scores} scores, and is not any more."
        for letter in others:
            slow = [_latencies(experiment, each) for each in (looks.winner, letter)]
            if slower(slow[0], slow[1], times=rules.slower):
                times = [quantile(each, P99) * 1000 for each in slow]
                return KEEP, (
                    f"{better}; but its slowest of 100 answers takes {times[0]:.0f} ms, that of"
                    f" {names[letter]} {times[1]:.0f} ms, and more than {rules.slower:g} times as much is"
                    " not promoted."
                )
        return f"{PROMOTE}{looks.winner}", (
            f"{better}, {_said(looks, looks.winner, second)}; seen after {looks.scores} of"
            f" {experiment.requests} requests."
        )
    first, second = sorted(looks.moments)[:2]
    shown = f"{names[second]} is ahead of {names[first]} {_said(looks, second, first)}"
    last = looks.intervals[-(len(looks.moments) * (len(looks.moments) - 1) // 2) :]
    within = (
        effect is not None
        and rules.effect
        and all(
            one.low is not None and one.high is not None and -effect < one.low and one.high < effect
            for one in last
        )
    )
    if within:
        return NO_DIFFERENCE, f"No arm is better by {effect:.4f}, which was worth finding: {shown}."
    if needed is not None and len(experiment.seen) >= needed:
        return NO_DIFFERENCE, (
            f"No arm is better: {shown}; after {scores} scores a difference of {effect:.4f} would have been"
            f" found in {rules.power:.0%} of such tests."
        )
    if needed is None:
        return NO_DIFFERENCE, f"All scores are alike: {shown}."
    return KEEP, (
        f"Nothing is decided after {len(experiment.seen)} requests: {shown}; a difference of {effect:.4f}"
        f" takes about {needed} requests."
    )


def _said(looks: Looks, better: str, other: str) -> str:
    """The latest interval in words."""
    one = next(one for one in reversed(looks.intervals) if {one.one, one.other} == {better, other})
    low, high, value = one.low or 0.0, one.high or 0.0, one.value
    if one.other != better:
        low, high, value = -high, -low, -value
    return f"by {value:+.4f} ({low:+.4f} to {high:+.4f} at any look)"


def _share(experiment: Experiment, arm: Variant) -> float:
    return 1 / len(experiment.arms) if arm.share is None else arm.share


def _horizon(experiment: Experiment, one: Variant, other: Variant) -> float:
    counts = [max(1, round(experiment.requests * _share(experiment, arm))) for arm in (one, other)]
    return pace(counts[0], counts[1])


def _latencies(experiment: Experiment, letter: str) -> list[float]:
    return [seen.latency for seen in experiment.seen if seen.arm == letter and seen.score is not None]
