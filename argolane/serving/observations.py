"""The file of an experiment in, what each arm made of its requests out, in the order of their numbers.

Written by a workflow's task `traffic`, one SQLite file a run: docs/ab-testing.md has its columns.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from argolane.serving.statistics.moments import MEAN


@dataclass(frozen=True)
class Seen:
    """One request: `arm` is empty where nobody knows whose it was, `score` is None where none is known.

    `user` is who asked, empty where the request is nobody's.
    """

    arm: str
    status: int
    score: float | None
    latency: float
    user: str = ""


@dataclass(frozen=True)
class Variant:
    """An arm as it was asked for: `share` of the requests, None where a router decides."""

    letter: str
    name: str
    share: float | None
    version: str


@dataclass(frozen=True)
class Experiment:
    """What the file is about, and all that is in it."""

    deployment: str
    run: str
    dataset: str
    requests: int
    score: str
    better: str
    kind: str
    arms: Sequence[Variant]
    seen: Sequence[Seen]
    users: int = 0  # who were to ask; 0 where requests are nobody's


def read_experiment(path: Path) -> Experiment:
    """Raises sqlite3.Error or KeyError for a file that is none of these."""
    # Not read-only: who was killed in a write has left what SQLite takes back when it opens the file.
    with closing(sqlite3.connect(f"file:{path}?mode=rw", uri=True, timeout=60)) as file:
        about: Mapping[str, Any] = {
            name: json.loads(value) for name, value in file.execute("SELECT name, value FROM about")
        }
        # Files of older runs have no such column.
        named = any(name == "user" for _, name, *_ in file.execute("PRAGMA table_info(observations)"))
        columns = f"arm, status, score, latency{', user' if named else ''}"
        rows = file.execute(f"SELECT {columns} FROM observations ORDER BY number")  # noqa: S608  our own names
        seen = [Seen(*row) for row in rows]
    arms = [
        Variant(arm["arm"], arm["name"], arm["share"], f"{arm['unit']} {arm['version']}")
        for arm in about["arms"]
    ]
    score = about["score"]
    return Experiment(
        about["deployment"],
        about["run"],
        about["dataset"],
        about["requests"],
        score["name"],
        score["better"],
        score["kind"] if score["better"] == "higher" else MEAN,  # what is turned round is no share
        arms,
        seen,
        (about.get("users") or {}).get("number", 0),
    )
