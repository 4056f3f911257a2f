"""A file on a claim in, what was asked and answered so far out: a row a request, kept for good once written.

Below `traffic`. A request has a number that stays its own: who is killed and goes on sends only the numbers
that are not here, and tells only the rewards that are not told. The first answer that is written for a number
is the one that counts; a transaction is whole or not there. docs/ab-testing.md has the columns.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

# No write-ahead log: its shared memory does not work on claims that are network file systems.
TABLES = (
    "CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    """CREATE TABLE IF NOT EXISTS observations (
        number INTEGER PRIMARY KEY, puid TEXT NOT NULL UNIQUE, row INTEGER NOT NULL, arm TEXT NOT NULL,
        routing TEXT NOT NULL, status INTEGER NOT NULL, answer TEXT NOT NULL, truth TEXT NOT NULL, score REAL,
        reward REAL, latency REAL NOT NULL, at REAL NOT NULL, error TEXT NOT NULL, told INTEGER NOT NULL,
        user TEXT NOT NULL DEFAULT ''
    )""",
)
# Columns that files of older runs lack, which go on with new ones.
LATER = {"user": "ALTER TABLE observations ADD COLUMN user TEXT NOT NULL DEFAULT ''"}


@dataclass(frozen=True)
class Observation:
    """One request: `arm` is empty where nobody knows whose it was, `status` is 0 where nobody took it."""

    number: int
    puid: str
    row: int
    arm: str
    routing: str  # JSON
    status: int
    answer: str  # JSON
    truth: str  # JSON
    score: float | None
    reward: float | None  # what is sent back; None where there is nothing to reward
    latency: float  # seconds
    at: float  # seconds since 1970
    error: str
    told: int = 0  # 1 when the reward has been sent back
    user: str = ""  # who asked; empty where requests are nobody's


COLUMNS = tuple(field.name for field in fields(Observation))


class Observations:
    """The file; made, with what it is about, where it is not there."""

    def __init__(self, path: Path, about: Mapping[str, Any]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file = sqlite3.connect(path, timeout=60, isolation_level=None)
        for table in TABLES:
            self._file.execute(table)
        told = [(name, json.dumps(value)) for name, value in about.items()]
        with self._file:
            self._file.execute("BEGIN IMMEDIATE")
            there = {name for _, name, *_ in self._all("PRAGMA table_info(observations)")}
            for column in LATER.keys() - there:
                self._file.execute(LATER[column])
            self._file.executemany("INSERT OR IGNORE INTO about VALUES (?, ?)", told)

    def close(self) -> None:
        self._file.close()

    def numbers(self) -> set[int]:
        """Of the requests that are here."""
        return {number for (number,) in self._all("SELECT number FROM observations")}

    def untold(self) -> list[Observation]:
        """Those whose reward may not have been sent back."""
        query = (
            f"SELECT {', '.join(COLUMNS)} FROM observations"  # noqa: S608  names of our own
            " WHERE told = 0 AND reward IS NOT NULL ORDER BY number"
        )
        return [Observation(*row) for row in self._all(query)]

    def add(self, seen: Iterable[Observation], told: Iterable[int]) -> list[Observation]:
        """Writes both in one transaction; returns those of `seen` whose numbers were not here."""
        marks, new = ", ".join("?" * len(COLUMNS)), []
        with self._file:
            self._file.execute("BEGIN IMMEDIATE")
            for one in seen:
                insert = f"INSERT OR IGNORE INTO observations ({', '.join(COLUMNS)}) VALUES ({marks})"  # noqa: S608
                if self._file.execute(insert, astuple(one)).rowcount:
                    new.append(one)
            update = "UPDATE observations SET told = 1 WHERE number = ?"
            self._file.executemany(update, [(number,) for number in told])
        return new

    def arms(self) -> list[tuple[str, int, int, float | None, float]]:
        """(arm, requests, answered well, mean score, seconds at the median) of each arm."""
        found = []
        for (arm,) in self._all("SELECT DISTINCT arm FROM observations ORDER BY arm"):
            rows = self._all("SELECT status, score, latency FROM observations WHERE arm = ?", arm)
            scores = [score for _, score, _ in rows if score is not None]
            mean = sum(scores) / len(scores) if scores else None
            times = sorted(latency for _, _, latency in rows)
            found.append((arm, len(rows), len(scores), mean, times[len(times) // 2]))
        return found

    def _all(self, query: str, *values: Any) -> list[Any]:
        with closing(self._file.execute(query, values)) as found:
            return found.fetchall()
