"""Counts in buckets tell a percentile as closely as they say."""

import random

import pytest

from argolane.serving.load.histogram import UNIT, Histogram, bounds, coarse


@pytest.mark.parametrize("percent", [50, 90, 95, 99, 99.9])
def test_a_percentile_is_off_by_less_than_half_a_percent(percent: float) -> None:
    """Beside the sorted times themselves, from 10 microseconds to a minute."""
    chance = random.Random(7)
    times = sorted(10 ** chance.uniform(-5, 1.8) for _ in range(20_000))
    found = Histogram()
    for one in times:
        found.add(one)
    exact = times[int(len(times) * percent / 100) - 1]
    assert found.percentile(percent) == pytest.approx(exact, rel=0.004)
    assert found.largest == times[-1] and found.mean == pytest.approx(sum(times) / len(times))


def test_buckets_follow_each_other_without_a_gap() -> None:
    """Where one ends the next begins, and a time lies in the bucket that it is counted in."""
    ends = [bounds(bucket) for bucket in range(4000)]
    assert all(ends[i][1] == ends[i + 1][0] for i in range(len(ends) - 1))
    assert ends[-1][1] > 3600 and all(high - low <= max(UNIT, low / 128) * 1.000001 for low, high in ends)
    for value in (0, 1, 127, 128, 255, 256, 257, 511, 512, 99_999, 36_000_000_000):
        found = Histogram()
        found.add((value + 0.5) * UNIT)
        low, high = bounds(next(iter(found.counts)))
        assert low <= (value + 0.5) * UNIT <= high


def test_two_are_added_as_if_they_had_been_one() -> None:
    """Of processes and of seconds: nothing is lost, and nothing counts twice."""
    times = [0.001 * 1.01**i for i in range(500)]
    parts, whole = (Histogram(), Histogram()), Histogram()
    for i, one in enumerate(times):
        parts[i % 2].add(one)
        whole.add(one)
    parts[0].merge(parts[1])
    assert parts[0].counts == whole.counts and parts[0].number == 500
    assert parts[0].percentile(99) == whole.percentile(99) and parts[0].largest == whole.largest


def test_a_percentile_of_too_few_is_not_told() -> None:
    """The 99th needs a hundred times: of fewer it would be the largest by another name."""
    found = Histogram()
    assert found.percentile(50) is None and found.mean is None and list(coarse(found, 9)) == []
    found.add(0.002, times=99)
    assert found.percentile(50) == pytest.approx(0.002, rel=0.004) and found.percentile(99) is None
    found.add(0.002)
    assert found.percentile(99) == pytest.approx(0.002, rel=0.004) and found.percentile(99.9) is None


def test_coarse_ranges_hold_all_times() -> None:
    """For a picture: each time is in one of them."""
    found = Histogram()
    for i in range(1, 1000):
        found.add(i * 1e-5)
    ranges = list(coarse(found, 12))
    assert len(ranges) == 12 and sum(number for _, _, number in ranges) == 999
    assert ranges[0][0] <= 1e-5 and ranges[-1][1] >= 999e-5
    one = Histogram()
    one.add(0.05, times=5)
    assert [number for _, _, number in coarse(one, 12)] == [5]
