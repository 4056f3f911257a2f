"""A difference worth finding in, the requests that it takes out; and the other way round.

A test that is looked at again and again finds a difference when its path first leaves the bound of
`sequence`. The chance of that by the last look is computed as Armitage, McPherson and Rowe, "Repeated
significance tests on accumulating data" (JRSS A 1969) do, by integrating from look to look.
"""

import math
from functools import lru_cache
from operator import mul
from statistics import NormalDist

from argolane.serving.statistics.sequence import SHARPEST, bound

MOST_LOOKS = 40  # more are as good as these: the path is nearly continuous then
STEPS = 4  # points of the grid in a standard deviation of one look


@lru_cache(maxsize=256)
def drift(*, alpha: float, power: float, looks: int) -> float:
    """How many standard errors a difference must be at the horizon, to be found by then with this chance."""
    low, high = 0.0, 12.0
    while high - low > 0.002:
        middle = (low + high) / 2
        low, high = (middle, high) if found(middle, alpha=alpha, looks=looks) < power else (low, middle)
    return high


@lru_cache(maxsize=1024)
def found(drift: float, *, alpha: float, looks: int) -> float:
    """The chance that so many standard errors (at the horizon) are found by one of the looks."""
    looks = max(1, min(looks, MOST_LOOKS))
    deviation = math.sqrt(1 / looks)
    step = deviation / STEPS
    reach = 6 * STEPS  # no look moves the path further than six deviations
    # Turned round: what comes to a point is the sum over those that it may have come from.
    normal = NormalDist(drift / looks, deviation)
    kernel = [step * normal.pdf(-move * step) for move in range(-reach, reach + 1)]
    inside, before = [1.0], 0  # weights of the points from -before to before
    for look in range(1, looks + 1):
        time = look / looks
        # A point stands for the step about it; of the outermost only a part is within the bound.
        edge = bound(SHARPEST * time, alpha) * math.sqrt(time) / step + 0.5
        last = int(edge)
        zeros = [0.0] * (max(last - before, 0) + reach)
        padded, shift = [*zeros, *inside, *zeros], len(zeros) + before - last - reach
        inside = [
            math.fsum(map(mul, padded[at : at + 2 * reach + 1], kernel))
            for at in range(shift, shift + 2 * last + 1)
        ]
        inside[0] *= edge - last
        inside[-1] *= edge - last
        before = last
    return 1 - math.fsum(inside)


def smallest_effect(
    requests: int, variances: tuple[float, float], *, share: float, alpha: float, power: float, every: int
) -> float:
    """The difference that so many requests find with that power, of scores with these variances."""
    error = math.sqrt(variances[0] / (requests * share) + variances[1] / (requests * (1 - share)))
    return drift(alpha=alpha, power=power, looks=looks_of(requests, every)) * error


def sample_size(
    effect: float,
    variances: tuple[float, float],
    *,
    share: float = 0.5,
    alpha: float = 0.05,
    power: float = 0.8,
    every: int = 100,
) -> int:
    """Requests of all arms together until a difference of `effect` is found; `share` is the first arm's."""
    spread = variances[0] / share + variances[1] / (1 - share)
    requests = fixed(effect, variances, share=share, alpha=alpha, power=power)
    for _ in range(4):  # the number of looks depends on what comes out, and hardly
        needed = drift(alpha=alpha, power=power, looks=looks_of(requests, every))
        requests = math.ceil(needed**2 * spread / effect**2)
    return requests


def fixed(
    effect: float,
    variances: tuple[float, float],
    *,
    share: float = 0.5,
    alpha: float = 0.05,
    power: float = 0.8,
) -> int:
    """The same for a test that is looked at once, at its end: Cohen, "Statistical power analysis" (1988)."""
    spread = variances[0] / share + variances[1] / (1 - share)
    normal = NormalDist()
    needed = normal.inv_cdf(1 - alpha / 2) + normal.inv_cdf(power)
    return math.ceil(needed**2 * spread / effect**2)


def looks_of(requests: int, every: int) -> int:
    return max(1, min(MOST_LOOKS, requests // every))
