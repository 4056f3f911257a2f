"""A file of lemmas and texts in, a vectorizer or sparse rows out: `python -m models.comments.tfidf`."""

import time
from pathlib import Path

import click

from models.comments import cli, rows
from models.comments.tfidf import vectors


@cli.command
@cli.ACTION
@cli.path("in", "Comments, JSON Lines with `text` and `lemmas` each; `part: test` is not learned from.")
@cli.path("out", "Sparse rows for predict: `columns` and `values`.", required=False)
@cli.path("model", "The vectorizer, as JSON.")
@click.option("--max-features", type=click.IntRange(1), default=30_000, help="Terms kept, the most frequent.")
@click.option("--ngram-range", default="1,2", metavar="LOW,HIGH", help="Words in a term.")
def main(
    action: str, in_path: Path, out_path: Path | None, model_path: Path, max_features: int, ngram_range: str
) -> None:
    """Learn which words are rare, or weigh the words of comments by that."""
    started = time.perf_counter()
    if action == "train":
        learned = [row for row in rows.read(in_path, "text", "lemmas") if row.get("part") != "test"]
        model = vectors.fit(
            [row["lemmas"] for row in learned],
            [row["text"] for row in learned],
            ngrams=vectors.ngrams(ngram_range),
            max_features=max_features,
        )
        rows.write_text(model_path, model.text)
        cli.done(
            f"tfidf: {len(model.terms)} terms learned",
            len(learned),
            model_path,
            time.perf_counter() - started,
        )
        return
    if out_path is None:
        raise click.UsageError("--action=predict needs --out-path.")
    model = vectors.load(model_path)
    count = rows.write(out_path, (_vector(model, row) for row in rows.read(in_path, "text", "lemmas")))
    cli.done("tfidf", count, out_path, time.perf_counter() - started)


def _vector(model: vectors.Vectorizer, row: rows.Row) -> rows.Row:
    columns, values = model.row(row["lemmas"], row["text"])
    kept = {name: row[name] for name in row if name not in ("text", "lemmas")}
    return {**kept, "columns": columns, "values": values}


if __name__ == "__main__":
    main()
