"""An inference graph in, its faults out: the part of `checks` that looks at nodes.

Seldon Core 1.17.1 takes a node that it does not understand for one that passes its input on, with status 200.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

MAX_LEVELS = 11  # the CRD is unrolled that far; deeper children are cut off without a word
TYPES = ("MODEL", "ROUTER", "TRANSFORMER", "OUTPUT_TRANSFORMER", "COMBINER", "UNKNOWN_TYPE")
METHODS = ("TRANSFORM_INPUT", "TRANSFORM_OUTPUT", "ROUTE", "AGGREGATE", "SEND_FEEDBACK")
PARAMETER_TYPES = ("INT", "FLOAT", "DOUBLE", "STRING", "BOOL")
PREPACKAGED = ("SKLEARN_SERVER", "XGBOOST_SERVER", "TENSORFLOW_SERVER", "MLFLOW_SERVER", "TRITON_SERVER",
               "HUGGINGFACE_SERVER", "TEMPO_SERVER")  # fmt: skip
# SIMPLE_MODEL, SIMPLE_ROUTER and AVERAGE_COMBINER are in Seldon's lists; its executor has no code for them.
IMPLEMENTATIONS = ("UNKNOWN_IMPLEMENTATION", "RANDOM_ABTEST", *PREPACKAGED)


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The node and all below it, in depth-first order."""
    yield node
    for child in node.get("children") or []:
        yield from nodes(child)


def is_router(node: dict[str, Any]) -> bool:
    return node.get("type") == "ROUTER" or node.get("implementation") == "RANDOM_ABTEST"


def needs_container(node: dict[str, Any]) -> bool:
    """Whether the node runs code that only a container of its name can bring."""
    return bool(node.get("implementation", "UNKNOWN_IMPLEMENTATION") == "UNKNOWN_IMPLEMENTATION")


def faults(root: dict[str, Any]) -> Iterator[str]:
    levels = _levels(root)
    if levels > MAX_LEVELS:
        yield f"the graph is {levels} levels deep; expected {MAX_LEVELS} at most, the rest would be cut off."
    for twice, count in Counter(node.get("name") for node in nodes(root)).items():
        if count > 1:
            yield f"{count} nodes are named {twice!r}; names are unique in a graph."
    for node in nodes(root):
        for fault in _node(node):
            yield f"node {node.get('name')!r} {fault}"


def _levels(node: dict[str, Any]) -> int:
    return 1 + max((_levels(child) for child in node.get("children") or []), default=0)


def _node(node: dict[str, Any]) -> Iterator[str]:
    kind, implementation = node.get("type"), node.get("implementation")
    children = node.get("children") or []
    if not node.get("name"):
        yield "has no name."
    if kind is not None and kind not in TYPES:
        yield f"has type {kind!r}; expected one of {', '.join(TYPES)}. It would pass its input on."
    if implementation is not None and implementation not in IMPLEMENTATIONS:
        yield f"has implementation {implementation!r}; expected one of {', '.join(IMPLEMENTATIONS)}."
    if kind in (None, "UNKNOWN_TYPE") and needs_container(node) and not node.get("methods"):
        yield f"has no type; expected one of {', '.join(TYPES[:-1])}. It would pass its input on."
    for method in node.get("methods") or []:
        if method not in METHODS:
            yield f"has method {method!r}; expected some of {', '.join(METHODS)}."
    if kind in ("ROUTER", "COMBINER") and not children:
        yield f"is a {kind} without children; it would pass its input on."
    for parameter in node.get("parameters") or []:
        yield from _parameter(parameter)
    if implementation == "RANDOM_ABTEST":
        yield from _ab_test(node.get("parameters") or [], children)


def _parameter(parameter: dict[str, Any]) -> Iterator[str]:
    name, value, kind = parameter.get("name"), parameter.get("value"), parameter.get("type", "STRING")
    if kind not in PARAMETER_TYPES:
        yield f"has parameter {name!r} of type {kind!r}; expected one of {', '.join(PARAMETER_TYPES)}."
    elif not isinstance(value, str):
        yield f"has parameter {name!r} with value {value!r}; expected text, {str(value)!r}."
    elif kind != "STRING" and not is_tag(value) and not _reads_as(kind, value):
        yield f"has parameter {name!r} with value {value!r}; expected {kind}."


def _ab_test(parameters: list[dict[str, Any]], children: list[Any]) -> Iterator[str]:
    """An A/B test has two arms, and Seldon reads `ratioA` only where it is the one parameter."""
    if len(children) != 2:
        yield f"is a RANDOM_ABTEST with {len(children)} children; expected 2."
    names = [parameter.get("name") for parameter in parameters]
    if names != ["ratioA"]:
        yield f"is a RANDOM_ABTEST with parameters {names}; expected ratioA alone, or it would be 0.5."
        return
    ratio = parameters[0].get("value")
    if (
        isinstance(ratio, str)
        and not is_tag(ratio)
        and _reads_as("FLOAT", ratio)
        and not 0 <= float(ratio) <= 1
    ):
        yield f"has ratioA {ratio!r}; expected 0 to 1."


def is_tag(value: str) -> bool:
    """Whether Argo fills the value in later."""
    return "{{" in value


def _reads_as(kind: str, value: str) -> bool:
    if kind == "BOOL":
        return value in ("true", "false")
    try:
        int(value) if kind == "INT" else float(value)
    except ValueError:
        return False
    return True
