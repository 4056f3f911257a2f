"""A shard of rows in, what a deployment answers to each of them out: each request is a line of JSON.

What passes (no answer, HTTP 429 and 503) is tried again; rows that are refused are halved until the one that
is meant stands alone. A second start goes on after the last whole line of the first. Environment: URL; PARTS,
the folder of the shards; SHARD, its number; ROWS_PER_REQUEST; PATIENCE, seconds.
"""

import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from models.contract.errors import ModelError
from workflows.parts.steps.asking import Refused, Unanswered, post

PASSING = (408, 425, 429, 502, 503, 504)
NOT_OF_ROWS = (401, 403, 404, 405)  # whatever is sent
UNREACHED = 'Post "http'  # what an executor says, as a 500, of a unit that it does not reach
LONGEST_WAIT = 5.0
Placed = tuple[int, list[Any]]  # its place, and its values


@dataclass(frozen=True)
class Answered:
    """Of rows in their order: what was answered to each, or None; and why, by its place in the file."""

    names: list[str]
    rows: list[list[Any] | None]
    failed: dict[int, str]


@dataclass(frozen=True)
class Deployment:
    url: str
    names: list[str]
    patience: float

    def answered(self, rows: list[Placed]) -> Answered:
        """Raises ModelError where the deployment, and no row, is what fails."""
        try:
            return self._patiently(rows)
        except Refused as refused:
            if len(rows) == 1:
                return Answered([], [None], {rows[0][0]: told(str(refused))})
        middle = len(rows) // 2
        first, second = self.answered(rows[:middle]), self.answered(rows[middle:])
        names = first.names or second.names
        return Answered(names, first.rows + second.rows, first.failed | second.failed)

    def _patiently(self, rows: list[Placed]) -> Answered:
        data = {"names": self.names, "ndarray": [values for _, values in rows]}
        body = json.dumps({"data": data}).encode()
        until, wait = time.monotonic() + self.patience, 0.1
        while True:
            try:
                return fitting(post(self.url, body)[1], len(rows))
            except Refused as refused:
                reason = str(refused)
                if refused.status in NOT_OF_ROWS:
                    raise ModelError(f"{self.url}: {reason}.") from None
                if refused.status not in PASSING and UNREACHED not in reason:
                    raise
            except Unanswered as nobody:
                reason = str(nobody)
            if time.monotonic() + wait > until:
                raise ModelError(f"{self.url}: {reason}. Tried for {self.patience:g} s.")
            time.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)


def fitting(text: bytes, count: int) -> Answered:
    """The rows of an answer. Raises ModelError unless they are as many as were sent, and of one width."""
    try:
        data = json.loads(text)["data"]
        rows = [row if isinstance(row, list) else [row] for row in data["ndarray"]]
    except (ValueError, KeyError, TypeError):
        raise ModelError(f"expected an answer with data.ndarray; found {text[:200]!r}") from None
    widths = {len(row) for row in rows}
    if len(rows) != count or len(widths) != 1:
        raise ModelError(f"{len(rows)} rows of {sorted(widths)} values were answered to {count} rows")
    [width], names = widths, [str(name) for name in data.get("names") or []]
    if len(names) != width or len(set(names)) != width or "row" in names:
        names = [f"prediction_{number}" for number in range(width)] if width > 1 else ["prediction"]
    return Answered(names, list(rows), {})


def told(reason: str) -> str:
    """The words of Seldon's error, where it is one that was not cut."""
    status, _, text = reason.partition(": ")
    try:
        return f"{status}: {json.loads(text)['status']['info']}"
    except (ValueError, KeyError, TypeError):
        return " ".join(reason.split())


def done(answers: Path) -> int:
    """How many rows have an answer; a line that a death cut off is cut away."""
    if not answers.exists():
        return 0
    count, good = 0, 0
    with answers.open("rb+") as file:
        for line in file:
            if not line.endswith(b"\n"):
                break
            count, good = count + len(json.loads(line)["rows"]), good + len(line)
        file.truncate(good)
    return count


def answer(shard: Path, url: str, *, size: int, patience: float) -> tuple[int, int]:
    """How many rows there are, and how many of them an earlier start had done. Raises ModelError."""
    answers = shard.with_suffix(".answers")
    count = before = done(answers)
    with shard.open(encoding="utf-8") as file, answers.open("a", encoding="utf-8") as out:
        head = json.loads(file.readline())
        deployment = Deployment(url, head["names"], patience)
        rest = islice(file, count, None)
        while rows := [tuple(json.loads(line)) for line in islice(rest, size)]:
            found = deployment.answered(rows)
            reasons = set(found.failed.values())
            if not count and len(found.failed) == len(rows) > 1 == len(reasons):
                raise ModelError(
                    f"The deployment refuses each of the first {len(rows)} rows ({head['unit']}s"
                    f" {rows[0][0]} to {rows[-1][0]}): {reasons.pop()}. The columns are"
                    f" {', '.join(head['names'][:20])}."
                )
            print(json.dumps(vars(found)), file=out, flush=True)
            count += len(rows)
    return count, before


def main(environ: Mapping[str, str] = os.environ) -> None:
    shard = Path(environ["PARTS"]) / f"{environ['SHARD']}.rows"
    size, patience = int(environ["ROWS_PER_REQUEST"]), float(environ["PATIENCE"])
    try:
        count, before = answer(shard, environ["URL"], size=size, patience=patience)
    except ModelError as error:
        sys.exit(str(error))
    print(f"shard {environ['SHARD']}: {count} rows" + (f", {before} of them before" if before else ""))


if __name__ == "__main__":
    main()
