"""What Argo takes and then does wrong: each trap is found, and what is right is left alone."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest
import yaml

from argolane.workflow.lint import lint

_HERE = Path(__file__).parent
_spec = importlib.util.spec_from_file_location("manifests", _HERE / "manifests.py")
assert _spec is not None and _spec.loader is not None
manifests = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(manifests)

# Templates that those under test may call.
WAIT = """
- name: wait
  suspend: {duration: "0"}
- name: take
  inputs: {parameters: [{name: v, enum: [a, b]}]}
  suspend: {duration: "0"}
- name: make
  outputs: {parameters: [{name: o, valueFrom: {path: /o}}, {name: d, valueFrom: {path: /d, default: x}}]}
  script: {image: x, command: [sh], source: "true"}
"""


def data(name: str) -> list[Any]:
    return list(yaml.safe_load((_HERE / name).read_text(encoding="utf-8")))


def findings(templates: str) -> list[str]:
    extra = 'arguments: {parameters: [{name: "n", value: "1"}]}'
    found = lint(manifests.workflow(templates + WAIT, extra=extra))
    return [f"{f.severity}: {f.where.removeprefix('w.yaml: spec.')}: {f.message}" for f in found]


@pytest.mark.parametrize("templates", data("clean.yaml"))
def test_what_is_right_is_left_alone(templates: str) -> None:
    """None of these manifests has a finding."""
    assert findings(templates) == []


@pytest.mark.parametrize("trap", data("traps.yaml"), ids=lambda trap: trap["finding"][:60])
def test_trap(trap: dict[str, str]) -> None:
    """The trap is the one finding, with its place, what is wrong and what to do."""
    assert findings(trap["templates"]) == [trap["finding"]]
