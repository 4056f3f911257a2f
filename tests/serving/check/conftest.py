"""A deployment in which nothing is wrong, and what the tests change about it."""

import copy
from collections.abc import Callable
from typing import Any

from argolane.serving.check import findings

Change = Callable[[dict[str, Any], dict[str, Any], dict[str, Any]], object]


def container(name: str) -> dict[str, Any]:
    return {"name": name, "image": "python:3.11-slim"}


GOOD: dict[str, Any] = {
    "apiVersion": "machinelearning.seldon.io/v1",
    "kind": "SeldonDeployment",
    "metadata": {"name": "demo"},
    "spec": {
        "predictors": [
            {
                "name": "default",
                "graph": {
                    "name": "split",
                    "implementation": "RANDOM_ABTEST",
                    "parameters": [{"name": "ratioA", "value": "0.3", "type": "FLOAT"}],
                    "children": [{"name": "a", "type": "MODEL"}, {"name": "b", "type": "MODEL"}],
                },
                "componentSpecs": [{"spec": {"containers": [container("a"), container("b")]}}],
                "svcOrchSpec": {"env": [{"name": "SELDON_ENABLE_ROUTING_INJECTION", "value": "true"}]},
            }
        ]
    },
}


def changed(change: Change) -> dict[str, Any]:
    """GOOD after `change(deployment, predictor, root node)`."""
    deployment = copy.deepcopy(GOOD)
    predictor = deployment["spec"]["predictors"][0]
    change(deployment, predictor, predictor["graph"])
    return deployment


def other(predictor: dict[str, Any], **fields: object) -> dict[str, Any]:
    return {**copy.deepcopy(predictor), **fields}


def pod(p: dict[str, Any]) -> dict[str, Any]:
    """The pod spec of a predictor's first component."""
    found: dict[str, Any] = p["componentSpecs"][0]["spec"]
    return found


def first(p: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = pod(p)["containers"][0]
    return found


def parameter(value: str, kind: str) -> list[dict[str, str]]:
    return [{"name": "x", "value": value, "type": kind}]


def chain(levels: int) -> dict[str, Any]:
    node: dict[str, Any] = {"name": f"n{levels}", "type": "MODEL"}
    for level in range(levels - 1, 0, -1):
        node = {"name": f"n{level}", "type": "MODEL", "children": [node]}
    return node


def make_chain(predictor: dict[str, Any], levels: int) -> None:
    predictor["graph"] = chain(levels)
    containers = [container(f"n{n + 1}") for n in range(levels)]
    predictor["componentSpecs"] = [{"metadata": {"name": "m"}, "spec": {"containers": containers}}]


def make_router(predictor: dict[str, Any]) -> None:
    children = predictor["graph"]["children"]
    predictor["graph"] = {"name": "r", "type": "ROUTER", "children": children}
    pod(predictor)["containers"].append(container("r"))


def said(change: Change, level: str) -> list[str]:
    """What the checker says at this level of GOOD after the change."""
    return [str(finding) for finding in findings(changed(change)) if finding.level == level]


def is_refused(case: tuple[Change, str]) -> None:
    """GOOD after the case's change has the error that the case tells."""
    change, told = case
    assert any(told in text for text in said(change, "error"))


def goes_wrong_silently(case: tuple[Change, str]) -> None:
    """GOOD after the case's change has the warning that the case tells, and no error."""
    change, told = case
    assert any(told in text for text in said(change, "warning"))
    assert said(change, "error") == []
