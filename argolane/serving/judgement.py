"""An experiment in, its verdict and the reason for it out: promote-a, keep-testing or no-difference, say."""

from argolane.serving.counted import counted
from argolane.serving.judged import Judgement, Rules, Told
from argolane.serving.looking import latencies, look, planned
from argolane.serving.observations import Experiment
from argolane.serving.statistics.guardrails import P99, quantile
from argolane.serving.statistics.mismatch import mismatch
from argolane.serving.statistics.posterior import best
from argolane.serving.verdicts import Known, decide


def judge(experiment: Experiment, rules: Rules) -> Judgement:
    """What is to be done now. Pure."""
    by = counted(experiment)
    looks = look(experiment, by, rules)
    uneven = None
    if all(arm.share is not None for arm in experiment.arms):
        shares = [arm.share or 0.0 for arm in experiment.arms]
        uneven = mismatch([by.arms[arm.letter] for arm in experiment.arms], shares)
    effect, needed = planned(experiment, by, looks.moments, rules)
    verdict, reason = decide(Known(experiment, rules, by, looks, uneven, effect, needed))
    sign = 1 if experiment.better == "higher" else -1
    posterior = best(looks.moments, kind=by.kind(experiment))
    told = []
    for arm in experiment.arms:
        seen = [one for one in experiment.seen if one.arm == arm.letter]
        moments, times = looks.moments[arm.letter], latencies(experiment, arm.letter)
        told.append(
            Told(
                arm.letter,
                arm.name,
                arm.version,
                len(seen),
                moments.count,
                sign * moments.mean if moments.count else None,
                quantile(times, P99) if times else None,
                posterior[arm.letter],
                by.arms[arm.letter] if by.of_users else None,
                sum(one.status != 200 for one in seen),
            )
        )
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
        by.word,
        by.crossed,
        by.nameless,
    )
