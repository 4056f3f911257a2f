"""What a graph answered and what its shadow did in, how far they agree and how long each took out."""

import json
import sqlite3
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

_TABLE = """
CREATE TABLE IF NOT EXISTS pairs (
  puid TEXT PRIMARY KEY, at REAL NOT NULL, answer TEXT, seconds REAL,
  shadow TEXT, shadow_seconds REAL, error TEXT)
"""
TOLERANCE = 1e-3


class Pairs:
    """One row a request; who of both is first does not matter."""

    def __init__(self, file: str) -> None:
        self._turn = threading.Lock()
        self._file = sqlite3.connect(file, timeout=10, isolation_level=None, check_same_thread=False)
        # Nobody waits for the disk, least of all who is answered: a kill loses nothing, and a power failure
        # these figures at most.
        self._run("PRAGMA synchronous = OFF")
        self._run(_TABLE)

    def asked(self, puid: str) -> None:
        self._run("INSERT INTO pairs (puid, at) VALUES (?, ?) ON CONFLICT DO NOTHING", puid, time.time())

    def answered(self, puid: str, answer: str) -> None:
        """Took as long as it is since the request came by."""
        now = time.time()
        self._run("UPDATE pairs SET answer = ?, seconds = ? - at WHERE puid = ?", answer, now, puid)

    def shadowed(self, puid: str, answer: str = "", *, seconds: float = 0.0, error: str = "") -> None:
        self._run(
            "UPDATE pairs SET shadow = ?, shadow_seconds = ?, error = ? WHERE puid = ?",
            answer or None, seconds, error or None, puid,
        )  # fmt: skip

    def _run(self, statement: str, *values: object) -> None:
        with self._turn:
            self._file.execute(statement, values)


def read_pairs(file: Path, puids: str = "") -> list[tuple[Any, ...]]:
    """(answer, seconds, shadow, shadow_seconds, error) of each request whose puid begins so.

    Opened to be read alone: the claim may be mounted that way. sqlite3.Error for what is no such file.
    """
    query = (
        "SELECT answer, seconds, shadow, shadow_seconds, error FROM pairs"
        " WHERE substr(puid, 1, length(?)) = ? ORDER BY at"
    )
    with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, timeout=60)) as pairs:
        return pairs.execute(query, (puids, puids)).fetchall()


def compared(rows: Sequence[tuple[Any, ...]]) -> dict[str, Any]:
    """Of the requests that both answered: how many they agree on, and the time that each took."""
    both = [row for row in rows if row[0] and row[2]]
    same = [agree(json.loads(answer), json.loads(shadow)) for answer, _, shadow, _, _ in both]
    return {
        "requests": len(rows),
        "answered by both": len(both),
        "agreement": sum(same) / len(same) if same else None,
        "errors of the shadow": sum(bool(row[4]) for row in rows),
        "answer ms": milliseconds([row[1] for row in both]),
        "shadow ms": milliseconds([row[3] for row in both]),
    }


def agree(one: Any, other: Any) -> bool:
    """The same class for every row of probabilities; else the same values, numbers within TOLERANCE."""
    if isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            return False
        if len(one) > 1 and all(isinstance(value, int | float) for value in (*one, *other)):
            return one.index(max(one)) == other.index(max(other))
        return all(map(agree, one, other))
    if isinstance(one, int | float) and isinstance(other, int | float):
        return abs(one - other) <= TOLERANCE * max(1.0, abs(one))
    return bool(one == other)


def milliseconds(seconds: Sequence[float]) -> dict[str, float]:
    """Median and 99th percentile."""
    ranked = sorted(seconds)
    places = {"median": 0.5, "p99": 0.99} if ranked else {}
    return {name: round(ranked[int(part * (len(ranked) - 1))] * 1000, 1) for name, part in places.items()}
