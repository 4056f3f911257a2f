"""The cases are those of Kubernetes' own expansion_test.go, in short."""

import pytest

from argolane.kubernetes.expansion import expand, expand_env

ENV = {"A": "1", "LONG_NAME": "two", "EMPTY": "", "DOLLAR": "$(A)"}


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("$(A)", "1"),
        ("--x=$(A)/$(LONG_NAME)!", "--x=1/two!"),
        ("$(EMPTY)x", "x"),
        ("$(MISSING)", "$(MISSING)"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$1"),
        ("$$$$(A)", "$$(A)"),
        ("$$$$$(A)", "$$1"),
        ("$", "$"),
        ("x$", "x$"),
        ("$$", "$"),
        ("$A ${A} %(A)", "$A ${A} %(A)"),
        ("$(A", "$(A"),
        ("$(A$(A)", "$(A$(A)"),
        ("$()", "$()"),
        ("$(DOLLAR)", "$(A)"),
        ("$((A))", "$((A))"),
        ("\n$(A)\n", "\n1\n"),
        ("é$(A)é", "é1é"),
    ],
)
def test_text_expands_as_kubernetes_expands_it(text: str, expanded: str) -> None:
    """Known names are replaced once, unknown and broken ones stay, a doubled dollar is a dollar."""
    assert expand(text, ENV) == expanded


def test_a_variable_sees_the_ones_before_it_only() -> None:
    """A list of variables is expanded in its order; a later name stays as it is written."""
    pairs = [("X", "$(Y)-$(FROM)"), ("Y", "y"), ("Z", "$(X)$(Y)"), ("Y", "again $(Y)")]
    expected = {"FROM": "f", "X": "$(Y)-f", "Y": "again y", "Z": "$(Y)-fy"}
    assert expand_env(pairs, {"FROM": "f"}) == expected
