"""Shards with their answers in, one file of answers in the rows' order out, and one of the rows that failed.

Both appear whole or not at all, and the shards are gone then. Environment: CLAIM, a folder; OUT, below it: a
name that ends in .csv, .jsonl or .parquet; PARTS, the folder of the shards; SHARDS, the JSON list of their
numbers; MOST_FAILED, how many rows may fail in a run that succeeds; OUTPUTS.
"""

import csv
import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from models.contract.errors import ModelError


def columns(parts: Path, shards: Sequence[str]) -> list[str]:
    """The names of what is answered; none where every row failed. Raises ModelError where there are two."""
    found: list[str] = []
    for shard in shards:
        for told in answered(parts, shard):
            if found and told["names"] and len(told["names"]) != len(found):
                raise ModelError(
                    f"Some rows were answered with {', '.join(found)}, and those of shard {shard} with"
                    f" {', '.join(told['names'])}. Did the deployment become another model?"
                )
            found = found or told["names"]
    return found


def answered(parts: Path, shard: str) -> Iterator[dict[str, Any]]:
    with (parts / f"{shard}.answers").open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def rows(parts: Path, shards: Sequence[str], width: int) -> Iterator[list[Any]]:
    """Each with its number in front; one that failed has no values."""
    number = 0
    for shard in shards:
        for told in answered(parts, shard):
            for values in told["rows"]:
                number += 1
                yield [number, *(values if values is not None else [None] * width)]


def failures(parts: Path, shards: Sequence[str]) -> Iterator[list[Any]]:
    """Number of the row, its place in the file, and why."""
    number = 0
    for shard in shards:
        for told in answered(parts, shard):
            reasons = iter(told["failed"].items())
            for values in told["rows"]:
                number += 1
                if values is None:
                    yield [number, *next(reasons)]


def write(out: Path, header: Sequence[str], found: Iterator[list[Any]]) -> int:
    """How many rows there are; the form is that of the name."""
    part, count = out.with_name(f".{out.name}.part"), 0
    part.parent.mkdir(parents=True, exist_ok=True)
    if out.suffix == ".parquet":
        count = as_parquet(part, header, found)
    else:
        with part.open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file, lineterminator="\n") if out.suffix == ".csv" else None
            if table:
                table.writerow(header)
            for count, row in enumerate(found, 1):  # noqa: B007
                if table:
                    table.writerow(json.dumps(v) if isinstance(v, list | dict | bool) else v for v in row)
                else:
                    print(json.dumps(dict(zip(header, row, strict=True))), file=file)
    part.replace(out)
    return count


def as_parquet(part: Path, header: Sequence[str], found: Iterator[list[Any]]) -> int:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise ModelError(
            "This image has no pyarrow to write Parquet with: name one that has it with the parameter image,"
            " or an output that ends in .csv or .jsonl."
        ) from None
    made = dict(zip(header, map(list, zip(*found, strict=True)), strict=True))
    parquet.write_table(pyarrow.table(made), part)
    return len(made["row"])


def main(environ: Mapping[str, str] = os.environ) -> None:
    claim, parts = Path(environ["CLAIM"]), Path(environ["PARTS"])
    out, shards = claim / environ["OUT"], json.loads(environ["SHARDS"])
    named = out.with_name(f"{out.stem}.failed.csv")
    try:
        header = columns(parts, shards)
        count = write(out, ["row", *header], rows(parts, shards, len(header)))
        lost = list(failures(parts, shards))
    except ModelError as error:
        sys.exit(str(error))
    if lost:
        write(named, ["row", "line", "reason"], iter(lost))
    shutil.rmtree(parts)
    outputs = Path(environ["OUTPUTS"])
    outputs.mkdir(parents=True, exist_ok=True)
    for name, value in (("rows", count), ("failed", len(lost)), ("file", environ["OUT"])):
        (outputs / name).write_text(str(value))
    print(f"{environ['OUT']}: {count} rows")
    for number, line, reason in lost[:10]:
        print(f"row {number} (line {line}): {reason}")
    if lost:
        told = f"{len(lost)} of {count} rows failed: {named.relative_to(claim)} says which and why."
        print(told) if len(lost) <= int(environ["MOST_FAILED"]) else sys.exit(told)


if __name__ == "__main__":
    main()
