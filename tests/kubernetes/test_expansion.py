"""The cases are those of Kubernetes' own expansion_test.go, in short."""

import pytest

from argolane.kubernetes.expansion import expand, without_value

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


def test_names_without_a_value() -> None:
    """Names that are unknown or empty, in their order; a doubled dollar names nothing."""
    assert without_value("$(A)$(MISSING)$$(NONE)$(EMPTY)", ENV) == ["MISSING", "EMPTY"]
