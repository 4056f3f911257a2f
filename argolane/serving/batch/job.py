"""A table, a deployment and a name for the output in, the batch done out: begun, gone on with, and ended."""

import asyncio
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from argolane.errors import ArgolaneError, UsageError
from argolane.serving.batch import output
from argolane.serving.batch.asking import Asking
from argolane.serving.batch.csv_table import csv_table
from argolane.serving.batch.journal import Batch, Journal
from argolane.serving.batch.parquet import parquet_table
from argolane.serving.batch.rows import Answered, Chunk, Table

READERS = {".csv": csv_table, ".parquet": parquet_table}
Told = Callable[[int, int, int], None]
"""How many rows are done, of how many, and how many failed."""


@dataclass(frozen=True)
class Done:
    """Of a batch that came to its end."""

    rows: int
    failed: int
    before: int
    """Rows that an earlier start had done."""


def predict_file(
    path: Path, *, out: Path, url: str, deployment: str, text: Sequence[str] = (), parallel: int = 4,
    rows_per_request: int = 100, timeout: float = 10, patience: float = 60,
    told: Told = lambda done, rows, failed: None,
) -> Done:  # fmt: skip
    """Ask the deployment at `url` for all rows of the file; goes on where an earlier call was ended."""
    if path.suffix not in READERS:
        raise UsageError(f"--batch {path}: expected a name that ends in {' or '.join(READERS)}.")
    output.check_form(out)
    if out.resolve() == path.resolve():
        raise UsageError(f"--out {out} is the input itself.")
    with Journal(out) as journal:
        _check_new(out, journal)
        seen = path.stat() if path.is_file() else None
        table = READERS[path.suffix](path, text=text)
        done = journal.begin(Batch(str(path), table.digest, table.count, table.text, deployment))
        before = sum(done)
        if out.exists() and before < table.count:
            raise ArgolaneError(f"{out} exists already. Delete it, or name another --out.")
        told(before, table.count, journal.failed)

        count = before

        def noted(answered: Answered) -> None:
            nonlocal count
            if seen is None or _identity(path.stat()) != _identity(seen):
                raise ArgolaneError(f"{path} was changed while it was read. Start again.")
            journal.add(answered)
            count += len(answered.values)
            told(count, table.count, journal.failed)

        if before < table.count:
            asked = _Asked(table, done, rows_per_request, journal, noted)
            asyncio.run(_ask(asked, url, parallel=parallel, timeout=timeout, patience=patience))
        output.write(journal, out)
        journal.end()
        return Done(table.count, journal.failed, before)


def _check_new(out: Path, journal: Journal) -> None:
    """An output without a journal is somebody's; with one, of a batch that died in its last moment."""
    if journal.path.stat().st_size:
        return
    for file in (out, output.failed_file(out)):
        if file.exists():
            raise ArgolaneError(f"{file} exists already. Delete it, or name another --out.")


def _identity(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_ino, found.st_size, found.st_mtime_ns


@dataclass(frozen=True)
class _Asked:
    table: Table
    done: bytearray
    size: int
    journal: Journal
    noted: Callable[[Answered], None]


async def _ask(asked: _Asked, url: str, *, parallel: int, timeout: float, patience: float) -> None:
    import httpx

    try:
        local = httpx.URL(url).host in ("127.0.0.1", "localhost", "::1")
    except httpx.InvalidURL as error:
        raise ArgolaneError(f"{url!r} is not a URL: {error}.") from None
    limits = httpx.Limits(max_connections=parallel)
    async with httpx.AsyncClient(timeout=timeout, trust_env=not local, limits=limits) as http:
        asking = Asking(http, url, asked.table.names, patience, timeout, asked.table.unit)
        chunks = asked.table.chunks(asked.done, size=asked.size)
        if not asked.journal.columns:
            await _first(asked, asking, next(chunks))
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(parallel):
                    group.create_task(_work(asked, asking, chunks))
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None


async def _work(asked: _Asked, asking: Asking, chunks: Iterator[Chunk]) -> None:
    for chunk in chunks:
        asked.noted(_fitting(await asking.answered(chunk), asked.journal.columns))


async def _first(asked: _Asked, asking: Asking, chunk: Chunk) -> None:
    """Alone: what every row is refused for, such as a wrong header, is told before anything is written."""
    answered = await asking.answered(chunk)
    reasons = {reason for _, reason in answered.failed.values()}
    if len(answered.failed) == len(chunk.rows) and len(reasons) == 1:
        where = f"{asked.table.unit}s {chunk.lines[0]} to {chunk.lines[-1]}"
        raise ArgolaneError(
            f"{asked.table.path}: the deployment refuses each of the first {len(chunk.rows)} rows ({where}): "
            f"{reasons.pop().rstrip(chr(46))}. The header names: {', '.join(asked.table.names[:20])}."
        )
    asked.noted(answered)


def _fitting(answered: Answered, columns: list[str]) -> Answered:
    """The rows of another width than the first ones were is no table."""
    if columns and answered.columns and len(answered.columns) != len(columns):
        raise ArgolaneError(
            f"The deployment answered {len(columns)} columns to the first rows, and {len(answered.columns)} "
            f"to those from row {answered.first + 1} on. Did it become another model?"
        )
    return answered
