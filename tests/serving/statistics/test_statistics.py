"""What may be said of the scores of two arms: held against values that scipy gives for the same formulas."""

import math

import pytest

from argolane.serving.statistics.corrected import holm
from argolane.serving.statistics.guardrails import fails, quantile, quantile_bounds, rate_bounds, slower
from argolane.serving.statistics.mismatch import mismatch
from argolane.serving.statistics.moments import MEAN, PROPORTION, Moments
from argolane.serving.statistics.posterior import best
from argolane.serving.statistics.power import drift, fixed, found, sample_size, smallest_effect
from argolane.serving.statistics.sequence import LEAST, bound, difference, p_value


def shares(count: int, right: int) -> Moments:
    return Moments().plus([1.0] * right + [0.0] * (count - right))


def test_moments_are_those_of_all_scores() -> None:
    """Adding some and then others is adding all; the variance is the sample's, that of a share never 0."""
    parts = Moments().plus([1.0, 2.0]).plus([4.0])
    assert parts == Moments().plus([1.0, 2.0, 4.0])
    assert parts.mean == pytest.approx(7 / 3)
    assert parts.variance(MEAN) == pytest.approx(7 / 3)  # numpy.var([1, 2, 4], ddof=1)
    assert shares(98, 98).variance(PROPORTION) == pytest.approx(0.99 * 0.01)


def test_the_p_value_is_one_over_the_mixture() -> None:
    """Of z = 3 with 8.2 times the prior's information the integral is 18.1972 (scipy)."""
    assert 1 / p_value(3.0, 8.2) == pytest.approx(18.197201584912936)
    assert p_value(0.0, 8.2) == 1.0


def test_interval_and_p_value_agree() -> None:
    """At the bound p is alpha: the interval leaves 0 out exactly where p is below alpha."""
    for ratio in (0.1, 1.0, 8.2, 50.0):
        assert p_value(bound(ratio, 0.05), ratio) == pytest.approx(0.05)
    near = difference(shares(500, 470), shares(500, 485), kind=PROPORTION, alpha=0.05, horizon=500)
    assert (near.low < 0 < near.high) == (near.p > 0.05)
    far = difference(shares(500, 420), shares(500, 485), kind=PROPORTION, alpha=0.05, horizon=500)
    assert far.low > 0 and far.p < 0.05
    assert far.value == pytest.approx(0.13)


def test_nothing_is_said_of_a_few_scores() -> None:
    """Before LEAST scores of each arm the interval is everything."""
    few = difference(shares(LEAST - 1, 0), shares(500, 500), kind=PROPORTION, alpha=0.05, horizon=500)
    assert (few.low, few.high, few.p) == (-math.inf, math.inf, 1.0)


def test_scores_that_are_all_alike_are_no_difference() -> None:
    """Means without any variance differ, or do not."""
    same = Moments().plus([2.0] * 60)
    assert difference(same, same, kind=MEAN, alpha=0.05, horizon=60).p == 1.0
    assert difference(same, Moments().plus([3.0] * 60), kind=MEAN, alpha=0.05, horizon=60).p == 0.0


def test_a_single_look_has_the_power_of_the_normal_distribution() -> None:
    """With one look the integral is a closed form: Phi(drift - bound)."""
    phi = 0.5 * (1 + math.erf((4 - bound(8.2, 0.05)) / math.sqrt(2)))
    assert found(4.0, alpha=0.05, looks=1) == pytest.approx(phi, abs=0.01)


def test_more_looks_find_more_and_err_within_bounds() -> None:
    """Looking again helps, and A/A tests stay below alpha."""
    powers = [found(3.5, alpha=0.05, looks=looks) for looks in (1, 5, 20)]
    assert powers == sorted(powers)
    assert found(0.0, alpha=0.05, looks=20) < 0.05


def test_the_sample_size_finds_what_it_is_for() -> None:
    """smallest_effect turns sample_size round; a fixed test is scipy's 1269.56 for 0.95 against 0.91."""
    variances = (0.95 * 0.05, 0.91 * 0.09)
    requests = sample_size(0.04, variances)
    assert fixed(0.04, variances) == 1270
    assert 1270 * 1.3 < requests < 1270 * 2
    known = {"share": 0.5, "alpha": 0.05, "power": 0.8, "every": 100}
    assert smallest_effect(requests, variances, **known) == pytest.approx(0.04, rel=0.01)  # type: ignore[arg-type]
    assert found(drift(alpha=0.05, power=0.8, looks=10), alpha=0.05, looks=10) == pytest.approx(
        0.8, abs=0.005
    )


def test_shares_that_are_not_those_asked_for() -> None:
    """65 of 100 at one half is 6.83535 times as likely by the mixture (scipy's dirichlet_multinomial)."""
    assert 1 / mismatch([65, 35], [0.5, 0.5]) == pytest.approx(6.83534994570674)
    assert mismatch([501, 499], [0.5, 0.5]) == 1.0
    assert mismatch([800, 1200], [0.5, 0.5]) < 1e-6
    assert mismatch([800, 200], [0.8, 0.2]) == 1.0
    assert mismatch([0, 200], [0.0, 1.0]) == 1.0
    assert mismatch([1, 200], [0.0, 1.0]) == 0.0


def test_quantiles_and_rates_have_bounds() -> None:
    """Ranks of order statistics, and Wilson's interval as scipy's binomtest gives it."""
    values = [float(n) for n in range(1, 1001)]
    assert quantile(values, 0.99) == 990
    assert quantile_bounds(values, 0.99) == (983, 997)
    low, high = rate_bounds(7, 100)
    assert (low, high) == (pytest.approx(0.03431926106727269), pytest.approx(0.13749514739073504))


def test_only_what_chance_cannot_explain_breaks_a_guardrail() -> None:
    """One slow answer of a hundred is no slow arm; one error too many of a thousand is no broken one."""
    quick = [0.01] * 1000
    assert slower([0.05] * 1000, quick, times=2)
    assert not slower([*quick[:-1], 9.0], quick, times=2)
    assert fails(30, 1000, most=0.01)
    assert not fails(11, 1000, most=0.01)


def test_holm_counts_what_is_looked_at_together() -> None:
    """The textbook's example: 0.01, 0.04, 0.03 and 0.005 become 0.03, 0.06, 0.06 and 0.02."""
    adjusted = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})
    assert adjusted == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02})


def test_the_second_view_is_the_probability_to_be_best() -> None:
    """97 of 100 against 90 of 100: 0.9755 by scipy's integral; of means the same, seeded."""
    probability = best({"a": shares(100, 90), "b": shares(100, 97)}, kind=PROPORTION)
    assert probability["b"] == pytest.approx(0.9755, abs=0.01)
    means = {"a": Moments().plus([0.0, 1.0] * 50), "b": Moments().plus([0.5, 1.5] * 50)}
    assert best(means, kind=MEAN)["b"] > 0.999
    assert best(means, kind=MEAN, seed=3) == best(means, kind=MEAN, seed=3)
