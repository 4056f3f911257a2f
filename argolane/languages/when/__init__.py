"""Text of a `when` in, whether the step runs out: govaluate's rules, with Argo's error texts.

`when` is not `{{=expr}}`: bare words are texts, `1.10 == 1.1`, `a-b` is a subtraction, quoted dates are
numbers. Facts: docs of Argo call it "when"; the library is Knetic/govaluate, used with variables as texts.
"""

import math
from dataclasses import replace
from functools import lru_cache
from typing import Any

from argolane.errors import ArgolaneError
from argolane.languages.gotext import text_of
from argolane.languages.regex import Pattern, PatternError, compile_pattern
from argolane.languages.when.plan import Stage, plan
from argolane.languages.when.tokens import InvalidToken, Refused, Token, check, tokenize

__all__ = ["WhenError", "evaluate", "value"]


_ALL_BITS = 0xFFFF_FFFF_FFFF_FFFF


class WhenError(ArgolaneError):
    """The `when` cannot be decided; the message is Argo's."""


@lru_cache(maxsize=1024)
def evaluate(text: str) -> bool:
    """Whether a substituted `when` holds; an empty one does. WhenError with Argo's message otherwise."""
    if text == "":
        return True
    result = value(text)
    if not isinstance(result, bool):
        raise WhenError(f"Expected boolean evaluation for '{text}'. Got {text_of(result)}")
    return result


def value(text: str) -> Any:
    """What `text` amounts to: a truth value, a float, a text, a list or None."""
    try:
        tokens = _with_patterns(tokenize(text))
    except Refused as error:
        hint = ' (hint: try wrapping the affected expression in quotes ("))'
        hint = hint if isinstance(error, InvalidToken) else ""
        raise WhenError(f"Invalid 'when' expression '{text}': {error}{hint}") from None
    try:
        words = [replace(t, kind="STRING") if t.kind == "VARIABLE" else t for t in tokens]
        check(words)
        stage = plan(_with_patterns(words))
    except Refused as error:
        raise WhenError(f"Failed to parse 'when' expression '{text}': {error}") from None
    try:
        return _run(stage) if stage else None
    except Refused as error:
        raise WhenError(f"Failed to evaluate 'when' expresion '{text}': {error}") from None


def _with_patterns(tokens: list[Token]) -> list[Token]:
    """A text to the right of =~ or !~ is compiled once."""
    out = list(tokens)
    for i, token in enumerate(tokens):
        if token.kind == "COMPARATOR" and token.value in ("=~", "!~") and out[i + 1].kind == "STRING":
            try:
                out[i + 1] = Token("PATTERN", compile_pattern(out[i + 1].value), out[i + 1].value)
            except PatternError as error:
                raise Refused(str(error)) from None
    return out


def _run(stage: Stage) -> Any:
    if stage.symbol == "value":
        return stage.value
    if stage.symbol == "access":
        raise Refused(f"No parameter '{stage.value[0]}' found.")
    left = _run(stage.left) if stage.left else None
    symbol = stage.symbol
    if symbol == "&&" and left is False:
        return False
    if symbol == "||" and left is True:
        return True
    if symbol in ("??", ":") and left is not None:
        return left
    if symbol == "?" and left is False:
        return None
    right = _run(stage.right) if stage.right else None
    wrong = _misfit(symbol, left, right)
    if wrong:
        shown = (
            "**"
            if symbol == "**"
            else {"negate": "-", "not": "!", "invert": "~", "==": "="}.get(symbol, symbol)
        )
        raise Refused(stage.complaint.format(text_of(wrong[0]), shown))
    return _OPERATIONS[symbol](left, right)


def _is_number(operand: Any) -> bool:
    return isinstance(operand, float)


