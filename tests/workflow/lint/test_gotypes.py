"""What Go's reader calls a field, and which type it has there."""

from argolane.workflow.lint import gotypes


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
