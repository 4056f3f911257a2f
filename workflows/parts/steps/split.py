"""A CSV or Parquet file in, its rows in shards out, each a file of JSON lines that one task asks for.

Line 1 of a shard is {"names", "first", "unit"}; each other one [line, values] of a row. A cell of a CSV that
reads as a number is sent as one, but in the columns of TEXT. Environment: CLAIM, a folder; FILE, below it;
OUT, below it, which must not be there yet; PARTS, the folder for the shards; SHARDS, how many; TEXT, names of
columns with commas between; OUTPUTS.
"""

import csv
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from models.contract.errors import ModelError
from models.contract.rules import fits

LARGEST_CELL = 1 << 26


def table(path: Path, text: Sequence[str]) -> tuple[list[str], str, Iterator[tuple[int, list[Any]]]]:
    """The columns' names, what a place is called, and the rows, each with its own. Raises ModelError."""
    try:
        with path.open("rb") as file:
            parquet = file.read(4) == b"PAR1"
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror or error}.") from None
    names, rows = of_parquet(path) if parquet else of_csv(path, text)
    for name in text:
        if name not in names:
            raise ModelError(f"text: {path.name} has no column {name!r}; it has {', '.join(names)}.")
    return names, "row" if parquet else "line", rows


def of_csv(path: Path, text: Sequence[str]) -> tuple[list[str], Iterator[tuple[int, list[Any]]]]:
    csv.field_size_limit(LARGEST_CELL)
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            header = file.readline()
        except UnicodeDecodeError:
            raise ModelError(f"{path.name}: neither Parquet nor UTF-8 text.") from None
    separator = next((one for one in ",;\t" if one in header), ",")
    names = [name.strip() for name in next(csv.reader([header], delimiter=separator), [])]
    if not all(names) or len(set(names)) != len(names) or all(number(name) is not None for name in names):
        raise ModelError(
            f"{path.name}: line 1 is {header.strip()[:100]!r}; expected the names of the columns, each once."
        )

    def rows() -> Iterator[tuple[int, list[Any]]]:
        with path.open(encoding="utf-8-sig", newline="") as file:
            file.readline()
            reader, line = csv.reader(file, delimiter=separator, strict=True), 2
            for row in reader:
                if row:
                    yield line, [cell if name in text else value(cell) for name, cell in pair(row, line)]
                line = reader.line_num + 2

    def pair(row: Sequence[str], line: int) -> Iterator[tuple[str, str]]:
        if len(row) != len(names):
            raise ModelError(f"{path.name}: line {line} has {len(row)} cells; the header has {len(names)}.")
        return zip(names, row, strict=True)

    return names, rows()


def value(cell: str) -> Any:
    found = number(cell)
    return cell if found is None else found


def number(cell: str) -> int | float | None:
    cell = cell.strip()
    if not fits(cell, {"type": "float"}):
        return None
    return int(cell) if fits(cell, {"type": "int"}) else float(cell)


def of_parquet(path: Path) -> tuple[list[str], Iterator[tuple[int, list[Any]]]]:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError:
        raise ModelError(
            f"{path.name} is Parquet, and this image has no pyarrow: name one that has it with the parameter"
            " image, such as that of a trainer."
        ) from None
    try:
        names = parquet.ParquetFile(path).schema_arrow.names
    except ArrowException as error:
        raise ModelError(f"{path.name}: no Parquet file: {error}.") from None

    def rows() -> Iterator[tuple[int, list[Any]]]:
        count = 0
        with parquet.ParquetFile(path) as file:
            for some in file.iter_batches(batch_size=4096):
                for row in some.to_pylist():
                    count += 1
                    yield count, list(row.values())

    return names, rows()


def split(path: Path, parts: Path, *, shards: int, text: Sequence[str] = ()) -> list[int]:
    """Rows in each shard that there is: of about the same size, and none is empty. Raises ModelError."""
    try:
        return written(path, parts, shards, text)
    except csv.Error as error:
        raise ModelError(f"{path.name}: {error}.") from None
    except UnicodeDecodeError:
        raise ModelError(f"{path.name}: not UTF-8 text to its end.") from None
    except TypeError as error:
        raise ModelError(f"{path.name}: {error}; expected numbers and text.") from None


def written(path: Path, parts: Path, shards: int, text: Sequence[str]) -> list[int]:
    count = sum(1 for _ in table(path, text)[2])
    if not count:
        raise ModelError(f"{path.name}: it has no rows.")
    names, unit, rows = table(path, text)
    parts.mkdir(parents=True, exist_ok=True)
    least, more = divmod(count, shards)
    sizes = [least + (number < more) for number in range(min(shards, count))]
    first = 0
    for number, size in enumerate(sizes):
        with (parts / f"{number}.rows").open("w", encoding="utf-8") as file:
            print(json.dumps({"names": names, "first": first, "unit": unit}), file=file)
            for _ in range(size):
                print(json.dumps(next(rows)), file=file)
        first += size
    return sizes


def main(environ: Mapping[str, str] = os.environ) -> None:
    claim, parts = Path(environ["CLAIM"]), Path(environ["PARTS"])
    out, text = claim / environ["OUT"], [name for name in environ["TEXT"].split(",") if name]
    try:
        if not environ["FILE"]:
            raise ModelError("Which rows? Name a file on the claim with file, or one on the web with url.")
        if out.exists():
            raise ModelError(f"{environ['OUT']} is on the claim already. Name another with output.")
        sizes = split(claim / environ["FILE"], parts, shards=int(environ["SHARDS"]), text=text)
    except ModelError as error:
        sys.exit(str(error))
    print(f"{sum(sizes)} rows in {len(sizes)} shards")
    outputs = Path(environ["OUTPUTS"])
    outputs.mkdir(parents=True, exist_ok=True)
    (outputs / "shards").write_text(json.dumps([str(number) for number in range(len(sizes))]))


if __name__ == "__main__":
    main()
