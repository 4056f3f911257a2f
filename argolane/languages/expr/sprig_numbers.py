"""sprig's functions of numbers that take more than a line."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import reduce
from typing import Any

from argolane.languages.expr.errors import Fault
from argolane.languages.expr.operators import power
from argolane.languages.expr.values import Int64, Ints, cut_to_64, is_number, whole
from argolane.languages.gotext import text_of


def integer(value: Any) -> int:
    """spf13/cast: what is no number counts as 0."""
    if isinstance(value, bool):
        return int(value)
    if is_number(value):
        return whole(value)
    if isinstance(value, str):
        decimal = re.fullmatch(r"([-+]?[0-9]*)(\.[0-9]*)?", value)
        digits = decimal[1] if decimal else value
        # Go reads 012 as octal.
        octal = re.fullmatch(r"([+-]?)0([0-7_]+)", digits)
        try:
            number = int(f"{octal[1]}0o{octal[2]}" if octal else digits, 0)
        except ValueError:
            return 0
        return number if number == cut_to_64(number) else 0
    return 0


def to_float(value: Any) -> float:
    try:
        return float(value) if isinstance(value, (str, int, float)) else 0.0
    except ValueError:
        return 0.0


def divide(left: Any, right: Any) -> int:
    over, under = integer(left), integer(right)
    if under == 0:
        raise Fault("runtime error: integer divide by zero")
    return abs(over) // abs(under) * (1 if (over < 0) == (under < 0) else -1)


def round_to(value: Any, places: int, half: float = 0.5, *_: float) -> float:
    shift = power(10, places)
    scaled = to_float(value) * shift
    if not math.isfinite(scaled):
        return math.nan if math.isinf(shift) or math.isnan(scaled) else scaled
    if not shift:
        return math.nan if not scaled else math.copysign(math.inf, scaled)
    fraction = math.modf(scaled)[0]
    return (math.ceil(scaled) if fraction >= half else math.floor(scaled)) / shift


def until(start: int, stop: int, step: int) -> list[int]:
    if (stop < start and step >= 0) or (stop >= start and step <= 0):
        return Ints()
    return Ints(range(start, stop, step))


def exact(apply: Callable[[Decimal, Decimal], Decimal]) -> Callable[..., float]:
    """Decimal arithmetic over any number of values: 0.1 + 0.2 is 0.3."""

    def function(*values: Any) -> float:
        numbers = [_decimal(to_float(value)) for value in values]
        return float(reduce(apply, numbers, *(() if numbers else (Decimal(0),)))) + 0.0

    return function


def decimal_divided(one: Decimal, other: Decimal) -> Decimal:
    """To 16 places, as shopspring's decimals are divided."""
    if not other:
        raise Fault("decimal division by 0")
    with localcontext(prec=400):
        return (one / other).quantize(Decimal("1e-16"), ROUND_HALF_UP)


def from_octal(value: Any) -> int:
    digits = text_of(value)
    return Int64(int(digits, 8)) if re.fullmatch(r"[+-]?[0-7]+", digits) else Int64(0)


def seq(*given: int) -> str:
    """As the shell's: seq END, seq FIRST END, seq FIRST STEP END."""
    if not 0 < len(given) < 4:
        return ""
    first, end = (given[0] if len(given) > 1 else 1), given[-1]
    way = -1 if end < first else 1
    step = given[1] if len(given) == 3 else way
    if way < 0 < step:
        return ""
    return " ".join(map(str, until(first, end + way, step)))


def _decimal(number: float) -> Decimal:
    if not math.isfinite(number):
        raise Fault(f"Cannot create a Decimal from {text_of(number)}")
    return Decimal(repr(number))


def atoi(text: str) -> int:
    number = int(text) if re.fullmatch(r"[+-]?[0-9]+", text) else 0
    return max(-(1 << 63), min(number, (1 << 63) - 1))
