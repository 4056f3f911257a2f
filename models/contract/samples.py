"""Rows in, what a version keeps of them out: of the test rows samples.json.gz, of the training rows others.

A deployment is verified with samples.json.gz: rows as a client sends them, the truth, and what the version
itself answers to those very rows. training.json.gz has some of the rows that were learned, in the same form:
what a deployment is asked later can be held against them, feature by feature.
"""

import gzip
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

MOST = 2000  # rows that are kept
LEARNED = 1000  # of the training rows
TOLERANCE = 1e-3  # of each number of a served answer, in parts of it where it is above 1
DIGITS = 6  # that a number is sent with: float32 has no more


@dataclass(frozen=True)
class Samples:
    """`rows` go into `data.ndarray`, `answers` come back there; `tolerance` is relative above 1."""

    names: Sequence[str] | None
    rows: Sequence[Any]
    truth: Sequence[Any]
    answers: Sequence[Any]
    dataset: str
    tolerance: float = TOLERANCE


def write(path: Path, samples: Samples) -> None:
    _write(path, asdict(samples))


def _write(path: Path, told: dict[str, Any]) -> None:
    text = json.dumps(told, separators=(",", ":"), allow_nan=False)
    path.write_bytes(gzip.compress(text.encode(), compresslevel=4, mtime=0))


def write_training(path: Path, rows: Any, names: Sequence[str] | None, dataset: str) -> None:
    """As many of the training rows, evenly from first to last; nothing where they are not all numbers."""
    if not len(rows) or not _numbers(rows):
        return
    places = np.linspace(0, len(rows) - 1, min(len(rows), LEARNED)).round().astype(int)
    kept = np.asarray(rows)[places]
    told = plain(_rounded(kept.reshape(len(kept), -1)))
    told = [[None if value != value else value for value in row] for row in told]
    if not names or len(names) != len(told[0]):  # of an image, or of a window over time
        names = [f"x{place}" for place in range(len(told[0]))]
    _write(path, {"names": names, "rows": told, "dataset": dataset})


def as_sent(rows: Any) -> list[Any]:
    """The first rows as JSON: text as it is, numbers with six significant digits."""
    return plain(_rounded(np.asarray(rows[:MOST])) if _numbers(rows) else rows[:MOST])


def plain(values: Any) -> list[Any]:
    """Lists of Python's own numbers and texts, of any array."""
    made: list[Any] = np.asarray(values).tolist() if _numbers(values) else [_plain(value) for value in values]
    return made


def furthest(expected: Any, found: Any) -> float:
    """How far two answers are apart at most: in parts of the number above 1; inf where they are not alike."""
    if isinstance(expected, list) and isinstance(found, list):
        if len(expected) != len(found):
            return float("inf")
        return max((furthest(one, other) for one, other in zip(expected, found, strict=True)), default=0.0)
    if isinstance(expected, int | float) and isinstance(found, int | float):
        apart = abs(found - expected) / max(1.0, abs(expected))
        return apart if apart == apart else float("inf")  # NaN is a difference, too
    return 0.0 if expected == found else float("inf")


def shape(answers: Any) -> str:
    """In words for a message: `[100, 2] numbers`."""
    sizes: list[int] = []
    while isinstance(answers, list):
        sizes.append(len(answers))
        answers = answers[0] if answers else None
    return f"{sizes} {'numbers' if isinstance(answers, int | float) else 'values'}"


def array(rows: Any) -> np.ndarray:
    """Rows as a served class gets them; text stays text, and is not padded to the length of the longest."""
    return np.asarray(rows) if _numbers(rows) else np.array(rows, dtype=object)


def _numbers(values: Any) -> bool:
    if len(values) and isinstance(values[0], str):
        return False
    try:
        return np.asarray(values).dtype.kind in "fiub"
    except ValueError:  # lists of different lengths
        return False


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray | list | tuple):
        return [_plain(one) for one in value]
    return value


def _rounded(values: np.ndarray) -> np.ndarray:
    if values.dtype.kind != "f":
        return values
    exact = values.astype(np.float64)
    sizes = np.floor(np.log10(np.abs(exact), where=exact != 0, out=np.zeros_like(exact)))
    scale = 10.0 ** np.clip(DIGITS - 1 - sizes, 0, 22)  # powers of ten that a float64 has exactly
    return np.round(exact * scale) / scale
