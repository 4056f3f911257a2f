"""Inputs of a template, and the tags that they fill."""

from typing import Any

import pytest

from argolane.workflow.local.reconciler.errors import OperationError
from argolane.workflow.local.reconciler.flow.scope import ABSENT
from argolane.workflow.local.reconciler.template.inputs import ConfigMapValue, NotFound, fill_in

KEY = {"valueFrom": {"configMapKeyRef": {"name": "{{workflow.name}}-settings", "key": "k"}}}


def no_config_map(name: str, key: str) -> str:
    raise NotFound(f"ConfigMap '{name}' does not exist")


def arg(
    parameter: dict[str, Any], argument: dict[str, Any] | None, config_map: ConfigMapValue = no_config_map
) -> str:
    """What `{{inputs.parameters.x}}` becomes in a container's argument."""
    template = {
        "inputs": {"parameters": [{"name": "x", **parameter}]},
        "container": {"args": ["{{inputs.parameters.x}}"]},
    }
    arguments = {"parameters": [{"name": "x", **argument}]} if argument is not None else None
    filled = fill_in(template, arguments, {"workflow.name": "wf"}, {}, config_map)
    return str(filled["container"]["args"][0])


def test_argument_then_value_then_default() -> None:
    """The caller's argument wins; a reference to an absent output is none."""
    own = {"default": "d"}
    assert arg(own, {"value": "a"}) == "a"
    assert arg(own, {"value": ABSENT}) == "d"
    assert arg(own, None) == "d"
    assert arg({**own, "value": "v"}, None) == "v"


def test_an_input_without_a_value() -> None:
    """Named with Argo's words, and told apart from one whose argument is absent."""
    with pytest.raises(OperationError, match=r"^inputs\.parameters\.x was not supplied$"):
        arg({}, None)
    with pytest.raises(OperationError, match="absent optional"):
        arg({}, {"value": ABSENT})


def test_the_key_of_a_config_map() -> None:
    """Its name may hold tags; where it is missing the default counts, and without one the input fails."""
    assert arg(KEY, None, lambda name, key: f"{name}/{key}") == "wf-settings/k"
    fallback = {"valueFrom": {**KEY["valueFrom"], "default": "d"}}
    assert arg(fallback, None) == "d"
    with pytest.raises(OperationError, match=r"unable to retrieve inputs\.parameters\.x from ConfigMap"):
        arg(KEY, None)
