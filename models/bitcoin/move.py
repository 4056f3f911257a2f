"""A data set's name or a URL in, the raw CSV in the store or a bucket out: `python -m models.bitcoin.move`.

The first step. A file lies below its sha256, so that nothing which was moved is ever another file later.
"""

import argparse
from pathlib import Path

from models.bitcoin import cli, storage
from models.contract.errors import ModelError
from models.data import bitcoin
from models.data.download import sha256


def parser() -> argparse.ArgumentParser:
    made = cli.parser("move", "Fetch a CSV of prices, check it, put it where the next step finds it.")
    flag = made.add_argument
    flag(
        "--dataset",
        default="auto",
        choices=["auto", "bitcoin", "synthetic"],
        help="bitcoin, or 900 made-up days.",
    )
    flag("--csv-url", default="", help="Another CSV: http://, https:// or file://.")
    flag("--csv-sha256", default="", help="What that file must have; empty takes whatever is there.")
    flag("--to", required=True, help="A folder, or s3://BUCKET/PREFIX.")
    flag("--data-dir", type=Path, default=Path("build/data"), help="Cache of what was fetched.")
    return made


def main(given: argparse.Namespace, more: list[str]) -> dict[str, str]:
    cli.unknown(parser(), more)
    to = storage.folder(given.to)
    name, content = bitcoin.raw(
        given.dataset, cache=given.data_dir, url=given.csv_url, digest=given.csv_sha256
    )
    if not content.strip():
        raise ModelError(f"{given.csv_url or name} is empty; expected a CSV of prices.")
    digest = sha256(content)
    folder = f"{to}raw/{digest[:16]}/"
    if f"{name}.csv" in storage.names(folder) and sha256(storage.read(f"{folder}{name}.csv")) == digest:
        print("It is there already.")
    else:
        storage.write(f"{folder}{name}.csv", content)
    return {"url": f"{folder}{name}.csv", "sha256": digest}


if __name__ == "__main__":
    cli.run(parser(), main)
