"""A SeldonDeployment in, what its operator would refuse or never get ready out: the structure only."""

from collections.abc import Iterator, Mapping
from typing import Any

from argolane.errors import unknown
from argolane.manifest import Document
from argolane.workflow.lint.argo.base import mapping, mappings
from argolane.workflow.lint.finding import Finding

_TYPES = ("MODEL", "ROUTER", "COMBINER", "TRANSFORMER", "OUTPUT_TRANSFORMER", "UNKNOWN_TYPE")


def check(document: Document) -> Iterator[Finding]:
    """Predictors with names, weights and graphs whose nodes have containers."""
    spec = mapping(document.body.get("spec"))
    predictors = mappings(spec.get("predictors"))
    if not predictors:
        yield _say(document, "spec.predictors", "needs at least one predictor.")
    seen: set[str] = set()
    for index, predictor in enumerate(predictors):
        place, name = f"spec.predictors[{index}]", str(predictor.get("name") or "")
        if not name:
            yield _say(document, f"{place}.name", "is required.")
        elif name in seen:
            yield _say(document, f"{place}.name", f"{name!r} is there twice.")
        seen.add(name)
        specs = mappings(predictor.get("componentSpecs"))
        containers = {
            str(container.get("name"))
            for component in specs
            for container in mappings(mapping(component.get("spec")).get("containers"))
        }
        yield from _node(document, predictor.get("graph"), f"{place}.graph", containers)
    given = (predictor.get("traffic") for predictor in predictors)
    weights = [weight for weight in given if isinstance(weight, int)]
    if weights and sum(weights) != 100 and len(predictors) > 1:
        yield _say(document, "spec.predictors", f"their traffic sums to {sum(weights)}; expected 100.")


def _node(document: Document, node: Any, place: str, containers: set[str]) -> Iterator[Finding]:
    if not isinstance(node, Mapping):
        yield _say(document, place, "is required.")
        return
    name = str(node.get("name") or "")
    if not name:
        yield _say(document, f"{place}.name", "is required.")
    elif not node.get("implementation") and name not in containers:
        yield _say(document, f"{place}.name", unknown("container", name, containers))
    if node.get("type") is not None and node["type"] not in _TYPES:
        yield _say(document, f"{place}.type", unknown("type", str(node["type"]), _TYPES))
    for index, child in enumerate(node.get("children") or ()):
        yield from _node(document, child, f"{place}.children[{index}]", containers)


def _say(document: Document, place: str, message: str) -> Finding:
    return Finding(f"{document.where}: {place}", "error", message)
