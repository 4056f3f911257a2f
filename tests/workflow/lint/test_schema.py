"""Unknown fields and wrong types at any depth."""

from typing import Any

import pytest

from argolane.workflow.lint import schema


def workflow(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": {"name": "w"}, "spec": spec}


@pytest.mark.parametrize(
    ("spec", "where", "reason"),
    [
        ({"entrypoit": "x"}, "spec.entrypoit", "No field 'entrypoit'. Did you mean 'entrypoint'?"),
        ({"templates": [{"dag": {"tasks": [{"dependsOn": []}]}}]}, "spec.templates[0].dag.tasks[0].dependsOn",
         "No field 'dependsOn'. Did you mean 'depends'?"),
        ({"templates": [{"container": {"env": [{"name": "a", "value": 5}]}}]},
         "spec.templates[0].container.env[0].value", "is 5 (number); expected text (write it in quotes)."),
        ({"templates": {"name": "x"}}, "spec.templates", "is a mapping; expected a list."),
        ({"templates": [{"retryStrategy": {"limit": 1.5}}]}, "spec.templates[0].retryStrategy.limit",
         "is 1.5 (number); expected a whole number or text."),
        ({"templates": [{"outputs": {"artifacts": [{"name": "a", "plugin": {}}]}}]},
         "spec.templates[0].outputs.artifacts[0].plugin", "Argo 3.7 does not know this field."),
    ],
)  # fmt: skip
def test_misfit(spec: dict[str, Any], where: str, reason: str) -> None:
    """A misfit says where it is and what is allowed there."""
    (found,) = schema.misfits(workflow(**spec))
    assert (found.where, found.reason) == (where, reason)


@pytest.mark.parametrize(
    "spec",
    [
        {"arguments": {"parameters": [{"name": "a", "value": 5, "enum": [1, True, "x"]}]}},
        {"templates": [{"activeDeadlineSeconds": "{{inputs.parameters.x}}"}]},
        {"templates": [{"container": {"resources": {"limits": {"cpu": 1, "memory": "1Gi"}}}}]},
        {"templates": [{"plugin": {"anything": {"goes": [1]}}}]},
        {"templates": [{"steps": [[{"name": "a", "withItems": [1, {"a": 1}, [2]]}]]}]},
        {"synchronization": {"mutex": {"name": "m"}, "semaphores": []}},
        {"templates": [{"memoize": {"key": "k", "cache": {"configMap": {"name": "c", "key": "k"}}}}]},
        {"templates": None},
    ],
)
def test_what_fits(spec: dict[str, Any]) -> None:
    """Values that Argo converts are no misfits, and Argo 3.7's own fields are known."""
    assert schema.misfits(workflow(**spec)) == []


def test_argo_names_all_unknown_fields_at_once() -> None:
    """Keys are met in the order of the alphabet, as Argo reads YAML through JSON."""
    found = schema.first_complaint(workflow(z=1, a=1))
    assert found == 'strict decoding error: unknown field "spec.a", unknown field "spec.z"'


def test_a_wrong_type_comes_first() -> None:
    """Argo stops reading at a wrong type, unknown fields or not."""
    found = schema.first_complaint(workflow(a=1, entrypoint=["x"]))
    assert found == (
        "json: cannot unmarshal array into Go struct field WorkflowSpec.spec.entrypoint of type string"
    )


def test_steps_have_a_reader_of_their_own() -> None:
    """An unknown field of a step stops Argo; one further down Argo drops, and it is still a finding."""
    direct = workflow(templates=[{"steps": [[{"name": "a", "depends": "b"}]]}])
    assert schema.first_complaint(direct) == 'json: unknown field "depends"'
    deeper = workflow(templates=[{"steps": [[{"name": "a", "arguments": {"parameter": []}}]]}])
    assert schema.first_complaint(deeper) is None
    assert [misfit.where for misfit in schema.misfits(deeper)] == [
        "spec.templates[0].steps[0][0].arguments.parameter"
    ]
