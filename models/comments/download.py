"""A data set's name or a URL in, comments and their labels out: `python -m models.comments.download`.

The first step. Each fifth comment, by a permutation, is marked as `part: test`: nothing is learned from it.
"""

import json
import time
from pathlib import Path

import click

from models.comments import cli, rows
from models.data import comments as data


@cli.command
@click.option("--dataset", type=click.Choice(["auto", "comments", "synthetic"]), default="auto",
              help="comments, or 200 made-up rows.")  # fmt: skip
@click.option("--csv-url", default="", help="Another CSV: http://, https:// or file://.")
@click.option("--csv-sha256", default="", help="What that file must have; empty takes whatever is there.")
@click.option(
    "--csv-encoding", type=click.Choice(data.ENCODINGS), default="auto", help="auto: UTF-8, else cp1252."
)
@click.option("--features-column", default="BODY", help="Column of the text.")
@click.option("--labels-column", default="REMOVED", help="Column of the label: 0 or 1.")
@click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), default=0, help="Of the split into train and test."
)
@cli.path("features", "The comments, JSON Lines.")
@cli.path("labels", "Their labels, JSON Lines.")
@cli.path("data", "Name, sha256 and numbers of rows, as JSON.", required=False)
@click.option(
    "--data-dir", type=cli.PATH, envvar="DATA_DIR", show_envvar=True, default="build/data", help="Cache."
)
def main(
    dataset: str,
    csv_url: str,
    csv_sha256: str,
    csv_encoding: str,
    features_column: str,
    labels_column: str,
    seed: int,
    features_path: Path,
    labels_path: Path,
    data_path: Path | None,
    data_dir: Path,
) -> None:
    """Fetch comments, check them, split them."""
    started = time.perf_counter()
    source = data.Source(csv_url, csv_sha256, csv_encoding, features_column, labels_column)
    found = data.load(dataset, cache=data_dir, seed=seed, source=source)
    part = ["test" if number in found.test else "train" for number in range(len(found.texts))]
    texts = ({"id": n, "part": part[n], "text": text} for n, text in enumerate(found.texts))
    count = rows.write(features_path, texts)
    rows.write(labels_path, ({"id": n, "label": label} for n, label in enumerate(found.labels)))
    if data_path is not None:
        told = {"name": found.name, "sha256": found.sha256, "seed": seed, "rows": found.rows}
        rows.write_text(data_path, json.dumps(told) + "\n")
    cli.done(
        f"download: {found.description}, sha256 {found.sha256[:12]}",
        count,
        features_path,
        time.perf_counter() - started,
    )


if __name__ == "__main__":
    main()
