"""A Parquet file in, a Table out, and columns of answers in, a Parquet file out: where there is pyarrow."""

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from argolane.errors import ArgolaneError, unknown
from argolane.serving.batch.rows import Faults, Table

_AT_ONCE = 4096


def needed(path: Path) -> None:
    """ArgolaneError with the cure where Parquet cannot be read or written."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError:
        raise ArgolaneError(
            f"{path}: Parquet needs pyarrow, which is not in argolane's environment. "
            "Install it there (.venv/bin/pip install pyarrow), or use CSV."
        ) from None


def parquet_table(path: Path, *, text: Sequence[str] = ()) -> Table:
    """Columns of numbers, booleans and text; a missing value is a fault."""
    needed(path)
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        opened = pq.ParquetFile(path)
    except OSError as error:
        raise ArgolaneError(f"{path}: {error.strerror or error}.") from None
    except pa.ArrowException as error:
        raise ArgolaneError(f"{path}: no Parquet file: {error}.") from None
    with opened:
        schema, count = opened.schema_arrow, opened.metadata.num_rows
    names = list(schema.names)
    for name in text:
        if name not in names:
            raise ArgolaneError(unknown("column", name, names, where=f"{path}: --text {name}: "))
    if twice := [name for name in names if names.count(name) > 1]:
        raise ArgolaneError(
            f"{path}: column {twice[0]!r} is there twice; expected a name of its own for each."
        )
    if not count or not names:
        raise ArgolaneError(f"{path}: it has no rows.")
    words = pa.types
    texts = [
        f.name for f in schema if words.is_string(f.type) or words.is_large_string(f.type) or f.name in text
    ]

    def read() -> Iterator[tuple[int, list[Any]]]:
        number = 0
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=_AT_ONCE):
                for row in batch.to_pylist():
                    number += 1
                    yield number, [str(v) if n in text and v is not None else v for n, v in row.items()]

    faults = Faults(path)
    for number, row in read():
        for name, value in zip(names, row, strict=True):
            if value is None or (isinstance(value, float) and not math.isfinite(value)):
                faults.add(f"row {number}, column {name!r}: {value!r}; expected a value.")
            elif not isinstance(value, int | float | str):
                faults.add(
                    f"row {number}, column {name!r}: of type {type(value).__name__}; "
                    "expected a number or text."
                )
    faults.check()
    return Table(path, names, count, digest, texts, read, unit="row")


def write(path: Path, columns: dict[str, list[Any]]) -> None:
    """What no one type of Parquet holds is written as JSON text."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    made = {}
    for name, values in columns.items():
        try:
            made[name] = pa.array(values)
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            made[name] = pa.array([None if v is None else json.dumps(v) for v in values])
    pq.write_table(pa.table(made), path)
