"""Label selectors as conditions of resource templates."""

import pytest

from argolane.kubernetes import selectors

BODY = {
    "metadata": {"name": "x", "labels": {"a.b/c": "d"}},
    "status": {
        "state": "Available",
        "n": 3,
        "items": [{"k": "a", "v": 1}, {"k": "b", "v": 2.5}],
        "none": None,
    },
}


@pytest.mark.parametrize(
    ("selector", "holds"),
    [
        ("status.state == Available", True),
        ("status.state = Available, status.n > 2", True),
        ("status.n < 3", False),
        ("status.state in (Creating, Available)", True),
        ("status.state notin (Creating)", True),
        ("status.missing != x", True),
        ("status.none", True),
        ("status.state notin (Available,)", False),
        ("status.state in (,)", False),
        ("status.items.1.v = 2.5", True),
        ("status.items.1.v > 2", False),
        ("!status.missing", True),
        ("status.items.0.k == a", True),
    ],
)
def test_conditions(selector: str, holds: bool) -> None:
    """successCondition and failureCondition are label selectors over paths into the object."""
    assert all(requirement.matches(BODY) for requirement in selectors.parse(selector)) is holds


@pytest.mark.parametrize(
    ("selector", "problem"),
    [
        (
            "status.items.#",
            "'123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
        ),
        ("status.state == not ready", "found 'ready', expected: ',' or 'end of string'"),
        (
            "status.n > x",
            "values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer",
        ),
        ("status.n >= 1", "unable to parse requirement: found '=', expected: identifier"),
        ("status.n in 1", "unable to parse requirement: found '1' expected: '('"),
        ("status.state,", "found '', expected: identifier after ','"),
    ],
)
def test_condition_errors(selector: str, problem: str) -> None:
    """What is no selector of labels is refused in Kubernetes' words."""
    with pytest.raises(selectors.SelectorError) as error:
        selectors.parse(selector)
    assert str(error.value).endswith(problem)


def test_the_condition_that_failed_is_the_first_by_name() -> None:
    """Kubernetes sorts what it reads, so that is the order in which conditions are looked at."""
    assert [requirement.key for requirement in selectors.parse("b, a=1, !c")] == ["a", "b", "c"]
