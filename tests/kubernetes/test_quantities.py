"""Which quantities Go's parser reads."""

import pytest

from argolane.kubernetes import quantities


@pytest.mark.parametrize("text", ["0", "5", "-1.5", "100m", "1Gi", "1e3", "2E", "3E-2", ".5k", "+7Pi"])
def test_quantities(text: str) -> None:
    """A sign, digits with a point, then a suffix of thousands, of 1024s or an exponent."""
    assert quantities.problem(text) is None


@pytest.mark.parametrize("text", ["", "lots", "100MB", "1 Gi", "1.2.3", "5x"])
def test_quantities_of_another_form(text: str) -> None:
    """Letters that no suffix has are a wrong form."""
    assert str(quantities.problem(text)).startswith("quantities must match")


@pytest.mark.parametrize("text", ["5Mk", "1i", "1ki", "2K"])
def test_quantities_of_an_unknown_suffix(text: str) -> None:
    """A suffix of known letters in an unknown order is named as such."""
    assert quantities.problem(text) == "unable to parse quantity's suffix"
