"""What a template says of its parameters' values is asked before a run starts."""

import json
from pathlib import Path

import pytest

from argolane.errors import ManifestError
from argolane.manifest import Document
from argolane.workflow import rules
from argolane.workflow.catalog import Entry, check_parameters


def entry(said: object) -> Entry:
    """A thin Workflow of a template with these rules for `size` and `arm`."""
    parameters = [{"name": name, "value": "1"} for name in ("size", "arm", "free")]
    text = said if isinstance(said, str) else json.dumps(said)
    template = {
        "kind": "WorkflowTemplate",
        "metadata": {"name": "toy", "annotations": {rules.ANNOTATION: text}},
        "spec": {"arguments": {"parameters": parameters}},
    }
    thin = {"kind": "Workflow", "spec": {"workflowTemplateRef": {"name": "toy"}}}
    here = Path("toy.yaml")
    return Entry(Document(thin, here, "toy.yaml"), (Document(template, here, "toy.yaml"),))


def test_every_fault_is_told_at_once() -> None:
    """Bounds and patterns, in the words of the template; what has no rule takes any value."""
    toy = entry(
        {
            "size": {"type": "int", "low": 1, "high": 9, "expected": "an int from 1 to 9"},
            "arm": {"pattern": "(a|b)(:[0-9.]+)?"},
        }
    )
    check_parameters(toy, {"size": "9", "arm": "b:0.2", "free": "$(x)"})
    with pytest.raises(ManifestError) as refused:
        check_parameters(toy, {"size": "10", "arm": "c", "free": "", "other": "1"})
    assert str(refused.value).splitlines() == [
        "-p size: '10' is not allowed; expected an int from 1 to 9.",
        "-p arm: 'c' is not allowed; expected what matches (a|b)(:[0-9.]+)?.",
        "-p other: No parameter 'other'. There are: arm, free, size.",
    ]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("{", "is not JSON"),
        ("[]", "is no JSON object"),
        ({"size": 3}, "size: the rule is 3"),
        ({"size": {"least": 3}}, "expected an object with some of pattern, type, low, high, expected"),
        ({"size": {"type": "bool"}}, "the type is 'bool'; expected one of int, float, str"),
        ({"size": {"type": "int", "low": "1"}}, "low is '1'; expected a number"),
        ({"arm": {"pattern": "("}}, "the pattern '(' is none"),
    ],
)
def test_broken_rules_are_told_by_place(said: object, words: str) -> None:
    """Whoever wrote the template reads which rule is wrong."""
    with pytest.raises(ManifestError) as refused:
        check_parameters(entry(said), {"size": "1"})
    assert str(refused.value).startswith("toy.yaml: metadata.annotations['argolane.dev/parameters']: ")
    assert words in str(refused.value)