def _misfit(symbol: str, left: Any, right: Any) -> tuple[Any] | None:
    """The operand that does not suit the operator, in a tuple."""
    if symbol in ("<", "<=", ">", ">="):
        alike = (_is_number(left) and _is_number(right)) or (isinstance(left, str) and isinstance(right, str))
        return None if alike else (left,)
    if symbol == "+":
        fits = (_is_number(left) and _is_number(right)) or isinstance(left, str) or isinstance(right, str)
        return None if fits else (left,)
    if symbol in ("-", "*", "/", "%", "**", "&", "|", "^", "<<", ">>"):
        return _first_unfit(_is_number, left, right)
    if symbol in ("&&", "||"):
        return _first_unfit(lambda operand: isinstance(operand, bool), left, right)
    if symbol in ("=~", "!~"):
        if not isinstance(left, str):
            return (left,)
        return None if isinstance(right, str | Pattern) else (right,)
    if symbol == "in":
        return None if isinstance(right, list) else (right,)
    if symbol in ("negate", "invert"):
        return None if _is_number(right) else (right,)
    if symbol == "not":
        return None if isinstance(right, bool) else (right,)
    if symbol == "?":
        return None if isinstance(left, bool) else (left,)
    return None


def _first_unfit(fits: Any, *operands: Any) -> tuple[Any] | None:
    return next(((operand,) for operand in operands if not fits(operand)), None)


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    return type(left) is type(right) and bool(left == right)


def _add(left: Any, right: Any) -> Any:
    if isinstance(left, str) or isinstance(right, str):
        return text_of(left) + text_of(right)
    return left + right


def _divide(left: float, right: float) -> float:
    if right == 0:
        return (
            math.nan
            if left == 0 or math.isnan(left)
            else math.copysign(math.inf, left) * math.copysign(1, right)
        )
    return left / right


def _power(left: float, right: float) -> float:
    try:
        result = left**right
    except ZeroDivisionError:
        return math.inf
    except OverflowError:
        return math.inf
    return result if isinstance(result, float) else math.nan


def _match(left: str, right: Any) -> bool:
    if isinstance(right, str):
        try:
            right = compile_pattern(right)
        except PatternError as error:
            raise Refused(f"Unable to compile regexp pattern '{right}': {error}") from None
    return bool(right.matches(left))


def _shift(number: float, places: float, *, left: bool) -> float:
    whole, by = _unsigned(number), _unsigned(places)
    if by >= 64:
        return 0.0
    return float((whole << by) & _ALL_BITS if left else whole >> by)


def _unsigned(number: float) -> int:
    """A float as uint64, wrapped as the processor does it."""
    if math.isnan(number) or not -(2.0**63) <= number < 2.0**64:
        return 1 << 63
    return int(number) & _ALL_BITS


def _signed(number: float) -> int:
    if math.isnan(number) or not -(2.0**63) <= number < 2.0**63:
        return -(1 << 63)
    return int(number)


_OPERATIONS: dict[str, Any] = {
    "group": lambda left, right: right,
    ",": lambda left, right: [*left, right] if isinstance(left, list) else [left, right],
    "?": lambda left, right: right,
    ":": lambda left, right: right,
    "??": lambda left, right: right,
    "||": lambda left, right: right,
    "&&": lambda left, right: right,
    "==": _same,
    "!=": lambda left, right: not _same(left, right),
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "=~": _match,
    "!~": lambda left, right: not _match(left, right),
    "in": lambda left, right: any(_same(left, item) for item in right),
    "+": _add,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": _divide,
    "%": lambda left, right: math.nan if right == 0 else math.fmod(left, right),
    "**": _power,
    "&": lambda left, right: float(_signed(left) & _signed(right)),
    "|": lambda left, right: float(_signed(left) | _signed(right)),
    "^": lambda left, right: float(_signed(left) ^ _signed(right)),
    "<<": lambda left, right: _shift(left, right, left=True),
    ">>": lambda left, right: _shift(left, right, left=False),
    "negate": lambda left, right: -right,
    "not": lambda left, right: not right,
    "invert": lambda left, right: float(~_signed(right)),
}
