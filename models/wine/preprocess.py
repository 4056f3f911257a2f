"""A CSV with `;` between its columns in, checked rows as Parquet out: `python -m models.wine.preprocess`.

Columns get names in snake_case. A row that cannot be right ends the step, with its line and what was
expected.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from models.contract.errors import ModelError
from models.data import wine
from models.data.download import sha256


def preprocess(source: Path, out: Path) -> int:
    """How many wines there are. The file bears the CSV's sha256, and appears whole or not at all."""
    import pyarrow
    from pyarrow import parquet

    try:
        content = source.read_bytes()
    except OSError as error:
        raise ModelError(f"{source}: cannot be read: {error.strerror}. Has it been downloaded?") from None
    try:
        rows = wine.read(content)
    except ModelError as error:
        raise ModelError("\n".join(f"{source}: {line}" for line in str(error).splitlines())) from None
    columns = dict(zip(wine.RANGES, map(list, zip(*rows, strict=True)), strict=True))
    table = pyarrow.table(columns).replace_schema_metadata({"sha256": sha256(content)})
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as beside:
        part = Path(beside, out.name)
        parquet.write_table(table, part)
        part.replace(out)
    return len(rows)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m models.wine.preprocess", description=__doc__, allow_abbrev=False
    )
    for name, variable, text in (
        ("in", "CSV", "The file as it was downloaded"),
        ("out", "WINE_PARQUET", "Where the checked rows go"),
    ):
        default = os.environ.get(variable)
        parser.add_argument(
            f"--{name}-path", type=Path, required=not default, default=default, metavar="FILE",
            help=f"{text} ({variable}).",
        )  # fmt: skip
    given = parser.parse_args(arguments)
    try:
        count = preprocess(given.in_path, given.out_path)
    except (ModelError, OSError) as error:
        sys.exit(str(error))
    print(f"preprocess: {count} wines -> {given.out_path}")


if __name__ == "__main__":
    main()
