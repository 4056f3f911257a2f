"""Values in, where they are drawn out; the ends of an axis in, the round numbers to mark on it out."""

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """From values to pixels, in proportion or, with `log`, by their logarithms."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        low, high, at = (math.log(v) if self.log else v for v in (self.low, self.high, value))
        return self.start + (at - low) / (high - low) * (self.end - self.start)


def around(values: Iterable[float], *, start: float, end: float, room: float = 0.04) -> Scale:
    """A scale that holds all values, with some room at both ends; 0 to 1 of no value."""
    known = list(values)
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    more = (high - low) * room if high > low else abs(high) * 0.05 or 0.5
    return Scale(low - more, high + more, start, end)


def ticks(low: float, high: float, *, most: int = 5) -> list[float]:
    """Between both, multiples of 1, 2 or 5 of a power of ten."""
    rough = (high - low) / most
    if not rough > 0 or not math.isfinite(rough):
        return [low]
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * k for k in (1, 2, 5, 10) if power * k >= rough * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [step * k for k in range(first, last + 1)] if last - first < 50 else [low, high]


def number(value: float) -> str:
    """As a reader wants it: 0.001, 12,000, 3e+09."""
    if value and (abs(value) >= 1e7 or abs(value) < 1e-4):
        return f"{value:.3g}"
    text = f"{value:,.4f}" if abs(value) < 1000 else f"{value:,.1f}"
    return text.rstrip("0").rstrip(".")
