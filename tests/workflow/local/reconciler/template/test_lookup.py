"""Which template a step means."""

import pytest

from argolane.workflow.local.reconciler.errors import OperationError
from argolane.workflow.local.reconciler.template.lookup import Templates

POD = {"container": {"image": "x"}}
SHARED = {
    "kind": "WorkflowTemplate",
    "metadata": {"name": "shared"},
    "spec": {"templates": [{"name": "outer", **POD}, {"name": "inner", **POD}]},
}
SPEC = {
    "templates": [{"name": "own", **POD}],
    "templateDefaults": {"timeout": "5s", "script": {"image": "y"}, "container": {"workingDir": "/w"}},
}


def test_names_are_looked_up_where_the_caller_stands() -> None:
    """Inside a WorkflowTemplate a plain name means one of its own, not the workflow's."""
    templates = Templates("wf", SPEC, [SHARED])
    _, source = templates.resolve({"templateRef": {"name": "shared", "template": "outer"}}, templates.local)
    assert source.scope == "namespaced/shared"
    assert templates.find({"template": "inner"}, source)[0]["name"] == "inner"
    with pytest.raises(OperationError, match=r"^template own not found$"):
        templates.find({"template": "own"}, source)


def test_defaults_reach_templates_of_their_type() -> None:
    """templateDefaults for a container do not turn a template into a script."""
    templates = Templates("wf", SPEC)
    template, _ = templates.resolve({"template": "own"}, templates.local)
    assert template["container"] == {"image": "x", "workingDir": "/w"}
    assert template["timeout"] == "5s"
    assert "script" not in template
