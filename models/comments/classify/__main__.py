"""A file of sparse rows in, a classifier or probabilities out: `python -m models.comments.classify`."""

import time
from pathlib import Path

import click

from models.comments import cli, rows
from models.comments.classify import logistic
from models.contract.errors import ModelError


@cli.command
@cli.ACTION
@cli.path("in", "Sparse rows, JSON Lines with `columns` and `values` each; `part: test` is not learned from.")
@cli.path("labels", "For train: JSON Lines with a `label` each, 1 for a removed comment.", required=False)
@cli.path("out", "For predict: probabilities, `removed`, and the `class` by the threshold.", required=False)
@cli.path("model", "The classifier, as JSON.")
@click.option(
    "--c-param", type=click.FloatRange(0, min_open=True), default=2.0, help="Inverse strength of the penalty."
)
@click.option(
    "--seed", type=click.IntRange(0), default=0, help="Of the folds that the threshold is found with."
)
def main(
    action: str,
    in_path: Path,
    labels_path: Path | None,
    out_path: Path | None,
    model_path: Path,
    c_param: float,
    seed: int,
) -> None:
    """Learn which comments are removed, or say how likely that is."""
    started = time.perf_counter()
    if action == "train":
        if labels_path is None:
            raise click.UsageError("--action=train needs --labels-path.")
        vectors, labels = _learned(in_path, labels_path)
        columns = max((max(row[0], default=0) for row in vectors), default=0) + 1
        model = logistic.fit(vectors, labels, columns=columns, c_param=c_param, seed=seed)
        rows.write_text(model_path, model.text)
        told = f"classify: threshold {model.threshold:.2f}, {columns} weights learned"
        cli.done(told, len(vectors), model_path, time.perf_counter() - started)
        return
    if out_path is None:
        raise click.UsageError("--action=predict needs --out-path.")
    model = logistic.load(model_path)
    given = rows.read(in_path, "columns", "values")
    count = rows.write(out_path, (_answer(model, row) for row in given))
    cli.done("classify", count, out_path, time.perf_counter() - started)


def _learned(in_path: Path, labels_path: Path) -> tuple[list[logistic.Sparse], list[int]]:
    vectors, labels = list(rows.read(in_path, "columns", "values")), list(rows.read(labels_path, "label"))
    if len(vectors) != len(labels):
        raise ModelError(
            f"{in_path} has {len(vectors)} rows and {labels_path} has {len(labels)}; expected as many."
        )
    pairs = [pair for pair in zip(vectors, labels, strict=True) if pair[0].get("part") != "test"]
    for row, label in pairs:
        if row.get("id") != label.get("id"):
            raise ModelError(f"Row {row.get('id')} of {in_path} meets the label of {label.get('id')}.")
    return [(row["columns"], row["values"]) for row, _ in pairs], [label["label"] for _, label in pairs]


def _answer(model: logistic.Classifier, row: rows.Row) -> rows.Row:
    # The last columns are those of the style, and every row has them.
    logistic.check_columns(model, max(row["columns"], default=0) + 1)
    removed = model.probability((row["columns"], row["values"]))
    kept = {name: row[name] for name in row if name not in ("columns", "values")}
    return {**kept, "removed": round(removed, 6), "class": logistic.CLASSES[removed > model.threshold]}


if __name__ == "__main__":
    main()
