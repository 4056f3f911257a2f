"""What is submitted, a Workflow and its WorkflowTemplate, joined."""

from argolane.workflow.merge import join


def test_a_workflow_beats_its_template() -> None:
    """-p beats the Workflow's arguments, those beat the WorkflowTemplate's; hooks and volumes are joined."""
    template = {
        "entrypoint": "main",
        "onExit": "bye",
        "arguments": {"parameters": [{"name": n, "value": "t"} for n in ("one", "two", "three")]},
        "volumes": [{"name": "v"}],
        "suspend": True,
    }
    workflow = {
        "entrypoint": "other",
        "workflowTemplateRef": {"name": "x"},
        "arguments": {"parameters": [{"name": "two", "value": "w"}, {"name": "three", "value": "w"}]},
        "volumes": [{"name": "w"}],
    }
    spec = join(workflow, template, {"three": "p"})
    values = {p["name"]: p["value"] for p in spec["arguments"]["parameters"]}
    assert values == {"one": "t", "two": "w", "three": "p"}
    assert (spec["entrypoint"], spec["onExit"]) == ("other", "bye")
    assert [v["name"] for v in spec["volumes"]] == ["w", "v"]
    assert "suspend" not in spec
