"""Rows that a served version is asked in, how far its features have moved from the training rows out.

As `argolane drift` measures it (argolane/serving/statistics/drift.py, which names the sources): by the same
bins, whose counts alone are kept, never a row. The distance of Kolmogorov and Smirnov is taken at the ends of
the bins, so that it is never more than the whole one. One array for all features: an image has 784.
"""

import gzip
import json
import logging
import math
import threading
from pathlib import Path
from typing import Any

import numpy as np

from models.contract.version import TRAINING

BINS = 10
SOME_CHANGE, LARGE_CHANGE, CHANCE = 0.1, 0.25, 0.01
FEWEST = 50  # rows
MISSING = -3e38
WINDOW = 1000  # rows: drift is that of the last one to two windows
HELD = 32  # rows that are counted at once: one alone takes as long as ten
MOST = 100  # rows of one request that are counted
NAMED = 50  # features that are told one by one

log = logging.getLogger(__name__)


def watch(folder: Path) -> "Watch | None":
    """By the training rows of a version; None where it has none that can be read: it answers all the same."""
    file = folder / TRAINING
    if not file.exists():
        return None
    try:
        told = json.loads(gzip.decompress(file.read_bytes()))
        return Watch(np.array(told["rows"], np.float64), told["names"])
    except Exception as error:
        log.warning("%s: drift is not told, for want of training rows: %r", file, error)
        return None


class Watch:
    """What was asked of one version, as counts: features [f], bins [f, b]."""

    def __init__(self, trained: np.ndarray, names: list[str]) -> None:
        """`trained`: rows [n, f]; NaN is a missing value."""
        if trained.shape[1:] != (len(names),):
            raise ValueError(f"rows of shape {trained.shape} for {len(names)} names")
        self.names = names
        rows = np.where(np.isnan(trained), MISSING, trained)
        self._ends = _ends(rows)
        self._trained = self._counted(rows.astype(np.float32))
        self._before, self._now = np.zeros_like(self._trained), np.zeros_like(self._trained)
        self._held: list[np.ndarray] = []
        self._lock = threading.Lock()

    def add(self, rows: np.ndarray) -> None:
        """Rows [n, f] that were asked."""
        with self._lock:
            self._held += list(rows[:: -(-len(rows) // MOST)])
            if len(self._held) >= HELD:
                self._count()

    def gauges(self) -> list[dict[str, Any]]:
        """Rows that were counted; once they are enough, how far the features have moved."""
        with self._lock:
            self._count()
            asked = self._before + self._now
        rows = int(asked[0].sum())
        found = [_gauge("rows", rows)]
        if rows < FEWEST:
            return found
        index, p = psi(self._trained, asked), _holm(*_ks(self._trained, asked))
        sure = p < CHANCE
        found += [
            _gauge("psi_max", float(index.max())),
            _gauge("features", int((sure & (index >= LARGE_CHANGE)).sum())),
            _gauge("features_watched", int((sure & (index >= SOME_CHANGE) & (index < LARGE_CHANGE)).sum())),
        ]
        if len(self.names) <= NAMED:
            found += [
                _gauge("psi", float(one), feature=name) for name, one in zip(self.names, index, strict=True)
            ]
        return found

    def _count(self) -> None:
        if not self._held:
            return
        rows = np.array(self._held, np.float32)
        self._held = []
        self._now += self._counted(np.where(np.isnan(rows), np.float32(MISSING), rows))
        if self._now[0].sum() >= WINDOW:
            self._before, self._now = self._now, np.zeros_like(self._now)

    def _counted(self, rows: np.ndarray) -> np.ndarray:
        """Of rows [n, f] how many are in each bin [f, b]: above an end less above the next."""
        above = [np.full(rows.shape[1], len(rows))]
        above += [(rows > end).sum(axis=0) for end in self._ends]
        return -np.diff(np.array(above), axis=0, append=0).T


def psi(trained: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Population stability index [f] of counts [f, b]; what is empty on both sides is no bin."""
    filled = (trained + asked) > 0
    shares = [np.where(filled, counts + 0.5, 0) for counts in (trained, asked)]
    one, other = (share / share.sum(axis=1, keepdims=True) for share in shares)
    logs = np.log(np.where(filled, other, 1) / np.where(filled, one, 1))
    return np.asarray(((other - one) * logs).sum(axis=1))


def _ks(trained: np.ndarray, asked: np.ndarray) -> tuple[np.ndarray, int, int]:
    """Distances [f] at the ends of the bins, and how many rows are on either side."""
    one, other = (counts.cumsum(axis=1) / counts.sum(axis=1, keepdims=True) for counts in (trained, asked))
    return np.abs(one - other).max(axis=1), int(trained[0].sum()), int(asked[0].sum())


def _holm(distances: np.ndarray, one: int, other: int) -> np.ndarray:
    """p values [f], corrected for the number of features."""
    root = math.sqrt(one * other / (one + other))
    at = np.maximum((root + 0.12 + 0.11 / root) * distances, 0.2)[:, None]
    k = np.arange(1, 101)
    p = np.clip((2 * (-1.0) ** (k - 1) * np.exp(-2 * (k * at) ** 2)).sum(axis=1), 0, 1)
    order = np.argsort(p, kind="stable")
    corrected = np.minimum(1, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    found = np.empty_like(p)
    found[order] = corrected
    return found


def _ends(rows: np.ndarray) -> np.ndarray:
    """Ends of the bins [b - 1, f], ascending; where values are alike an end is there several times."""
    ordered = np.sort(rows, axis=0)
    ends = [_beside(ordered[0], -1), _beside(ordered[-1], 1)]
    for cut in range(1, BINS):
        value = ordered[len(ordered) * cut // BINS]
        after = (ordered <= value).sum(axis=0)
        more = ordered[np.minimum(after, len(ordered) - 1), np.arange(rows.shape[1])]
        ends.append(np.where(after < len(ordered), (value + more) / 2, ends[1]))
    return np.sort(np.array(ends), axis=0).astype(np.float32)


def _beside(values: np.ndarray, way: int) -> np.ndarray:
    return values + way * np.maximum(1e-5 * np.abs(values), 1e-9)


def _gauge(what: str, value: float, **tags: str) -> dict[str, Any]:
    return {"type": "GAUGE", "key": f"argolane_drift_{what}", "value": value, "tags": tags}
