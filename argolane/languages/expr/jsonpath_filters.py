"""The text of a filter `[?(...)]` or script `[(...)]` in, its value for one element out.

As the library that Argo uses reads it: the text is cut at the first sign of the lowest rank, texts carry
their quotes, and what compares numbers takes numbers only. A filter whose
evaluation fails leaves its element out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any

from argolane.languages.expr.errors import Fault
from argolane.languages.gotext import text_of
from argolane.languages.regex import PatternError, compile_pattern

# The signs by rank, the lowest first; `@` and `$` begin a path.
_SIGNS = (
    "||", "&&", "==", "!=", "<=", ">=", "<", ">", "=~", "!", "+", "-", "**", "*", "/", "%", "not in", "in",
    "@", "$",
)  # fmt: skip
_CLOSING = {"(": ")", "[": "]"}
_NUMBERS: dict[str, Callable[[float, float], Any]] = {
    "<=": lambda a, b: a <= b, ">=": lambda a, b: a >= b, "<": lambda a, b: a < b, ">": lambda a, b: a > b,
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "**": lambda a, b: a**b,
    "/": lambda a, b: a / b, "%": lambda a, b: float(int(a) % int(b)),
}  # fmt: skip

# A path and the element it begins at in, what lies there out: what jsonpath itself does.
Select = Callable[[str], Any]


def holds(text: str, select: Select) -> bool:
    """Whether an element passes the filter."""
    try:
        value = evaluate(text, select)
    except (Fault, ZeroDivisionError, OverflowError):
        return False
    if isinstance(value, str):
        return bool(bare(value))
    return bool(value)


def evaluate(text: str, select: Select, signs: tuple[str, ...] = _SIGNS) -> Any:
    """A number, a text, a truth or whatever a path leads to; Fault where Go has an error."""
    text = text.strip()
    if text.startswith("(") and _closes(text) == len(text) - 1:
        return evaluate(text[1:-1], select)
    for rank, sign in enumerate(signs):
        at = _find(text, sign)
        if at < 0:
            continue
        left, right = text[:at].strip(), text[at + len(sign) :].strip()
        if sign in "@$":
            if left:
                continue
            value = select(text)
            return f"'{value}'" if isinstance(value, str) else value
        if not right or (not left) != (sign == "!"):
            continue
        below = signs[rank:]
        return _operated(sign, *(partial(evaluate, part, select, below) for part in (left, right)))
    return _plain(text)


def _operated(sign: str, left: Callable[[], Any], right: Callable[[], Any]) -> Any:
    if sign == "!":
        return not _truth(right())
    first, second = left(), right()
    if sign in ("||", "&&"):
        one, other = _truth(first), _truth(second)
        return one or other if sign == "||" else one and other
    if sign in ("==", "!="):
        return _equal(first, second) == (sign == "==")
    if sign == "=~":
        try:
            return compile_pattern(bare(_text(second))).matches(bare(_text(first)))
        except PatternError as error:
            raise Fault(str(error)) from None
    if sign in ("in", "not in"):
        if not isinstance(second, (list, dict)):
            raise Fault("invalid argument. expected collection")
        known = list(second.values()) if isinstance(second, dict) else second
        return (bare(first) in [bare(each) for each in known]) == (sign == "in")
    return _NUMBERS[sign](_number(first), _number(second))


def _plain(text: str) -> Any:
    if text in ("nil", "null", ""):
        return None
    if text[0] + text[-1] in ("[]", "{}"):
        try:
            return json.loads(text, parse_int=float)
        except ValueError:
            raise Fault("invalid argument") from None
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return f"'{text[1:-1]}'"
    try:
        return float(text)
    except ValueError:
        return {"true": True, "false": False}.get(text, text)


def _equal(first: Any, second: Any) -> bool:
    try:
        return _number(first) == _number(second)
    except Fault:
        return _text(first) == _text(second)


def _number(value: Any) -> float:
    if isinstance(value, bool) or value is None:
        raise Fault("invalid argument. expected number")
    try:
        return float(value)
    except (TypeError, ValueError):
        raise Fault("invalid argument. expected number") from None


def _text(value: Any) -> str:
    if value is None:
        raise Fault("invalid argument. is nil")
    return value if isinstance(value, str) else text_of(value)


def _truth(value: Any) -> bool:
    if value is None:
        return False
    if isinstance(value, bool):
        return value
    known = {
        "1": True,
        "t": True,
        "T": True,
        "true": True,
        "0": False,
        "f": False,
        "F": False,
        "false": False,
    }
    text = _text(value)
    if text not in known:
        raise Fault("invalid argument. expected boolean")
    return known[text]


def bare(value: Any) -> Any:
    """A text without the quotes it carries."""
    quoted = isinstance(value, str) and re.fullmatch(r"'(.*)'", value, re.S)
    return quoted[1] if quoted else value


def _find(text: str, sign: str) -> int:
    """The first place of a sign outside of quotes and brackets, or -1."""
    at = 0
    while at < len(text):
        if text[at] in "'\"":
            end = text.find(text[at], at + 1)
            at = len(text) if end < 0 else end + 1
        elif text[at] in _CLOSING:
            at = _closes(text, at) + 1
        elif text.startswith(sign, at) and not (sign == "in" and not _is_word(text, at)):
            return at
        else:
            at += 1
    return -1


def _is_word(text: str, at: int) -> bool:
    return text[at - 1 : at] in ("", " ") and text[at + 2 : at + 3] in ("", " ", "[", "{")


def _closes(text: str, at: int = 0) -> int:
    """Where the bracket that opens at `at` closes; the text's end if it does not."""
    opening, depth = text[at], 0
    while at < len(text):
        if text[at] in "'\"":
            end = text.find(text[at], at + 1)
            at = len(text) if end < 0 else end
        elif text[at] in (opening, _CLOSING[opening]):
            depth += 1 if text[at] == opening else -1
            if not depth:
                return at
        at += 1
    return len(text)
