"""The graphs of a SeldonDeployment in, what their nodes would do wrong out: here a graph is checked.

Seldon's executor takes a node that it does not understand for one that passes its input on, with status 200:
much of this would otherwise show as a graph that quietly answers wrong.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from argolane.errors import unknown
from argolane.serving.check import splits
from argolane.serving.check.finding import Finding, error, warning
from argolane.serving.crd import is_tag
from argolane.serving.graph import ROUTING_INJECTION
from argolane.serving.graph_nodes import METHODS, RANDOM_ABTEST, TYPES, WITHOUT_CODE, Node, Parameter

PREPACKAGED = ("SKLEARN_SERVER", "XGBOOST_SERVER", "TENSORFLOW_SERVER", "MLFLOW_SERVER", "TRITON_SERVER",
               "HUGGINGFACE_SERVER", "TEMPO_SERVER")  # fmt: skip
_NOT_TENSORFLOW = ("SKLEARN_SERVER", "XGBOOST_SERVER", "MLFLOW_SERVER")
_IMPLEMENTATIONS = ("UNKNOWN_IMPLEMENTATION", RANDOM_ABTEST, *WITHOUT_CODE, *PREPACKAGED)
_PARAMETER_TYPES = ("INT", "FLOAT", "DOUBLE", "STRING", "BOOL")
_TRUTHS = ("y", "yes", "t", "true", "on", "1", "n", "no", "f", "false", "off", "0")


def check(deployment: dict[str, Any]) -> Iterator[Finding]:
    spec = deployment.get("spec") or {}
    protocol = spec.get("protocol") or "seldon"
    for index, predictor in enumerate(spec.get("predictors") or ()):
        at = f"spec.predictors[{index}]"
        if not isinstance(predictor.get("graph"), dict):
            continue
        root = Node.of(predictor["graph"], f"{at}.graph")
        images = {
            container.get("name", ""): container.get("image", "")
            for component in predictor.get("componentSpecs") or ()
            for container in (component.get("spec") or {}).get("containers") or ()
        }
        yield from of_graph(root, images, protocol)
        yield from _feedback(root, predictor, at, protocol)


def of_graph(root: Node, images: Mapping[str, str], protocol: str = "seldon") -> Iterator[Finding]:
    """What is wrong with a graph whose containers have these images."""
    for twice, count in Counter(node.name for node in root.walk()).items():
        if count > 1 and twice:
            yield warning(root.at, f"{count} nodes are named {twice!r}; they share one container.")
    for node in root.walk():
        if not any(is_tag(text) for text in (node.name, node.type, node.implementation)):
            yield from _node(node, images, protocol)


def _node(node: Node, images: Mapping[str, str], protocol: str) -> Iterator[Finding]:
    called = f"node {node.name!r}"
    if node.in_a_container and node.name not in images and not any(map(is_tag, images)):
        hint = unknown("container", node.name, images)
        yield error(node.at, f"{hint} A node of the graph runs in the container of its name.")
    if node.prepackaged:
        yield from _server(node, images.get(node.name, ""), protocol)
    elif node.implementation in WITHOUT_CODE:
        yield warning(
            node.at,
            f"{called} has the implementation {node.implementation}, which the executor has no code for.",
        )
    yield from _calls(node, called)
    if node.name in images or node.in_a_container or node.prepackaged:
        for index, parameter in enumerate(node.parameters):
            yield from _parameter(parameter, f"{node.at}.parameters[{index}]")
    if node.implementation == RANDOM_ABTEST:
        yield from (warning(node.at, f"{called} {doubt}") for doubt in splits.doubts(node))


def _calls(node: Node, called: str) -> Iterator[Finding]:
    """What a node's type and methods say, and what nobody will do for it."""
    if node.type == "UNKNOWN_TYPE" and node.in_a_container and not node.methods:
        yield error(
            f"{node.at}.type", f"is UNKNOWN_TYPE without methods; expected one of {', '.join(TYPES)}."
        )
    elif node.type and node.type not in (*TYPES, "UNKNOWN_TYPE"):
        hint = unknown("type", node.type, TYPES)
        yield warning(node.at, f"{called} has the type {node.type!r}: it is passed over. {hint}")
    elif not node.type and not node.methods and node.in_a_container:
        yield warning(node.at, f"{called} has no type: it is passed over.")
    for method in node.methods:
        if method not in METHODS and not is_tag(method):
            hint = unknown("method", method, METHODS)
            yield warning(node.at, f"{called} has the method {method!r}: it is never called. {hint}")
    if (node.routes or node.aggregates) and not node.children:
        kind = node.type if node.type in TYPES else "node that routes or aggregates"
        yield warning(node.at, f"{called} is a {kind} without children: it is passed over.")


def _server(node: Node, image: str, protocol: str) -> Iterator[Finding]:
    """A prepackaged server: the operator brings its container, with the model of `modelUri` in it."""
    at = f"{node.at}.implementation"
    if node.implementation not in _IMPLEMENTATIONS and not image:
        hint = unknown("implementation", node.implementation, _IMPLEMENTATIONS)
        known_only_there = f"{hint} Seldon refuses it unless its seldon-config has a server of that name."
        # Somebody who names a model means a server; without one it is a misspelt word.
        yield (warning if node.model_uri else error)(at, known_only_there)
    elif not node.model_uri:
        yield error(f"{node.at}.modelUri", f"is required by {node.implementation}.")
    if protocol == "tensorflow" and node.implementation in _NOT_TENSORFLOW:
        yield error(at, f"is {node.implementation}, which does not speak the protocol 'tensorflow'.")


def _parameter(parameter: Parameter, at: str) -> Iterator[Finding]:
    """What Seldon's wrapper makes of it: it ends before the model is loaded when it cannot read one."""
    if is_tag(parameter.type):
        return
    if parameter.type not in _PARAMETER_TYPES:
        hint = unknown("type", parameter.type, _PARAMETER_TYPES)
        yield error(f"{at}.type", f"parameter {parameter.name!r}: {hint}")
    elif not is_tag(parameter.value) and not _reads_as(parameter.type, parameter.value):
        yield error(
            f"{at}.value", f"is {parameter.value!r}, which is no {parameter.type}: the node dies of it."
        )


def _reads_as(kind: str, value: str) -> bool:
    if kind in ("STRING", "BOOL"):
        return kind == "STRING" or value.lower() in _TRUTHS
    try:
        int(value) if kind == "INT" else float(value)
    except ValueError:
        return False
    return True


def _feedback(root: Node, predictor: dict[str, Any], at: str, protocol: str) -> Iterator[Finding]:
    """A router that learns needs to be told which child it chose."""
    routers = [node.name for node in root.walk() if node.routes and node.children]
    if not routers:
        return
    shown = " and ".join(repr(name) for name in routers)
    if protocol != "seldon":
        yield warning(root.at, f"router {shown} gets no feedback: the protocol {protocol!r} has none.")
        return
    variables = (predictor.get("svcOrchSpec") or {}).get("env") or ()
    given = {v.get("name") for v in variables if v.get("value") or v.get("valueFrom")}
    if ROUTING_INJECTION not in given:
        yield warning(
            f"{at}.svcOrchSpec.env",
            f"has no {ROUTING_INJECTION}; without it no answer tells which child {shown} chose, and feedback "
            "goes to all of them.",
        )
