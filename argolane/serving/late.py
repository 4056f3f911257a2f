"""Labels by puid in, the recorded requests that they are of scored and rewarded out: labels that come late.

A label counts once. What cannot count is told, line by line, and the rest counts all the same.
"""

import csv
import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from argolane.errors import ArgolaneError
from argolane.serving.scoring import score_of

Feedback = dict[str, Any]  # as Seldon takes it: request, response, reward and truth

_SHOWN = 10
_FOUND = "SELECT number, routing, answer, truth, status, told FROM observations WHERE puid = ?"


@dataclass
class Joined:
    """What became of the labels: `refused` are lines, in the order of the file."""

    counted: int = 0
    known: int = 0
    refused: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        yield f"{self.counted} labels counted, {self.known} were known before, {len(self.refused)} refused"
        yield from self.refused[:_SHOWN]
        if len(self.refused) > _SHOWN:
            yield f"and {len(self.refused) - _SHOWN} more"


def join(labels: Path, files: Sequence[Path], send: Callable[[Feedback], object]) -> Joined:
    """Score each recorded request by its label, and `send` its reward to the deployment that answered."""
    found, seen = Joined(), dict[str, Any]()
    rows = list(read_labels(labels))
    conflicting = set(_contradicted(rows))
    for puid, truth in rows:
        if puid in conflicting:
            if puid not in seen:
                found.refused.append(f"{puid}: conflicting labels in {labels.name}")
        elif puid in seen:
            found.refused.append(f"{puid}: the label is there twice; it counted once")
        else:
            _one(puid, truth, files, send, found)
        seen[puid] = truth
    return found


def _one(
    puid: str, truth: Any, files: Sequence[Path], send: Callable[[Feedback], object], found: Joined
) -> None:
    for path in reversed(files):
        with closing(sqlite3.connect(path, timeout=60)) as file:
            row = file.execute(_FOUND, (puid,)).fetchone()
            if row is None:
                continue
            number, routing, answer, known, status, told = row
            if status != 200:
                found.refused.append(f"{puid}: its request had no answer")
            elif known != "null" and json.loads(known) != truth:
                found.refused.append(f"{puid}: its label is known as {known}, not {json.dumps(truth)}")
            elif known != "null" and told:
                found.known += 1
            else:
                try:
                    reward = _count(file, number, truth, json.loads(answer))
                except (KeyError, ValueError, TypeError, IndexError) as error:
                    found.refused.append(f"{puid}: its label {json.dumps(truth)} cannot be scored: {error}")
                    return
                meta = {"puid": puid, "routing": json.loads(routing)}
                # After the label is kept, so that who is killed in between tells it the next time.
                send({
                    "request": {},
                    "response": {"meta": meta, "data": {"ndarray": [json.loads(answer)]}},
                    "reward": reward,
                    "truth": {"data": {"ndarray": [truth]}},
                })  # fmt: skip
                with file:
                    file.execute("UPDATE observations SET told = 1 WHERE number = ?", (number,))
                found.counted += 1
            return
    found.refused.append(f"{puid}: no recorded request has this puid")


def _count(file: sqlite3.Connection, number: int, truth: Any, answer: Any) -> float:
    """Its reward, which is kept before it is told. Raises what score_of does."""
    [about] = file.execute("SELECT value FROM about WHERE name = 'score'").fetchone()
    score = json.loads(about)
    value = score_of(score["name"], answer, truth)
    reward = value if score["better"] == "higher" else -value
    with file:
        file.execute(
            "UPDATE observations SET truth = ?, score = ?, reward = ? WHERE number = ?",
            (json.dumps(truth), value, reward, number),
        )
    return reward


def read_labels(path: Path) -> Iterator[tuple[str, Any]]:
    """(puid, truth) of each row; ArgolaneError for what is no such table."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            table = csv.DictReader(file)
            missing = {"puid", "truth"} - set(table.fieldnames or ())
            if missing:
                raise ArgolaneError(
                    f"{path}: no column {' and '.join(sorted(missing))}; expected puid and truth."
                )
            for row in table:
                if row["puid"] is None or row["truth"] is None:
                    raise ArgolaneError(f"{path}: line {table.line_num} has no puid or no truth.")
                yield row["puid"], _value(row["truth"])
    except OSError as error:
        raise ArgolaneError(f"{path}: {error.strerror or error}.") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise ArgolaneError(f"{path}: not a table in UTF-8: {error}.") from None


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _contradicted(rows: Sequence[tuple[str, Any]]) -> Iterator[str]:
    """Those of which the file has two labels."""
    first: dict[str, Any] = {}
    for puid, truth in rows:
        if first.setdefault(puid, truth) != truth:
            yield puid
