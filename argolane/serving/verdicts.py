"""All looks at an experiment in, the verdict and a sentence out."""

from collections.abc import Sequence
from dataclasses import dataclass

from argolane.serving.counted import Counted, unanswered
from argolane.serving.judged import Rules
from argolane.serving.looking import Looks, latencies
from argolane.serving.observations import Experiment, Seen
from argolane.serving.statistics.guardrails import P99, fails, quantile, slower
from argolane.serving.statistics.sequence import LEAST

KEEP, NO_DIFFERENCE, PROMOTE = "keep-testing", "no-difference", "promote-"
UNEVEN = 0.01  # below it the shares are not those that were asked for
CROSSED = 0.01  # of the users that may have been seen on several arms


@dataclass(frozen=True)
class Known:
    """What there is to decide by; `effect` and `needed` are None where nothing can be planned."""

    experiment: Experiment
    rules: Rules
    counted: Counted
    looks: Looks
    uneven: float | None
    effect: float | None
    needed: int | None

    @property
    def names(self) -> dict[str, str]:
        return {arm.letter: f"{arm.letter} ({arm.name})" for arm in self.experiment.arms}

    @property
    def over(self) -> bool:
        """Whether as many were seen as it takes."""
        if not self.rules.effect:  # what was planned is what is sent
            return len(self.experiment.seen) >= self.experiment.requests
        return self.needed is not None and self.counted.number >= self.needed


def decide(known: Known) -> tuple[str, str]:
    """What is to be done, and why."""
    if why := _wrong(known):
        return KEEP, why
    if known.looks.winner:
        return _of_winner(known)
    return _of_none(known)


def failing(known: Known) -> dict[str, str]:
    """What is to be said of the arms that fail too often; under '' of all, where an error told of no arm."""
    experiment, of = known.experiment, known.counted.whose
    if any(one.status != 200 and not one.arm for one in experiment.seen):
        said = _failing(experiment.seen, of, known.rules)
        return {"": said} if said else {}
    found = {}
    for arm in experiment.arms:
        at = [n for n, one in enumerate(experiment.seen) if one.arm == arm.letter]
        if said := _failing([experiment.seen[n] for n in at], [of[n] for n in at], known.rules):
            found[arm.letter] = said
    return found


def _failing(seen: Sequence[Seen], of: Sequence[str | int | None], rules: Rules) -> str:
    if not fails(*unanswered(seen, of), most=rules.errors):
        return ""
    failed = sum(one.status != 200 for one in seen)
    return f"{failed} of {len(seen)} requests had no answer, more than {rules.errors:g} of all"


def _wrong(known: Known) -> str:
    """What hinders any verdict, or nothing."""
    counted = known.counted
    what = "users with a score" if counted.of_users else "scores"
    if fails(counted.crossed, counted.crossed + counted.number, most=CROSSED):
        return (
            f"{counted.crossed} users were seen on several arms, {counted.number} on one: they do not keep"
            " their arm, and what an arm does to them cannot be told."
        )
    few = [known.names[letter] for letter, arm in known.looks.moments.items() if arm.count < LEAST]
    if few:
        have = "have" if few[1:] else "has"
        return f"{' and '.join(few)} {have} fewer than {LEAST} {what}, too few to tell anything."
    if known.uneven is not None and known.uneven < UNEVEN:
        return (
            f"The arms did not get the shares of the {counted.word} that were asked for (p "
            f"{known.uneven:.2g}): something else than chance sorts them, and their scores cannot be"
            " compared."
        )
    bad = failing(known)
    if "" in bad:
        return f"{bad['']}: the scores are those of the others alone."
    if bad and (known.looks.winner in bad or not known.looks.winner):
        letter = known.looks.winner or min(bad)
        return f"{known.names[letter]}: {bad[letter]}: its scores are those of the others alone."
    return ""


