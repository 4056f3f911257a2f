"""How far a feature has moved: indices by hand, distances and p values of scipy, and false alarms."""

import math
import random

import pytest

from argolane.serving.statistics.drift import (
    CHANCE,
    FEWEST,
    MOVED,
    SAME,
    UNKNOWN,
    WATCHED,
    edges,
    ks,
    movements,
    psi,
    worst,
)


def normal(seed: int, count: int, mean: float = 0.0, spread: float = 1.0) -> list[float]:
    chance = random.Random(seed)
    return [chance.gauss(mean, spread) for _ in range(count)]


def test_the_index_is_the_sum_over_bins() -> None:
    """Two values, 30 and 10 against 10 and 30 of them, by hand; half a row more is in each of two bins."""
    p, q = (30.5 / 41, 10.5 / 41), (10.5 / 41, 30.5 / 41)
    expected = sum((b - a) * math.log(b / a) for a, b in zip(p, q, strict=True))
    before, after = [1.0] * 30 + [2.0] * 10, [1.0] * 10 + [2.0] * 30
    assert psi(before, after) == pytest.approx(expected)
    assert psi(before, before) == 0


def test_bins_have_equal_shares_and_an_end_on_either_side() -> None:
    """Of a hundred values ten in each; of a constant there is one bin, and one on either side of it."""
    ends = edges([float(value) for value in range(100)])
    assert ends[1:-1] == [cut * 10 + 0.5 for cut in range(1, 10)]
    assert ends[0] < 0 and 99 < ends[-1] < 99.01
    assert edges([0.5] * 100) == pytest.approx([0.5, 0.5], abs=1e-5)


def test_another_rounding_is_no_drift() -> None:
    """A third of the values is 1/3, which the version has with six digits and a client with all."""
    chance = random.Random(0)
    asked = [chance.choice((0, 1 / 3, 2 / 3, 1)) for _ in range(400)]
    assert psi([float(f"{value:.6g}") for value in asked], asked) == 0


def test_what_lies_outside_of_the_training_rows_is_seen() -> None:
    """Also of a feature that had one value alone, such as a pixel at the edge: above it and below it."""
    for other in (-1.0, 1.0):
        assert psi([0.0] * 100, [other] * 100) > 5
        [found] = movements({"pixel": [0.0] * 100}, {"pixel": [other] * 100})
        assert (found.verdict, found.ks) == (MOVED, 1)
    [found] = movements({"pixel": [0.0] * 100}, {"pixel": [0.0] * 100})
    assert (found.verdict, found.psi, found.p) == (SAME, 0, 1)


def test_missing_values_are_the_lowest() -> None:
    """That half of them are missing is a movement; where as many were missing before, it is none."""
    whole, half = normal(1, 400), [value if place % 2 else None for place, value in enumerate(normal(2, 400))]
    assert movements({"a": whole}, {"a": half})[0].verdict == MOVED
    holes = [math.nan if place % 2 else value for place, value in enumerate(normal(3, 400))]
    assert movements({"a": half}, {"a": holes})[0].verdict == SAME


def test_distance_and_p_value_are_those_of_scipy() -> None:
    """scipy.stats.ks_2samp(method="asymp") of scipy 1.17: within two percent of each p value."""
    chance = random.Random(1)
    before = [chance.gauss(0, 1) for _ in range(500)]
    for mean, count, distance, p in (
        (0.0, 300, 0.11733333333333335, 0.01034152357502521),
        (0.2, 300, 0.05466666666666664, 0.608123083936042),
        (0.15, 1000, 0.06600000000000006, 0.10508262934479529),
        (0.5, 80, 0.202, 0.006050470878198988),
    ):
        found = ks(before, [chance.gauss(mean, 1) for _ in range(count)])
        assert found[0] == pytest.approx(distance)
        assert found[1] == pytest.approx(p, rel=0.02)
    assert ks([1.0, 2.0], [1.0, 2.0]) == (0.0, 1.0)
    assert ks([0.0] * 60, [1.0] * 60)[0] == 1.0


def test_a_shift_is_found_and_how_far_it_goes() -> None:
    """0.4 deviations are to be watched, a whole one and 2.5 times the spread are drift, the rest is ok."""
    before = {name: normal(place, 1000) for place, name in enumerate("abcd")}
    after = {"a": normal(10, 500), "b": normal(11, 500, 0.4), "c": normal(12, 500, 1.0),
             "d": normal(13, 500, 0.0, 2.5)}  # fmt: skip
    found = {one.feature: one for one in movements(before, after)}
    assert [found[name].verdict for name in "abcd"] == [SAME, WATCHED, MOVED, MOVED]
    assert next(iter(found)) in "cd" and list(found)[-1] == "a"
    assert worst(list(found.values())) == MOVED


def test_without_drift_hardly_ever_a_feature_is_named() -> None:
    """300 comparisons of five features each, 60 rows against 200: chance alone makes the index high."""
    named, high = 0, 0
    for turn in range(300):
        before = {str(k): normal(2000 + 10 * turn + k, 200) for k in range(5)}
        after = {str(k): normal(90000 + 10 * turn + k, 60) for k in range(5)}
        found = movements(before, after)
        named += worst(found) != SAME
        high += any(one.psi >= 0.1 for one in found)
    assert high > 250
    assert named <= 300 * CHANCE + 3 * math.sqrt(300 * CHANCE)


def test_few_rows_say_nothing() -> None:
    """However far they are away; and none at all are an error."""
    found = movements({"a": normal(1, 1000)}, {"a": normal(2, FEWEST - 1, 5.0)})
    assert (found[0].verdict, worst(found), worst([])) == (UNKNOWN, UNKNOWN, UNKNOWN)
    with pytest.raises(ValueError, match="no values"):
        psi([], [1.0])
    with pytest.raises(ValueError, match="no values"):
        ks([1.0], [])
