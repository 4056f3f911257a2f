"""What Go's reader calls a field, and which quantities it reads."""

import pytest

from argolane.workflow.lint import gotypes


@pytest.mark.parametrize("text", ["0", "5", "-1.5", "100m", "1Gi", "1e3", "2E", "3E-2", ".5k", "+7Pi"])
def test_quantities(text: str) -> None:
    """A sign, digits with a point, then a suffix of thousands, of 1024s or an exponent."""
    assert gotypes.quantity_problem(text) is None


@pytest.mark.parametrize("text", ["", "lots", "100MB", "1 Gi", "1.2.3", "5x"])
def test_quantities_of_another_form(text: str) -> None:
    """Letters that no suffix has are a wrong form."""
    assert str(gotypes.quantity_problem(text)).startswith("quantities must match")


@pytest.mark.parametrize("text", ["5Mk", "1i", "1ki", "2K"])
def test_quantities_of_an_unknown_suffix(text: str) -> None:
    """A suffix of known letters in an unknown order is named as such."""
    assert gotypes.quantity_problem(text) == "unable to parse quantity's suffix"


def test_embedded_structs() -> None:
    """Go's path names the struct that a field belongs to where another holds it whole."""
    assert gotypes.embedded("Artifact", "raw") == "ArtifactLocation."
    assert gotypes.embedded("Artifact", "path") == ""
    assert gotypes.embedded("Template", "dag") == ""


def test_types() -> None:
    """Kubernetes' types are v1's, Argo's own v1alpha1's; whole numbers are short but for those listed."""
    assert gotypes.type_of("[]Volume", "volumes", {"Volume"}) == "[]v1.Volume"
    assert gotypes.type_of("{}Template", "x", {"Volume"}) == "map[string]v1alpha1.Template"
    assert gotypes.type_of("integer", "runAsUser", ()) == "int64"
    assert gotypes.type_of("integer", "containerPort", ()) == "int32"
