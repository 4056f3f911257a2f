"""An answer of Seldon's API in, a list of values for each of the rows that were sent out."""

import math
from typing import Any

from argolane.errors import ArgolaneError

_ONE = "prediction"


class Unfit(ArgolaneError):
    """An answer that has no value for each row."""


def values(answer: dict[str, Any], *, sent: int) -> tuple[list[str], list[list[Any]]]:
    """The columns and, for each row, their values; Unfit where the rows are others than those sent."""
    given, names = _rows(answer, sent)
    if len(given) != sent:
        cure = " Models that answer all rows together want --rows-per-request 1." if sent > 1 else ""
        raise Unfit(f"The deployment answered {len(given)} rows to {sent}.{cure}")
    rows = [value if isinstance(value, list) else [value] for value in given]
    widths = sorted({len(row) for row in rows})
    if len(widths) > 1:
        raise Unfit(
            f"The deployment answered rows of {widths[0]} and of {widths[-1]} values; expected the same."
        )
    if len(names) != widths[0] or len(set(names)) != len(names):
        names = [_ONE] if widths[0] == 1 else [f"{_ONE}_{number}" for number in range(widths[0])]
    return [f"answer_{name}" if name == "row" else name for name in names], rows


def _rows(answer: dict[str, Any], sent: int) -> tuple[list[Any], list[str]]:
    data = answer.get("data")
    if isinstance(data, dict):
        names = [str(name) for name in data.get("names") or []]
        if isinstance(data.get("ndarray"), list):
            return data["ndarray"], names
        if isinstance(data.get("tensor"), dict):
            return _shaped(data["tensor"]), names
    if "jsonData" in answer:
        found = answer["jsonData"]
        if isinstance(found, dict) and isinstance(found.get("predictions"), list):
            found = found["predictions"]
        if isinstance(found, list):
            return found, []
        if sent == 1:
            return [found], ["jsonData"]
        raise Unfit(
            "The deployment answered all rows by one jsonData. Send one at a time: --rows-per-request 1."
        )
    for field in ("strData", "binData"):
        if field in answer:
            return [answer[field]], [field]
    found = ", ".join(answer) or "nothing"
    raise Unfit(
        f"The deployment answered {found}; expected data (ndarray or tensor), jsonData, strData or binData."
    )


def _shaped(tensor: dict[str, Any]) -> list[Any]:
    shape, flat = tensor.get("shape") or [], tensor.get("values") or []
    if not shape or math.prod(shape) != len(flat):
        raise Unfit(f"The deployment answered a tensor of shape {shape} with {len(flat)} values.")
    found: list[Any] = flat
    for size in reversed(shape[1:]):
        found = [found[at : at + size] for at in range(0, len(found), size)]
    return found
