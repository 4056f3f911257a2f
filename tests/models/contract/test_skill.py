"""Skill against a simple forecast: its sign, its doubt, and what cannot be measured."""

import random

import pytest

from models.contract.skill import against


def series(count: int, noise: float, seed: int) -> list[list[float]]:
    chance = random.Random(seed)
    return [[chance.gauss(0, noise)] for _ in range(count)]


TRUTH = [[0.0]] * 400


def test_half_the_squared_error_is_a_skill_of_a_half() -> None:
    """Errors of 1 against errors of the root of 2, whatever their signs; nothing is left to chance."""
    found = against([[1.0], [-1.0]] * 50, TRUTH[:100], [[2**0.5], [2**0.5]] * 50)
    assert found["skill"] == pytest.approx(0.5)
    assert found["skill_low"] == found["skill_high"] == pytest.approx(0.5)
    assert found["baseline_rmse"] == pytest.approx(2**0.5)


def test_a_better_model_is_better_beyond_chance() -> None:
    """The whole interval is above 0, as Diebold and Mariano say; the other way round it is below."""
    good, bad = series(400, 1.0, 1), series(400, 1.5, 2)
    found, turned = against(good, TRUTH, bad), against(bad, TRUTH, good)
    assert 0 < found["skill_low"] < found["skill"] < found["skill_high"] < 1
    assert found["diebold_mariano"] > 2 and turned["diebold_mariano"] == -found["diebold_mariano"]
    assert turned["skill_high"] < 0


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    """Of two models that are equally good the interval has 0 in it 95 times of 100, give or take."""
    held = 0
    for seed in range(200):
        found = against(series(300, 1.0, seed), TRUTH[:300], series(300, 1.0, 1000 + seed))
        held += found["skill_low"] <= 0 <= found["skill_high"]
    assert 180 <= held <= 199


def test_errors_that_hang_together_widen_the_interval() -> None:
    """Ten rows that err alike tell no more than one of them."""
    good, bad = series(400, 1.0, 3), series(400, 1.2, 4)
    same = lambda rows: [row for row in rows[:40] for _ in range(10)]  # noqa: E731
    alone, alike = against(good, TRUTH, bad), against(same(good), TRUTH, same(bad))
    width = [found["skill_high"] - found["skill_low"] for found in (alone, alike)]
    assert width[1] > 1.5 * width[0]


def test_a_forecast_that_is_never_wrong_cannot_be_measured_against() -> None:
    """No division by zero: then there is no skill, and a unit that is judged by it is told so."""
    assert against([[1.0]], [[0.0]], [[0.0]]) == {"baseline_rmse": 0.0}