def _of_winner(known: Known) -> tuple[str, str]:
    experiment, looks, names = known.experiment, known.looks, known.names
    sign = 1 if experiment.better == "higher" else -1
    others = [letter for letter in looks.moments if letter != looks.winner]
    top = max(looks.moments, key=lambda letter: looks.moments[letter].mean)
    ours = looks.moments[looks.winner].mean * sign
    second = max(others, key=lambda letter: looks.moments[letter].mean)
    theirs = looks.moments[second].mean * sign
    mean = f"mean {experiment.score} of a user" if known.counted.of_users else experiment.score
    better = (
        f"{names[looks.winner]} is better than {' and '.join(names[letter] for letter in others)}:"
        f" {mean} {ours:.4f} against {theirs:.4f}"
    )
    if top != looks.winner:
        return KEEP, f"{names[looks.winner]} was better after {looks.scores} scores, and is not any more."
    for letter in others:
        slow = [latencies(experiment, each) for each in (looks.winner, letter)]
        if slower(slow[0], slow[1], times=known.rules.slower):
            times = [quantile(each, P99) * 1000 for each in slow]
            return KEEP, (
                f"{better}; but its slowest of 100 answers takes {times[0]:.0f} ms, that of"
                f" {names[letter]} {times[1]:.0f} ms, and more than {known.rules.slower:g} times as much is"
                " not promoted."
            )
    users = f", of {looks.users} users" if known.counted.of_users else ""
    return f"{PROMOTE}{looks.winner}", (
        f"{better}, {interval_of(looks, looks.winner, second)}; seen after {looks.scores} of"
        f" {experiment.requests} requests{users}{_noted(known)}."
    )


def _of_none(known: Known) -> tuple[str, str]:
    looks, effect, counted = known.looks, known.effect, known.counted
    first, second = sorted(looks.moments)[:2]
    shown = f"{known.names[second]} is ahead of {known.names[first]} {interval_of(looks, second, first)}"
    last = looks.intervals[-(len(looks.moments) * (len(looks.moments) - 1) // 2) :]
    within = (
        effect is not None
        and known.rules.effect
        and all(
            one.low is not None and one.high is not None and -effect < one.low and one.high < effect
            for one in last
        )
    )
    note = _noted(known)
    if within:
        return NO_DIFFERENCE, f"No arm is better by {effect:.4f}, which was worth finding: {shown}{note}."
    if known.needed is None:
        return NO_DIFFERENCE, f"All scores are alike: {shown}{note}."
    scores = sum(arm.count for arm in looks.moments.values())
    if known.over:
        what = "users" if counted.of_users else "scores"
        return NO_DIFFERENCE, (
            f"No arm is better: {shown}; after {scores} {what} a difference of {effect:.4f} would have been"
            f" found in {known.rules.power:.0%} of such tests{note}."
        )
    users = f" of {counted.number} users" if counted.of_users else ""
    takes = f"about {known.needed} {counted.word}"
    if counted.of_users and not known.rules.effect:  # of what was planned for, all is to be sent
        takes = f"all {known.experiment.requests} requests"
    return KEEP, (
        f"Nothing is decided after {len(known.experiment.seen)} requests{users}: {shown}; a difference of"
        f" {effect:.4f} takes {takes}{note}."
    )


def _noted(known: Known) -> str:
    """What a reader should know besides."""
    noted = []
    if known.counted.crossed:
        noted.append(f"users seen on several arms, who count for none: {known.counted.crossed}")
    if known.counted.nameless:
        noted.append(f"requests of nobody, which count as a user each: {known.counted.nameless}")
    noted += [f"of {known.names[letter]} {said}" for letter, said in failing(known).items() if letter]
    return "".join(f"; {one}" for one in noted)


def interval_of(looks: Looks, better: str, other: str) -> str:
    """The latest interval in words."""
    one = next(one for one in reversed(looks.intervals) if {one.one, one.other} == {better, other})
    low, high, value = one.low or 0.0, one.high or 0.0, one.value
    if one.other != better:
        low, high, value = -high, -low, -value
    return f"by {value:+.4f} ({low:+.4f} to {high:+.4f} at any look)"
