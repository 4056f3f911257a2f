"""An answer and the way a request took in, the answer with `meta.routing` out.

Only done when SELDON_ENABLE_ROUTING_INJECTION is set. As in the executor the whole answer is read and
written anew as Go writes it, which shows: keys are sorted, 1.0 becomes 1, whole numbers past 2**53 are
rounded. What is written so already comes out byte for byte.
"""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NoReturn

from argolane.serving.orchestrator.messages import Message, escape

_EXACT = 2.0**53
_PLAIN = 1e21
# Go writes numbers down to this without an exponent; Python does so down to 1e-4.
_SMALL = 1e-6
# What Python writes otherwise than Go: these escapes, small numbers, and the zero below zero.
_ODD = re.compile(r"\\[bf]|e-|-0\.0")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|-?[0-9][0-9.e+-]*')
_ESCAPED = re.compile(r"\\(.)")
_LONG = {"b": r"\u0008", "f": r"\u000c"}


def inject(message: Message, routing: Mapping[str, int]) -> Message:
    """Raises ValueError when the answer is not JSON; one without a `meta` object only gets rewritten."""
    try:
        answer = json.loads(
            message.body.decode("utf-8", "replace"),
            parse_float=_number,
            parse_int=_number,
            parse_constant=_refuse,
        )
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if isinstance(answer, dict) and isinstance(answer.get("meta"), dict):
        answer["meta"]["routing"] = dict(routing)
    return Message(escape(_dump(answer)), message.content_type)


def _dump(answer: Any) -> bytes:
    text = json.dumps(answer, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    if _ODD.search(text):
        text = _TOKEN.sub(_as_go, text)
    try:
        return text.encode()
    except UnicodeEncodeError:
        # Half of a surrogate pair, which only an escape can bring in.
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def _as_go(token: re.Match[str]) -> str:
    """A string or number of Python's JSON as Go's encoding/json writes it."""
    text = token[0]
    if text.startswith('"'):
        return _ESCAPED.sub(lambda escape: _LONG.get(escape[1], escape[0]), text)
    if text == "-0.0":
        return "-0"
    if "e-" not in text:
        return text
    return text.replace("e-0", "e-") if abs(float(text)) < _SMALL else format(Decimal(text), "f")


def _number(text: str) -> float | int:
    """A float64, as an int where Go writes it without a fraction."""
    value = float(text)
    if not value and text.startswith("-"):
        return -0.0
    if not value.is_integer() or abs(value) >= _PLAIN:
        if value in (float("inf"), float("-inf")):
            raise ValueError(f"{text} is out of range")
        return value
    return int(value) if abs(value) <= _EXACT else int(Decimal(repr(value)))


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
