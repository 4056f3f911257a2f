"""A podSpecPatch and a template: the template as its pod is then."""

import pytest

from argolane.kubernetes.podspecpatch import NoPatch, patched

TEMPLATE = {
    "container": {"image": "x"},
    "securityContext": {"runAsUser": 5},
    "volumes": [{"name": "v", "emptyDir": {}}],
    "initContainers": [{"name": "before", "image": "y"}],
}


@pytest.mark.parametrize("field", ["securityContext", "volumes", "initContainers"])
def test_null_takes_a_field_away(field: str) -> None:
    """The others stay as they were."""
    found = patched(TEMPLATE, [f"{field}: null"])
    assert not found[field]
    kept = {"volumes", "securityContext", "initContainers"} - {field}
    assert {name: found[name] for name in kept} == {name: TEMPLATE[name] for name in kept}
    assert found["container"] == {"image": "x", "name": "main"}


@pytest.mark.parametrize("patch", ["containers: null", "containers: [{name: main, $patch: delete}]"])
def test_a_pod_without_main_is_no_pod(patch: str) -> None:
    """It would have nothing to run."""
    with pytest.raises(NoPatch):
        patched(TEMPLATE, [patch])


def test_a_field_that_was_taken_away_can_be_given_again() -> None:
    """By the template's own patch, which comes after the workflow's."""
    found = patched(TEMPLATE, ["securityContext: null", "securityContext: {runAsUser: 7}"])
    assert found["securityContext"] == {"runAsUser": 7}
