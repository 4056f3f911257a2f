"""A router's answer, a ratio or a feedback in, the number of a child out: which way a request goes.

ALL stands for every child, STOP for none. A number that no child has is an error here; Seldon's executor
breaks the connection on it, or dies.
"""

import json
import math
import random
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from argolane.serving.graph_nodes import RANDOM_ABTEST, Node
from argolane.serving.orchestrator import protojson
from argolane.serving.orchestrator.messages import Failed, Refused

ALL, STOP = -1, -2
_WHOLE = re.compile(r"-?(0|[1-9]\d*)")


def read_route(node: Node, body: bytes) -> int:
    """What a router answered: `{"data":{"ndarray":[[1]]}}` or `[1]`, of which the first number counts."""
    try:
        message = protojson.seldon_message(body)
    except ValueError:
        routes = _plain_list(body)
    else:
        routes = _routes(message, node)
    if not routes:
        raise Failed(f"Router '{node.name}' answered no route: {_short(body)}; expected [[0]], say.")
    return routes[0]


def split(node: Node, draw: Callable[[], float] = random.random) -> int:
    """RANDOM_ABTEST: child 0 with the probability `ratioA`, else child 1. Ignores ratioA in company."""
    ratio = 0.5
    if len(node.parameters) == 1 and node.parameters[0].name == "ratioA":
        text = node.parameters[0].value
        try:
            ratio = float(text)
        except ValueError:
            raise Failed(f"strconv.ParseFloat: parsing {json.dumps(text)}: invalid syntax") from None
    return 0 if draw() < ratio else 1


def feedback_routing(body: bytes) -> dict[str, int]:
    """`response.meta.routing`; empty, which means all children, when anything in the body is amiss.

    Raises Refused for a number out of range: the executor would take the reward of one child for all.
    """
    try:
        message = protojson.feedback(body)
    except protojson.OutOfRange as error:
        raise Refused(f"The feedback has a number out of range: {error}.") from None
    except ValueError:
        return {}
    routing: dict[str, int] = message.get("response", {}).get("meta", {}).get("routing", {})
    return routing


def child(node: Node, route: int) -> Node:
    """Raises Failed for a child that is not there."""
    if 0 <= route < len(node.children):
        return node.children[route]
    source = (
        f"{RANDOM_ABTEST} '{node.name}' chose" if _is_split(node) else f"Node '{node.name}' is to route to"
    )
    last = len(node.children) - 1
    raise Failed(f"{source} child {route}; it has children 0 to {last}, {ALL} is all of them, {STOP} none.")


def told(node: Node, routing: Mapping[str, int]) -> Sequence[Node]:
    """The children that a feedback goes to. Raises Refused for a child that is not there."""
    route = routing.get(node.name, ALL)
    if route == ALL:
        return node.children
    if 0 <= route < len(node.children):
        return (node.children[route],)
    last = len(node.children) - 1
    raise Refused(
        f"Node '{node.name}' is to route to child {route}; it has children 0 to {last}, {ALL} is all of them."
        " See response.meta.routing of the feedback."
    )


def _is_split(node: Node) -> bool:
    return node.implementation == RANDOM_ABTEST and not node.routes


def _routes(message: dict[str, Any], node: Node) -> list[int]:
    if "data" not in message:
        raise Failed(f"Router '{node.name}' answered without data; expected data.ndarray [[0]], say.")
    data = message["data"]
    if "ndarray" in data:
        return [_first_number(value) for value in data["ndarray"][:1]]
    if "tensor" in data:
        return [truncated(value) for value in data["tensor"].get("values", [])[:1]]
    if "tftensor" in data:
        raise Failed(f"Router '{node.name}' answered a tftensor, which is not read here; answer an ndarray.")
    return [ALL]


def _first_number(value: Any) -> int:
    if isinstance(value, list):
        if not value:
            raise Failed("A router answered an empty row; expected [[0]], say.")
        value = value[0]
    # What is no number reads as 0, the zero value of a protobuf field.
    return truncated(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0


def truncated(value: float) -> int:
    """A number as Go makes an int of it."""
    return int(value) if math.isfinite(value) else -(2**63)


def _plain_list(body: bytes) -> list[int]:
    """A bare JSON list of whole numbers; refused in the words of Go's encoding/json."""
    text = body.decode("utf-8", "replace")
    try:
        # Numbers stay text, so that 1.0 can be told from 1.
        value = json.loads(text, parse_int=_Number, parse_float=_Number)
    except json.JSONDecodeError as error:
        raise Failed(_syntax_error(text, error.pos)) from None
    except RecursionError:
        raise Failed("A router's answer is nested too deep; expected [[0]], say.") from None
    if value is None:
        return []
    if not isinstance(value, list):
        raise Failed(f"json: cannot unmarshal {_kind(value)} into Go value of type []int")
    for item in value:
        if not isinstance(item, _Number) or not _WHOLE.fullmatch(item):
            raise Failed(f"json: cannot unmarshal {_kind(item)} into Go value of type int")
    return [int(item) for item in value]


class _Number(str):
    """A JSON number as it was written."""


def _kind(value: Any) -> str:
    if isinstance(value, _Number):
        return f"number {value}"
    kinds = {dict: "object", list: "array", str: "string", bool: "bool"}
    return kinds.get(type(value), "number")


def _syntax_error(text: str, at: int) -> str:
    rest = text[at:].lstrip()
    if not rest:
        return "unexpected end of JSON input"
    return f"invalid character '{rest[0]}' looking for beginning of value"


def _short(body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    return text if len(text) <= 80 else f"{text[:77]}..."
