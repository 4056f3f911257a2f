"""A RANDOM_ABTEST: two children and one parameter, or it is another split."""

import pytest

from tests.serving.check.conftest import Change, goes_wrong_silently

# What is taken, and does something else than it says.
WARNINGS: dict[str, tuple[Change, str]] = {
    "one arm": (lambda d, p, g: g["children"].pop(), "is a RANDOM_ABTEST with 1 children; it only ever"),
    "three arms": (
        lambda d, p, g: g["children"].append({"name": "b", "type": "MODEL"}),
        "is a RANDOM_ABTEST with 3 children; it only ever",
    ),
    "two parameters": (
        lambda d, p, g: g["parameters"].append({"name": "seed", "value": "1", "type": "INT"}),
        "has parameters beside ratioA, so ratioA is ignored and the split is even",
    ),
    "misspelt ratio": (
        lambda d, p, g: g["parameters"][0].update(name="ratioa"),
        "has the parameters ratioa and no ratioA: the split is even",
    ),
    "ratio over 1": (lambda d, p, g: g["parameters"][0].update(value="1.5"), "has ratioA '1.5'; expected a"),
    "ratio below 0": (
        lambda d, p, g: g["parameters"][0].update(value="-0.1"),
        "has ratioA '-0.1'; expected",
    ),
    "ratio in percent": (
        lambda d, p, g: g["parameters"][0].update(value="30%"),
        "has ratioA '30%'; expected",
    ),
    "ratio is nan": (lambda d, p, g: g["parameters"][0].update(value="nan"), "has ratioA 'nan'; expected a"),
    "a router that is a split": (lambda d, p, g: g.update(type="ROUTER"), "is a ROUTER beside"),
}


@pytest.mark.parametrize("case", WARNINGS)
def test_what_goes_wrong_silently_is_a_warning(case: str) -> None:
    """The API server, the webhook and the operator all take it, so it is no error."""
    goes_wrong_silently(WARNINGS[case])
