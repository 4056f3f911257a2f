"""What the steps have learned in, a version in the model store out: `python -m models.comments.publish`.

The last step. Held-out comments go once more through the whole chain, as they were sent: the gate reads what
they score. Flags that are not its own are those of the trainer (`models.comments.train --help`).
"""

import json
from pathlib import Path

import click

from models.comments import cli, rows, saving
from models.contract.errors import ModelError
from models.contract.job import Job, run
from models.data.comments import Comments


@click.command(context_settings={"ignore_unknown_options": True})
@cli.path("features", "The comments as they were sent, JSON Lines.")
@cli.path("labels", "Their labels, JSON Lines.")
@cli.path("data", "What `download` says about them.")
@cli.path("tfidf", "The vectorizer.")
@cli.path("classify", "The classifier.")
@cli.path("seconds", "What the steps wrote about how long they took.", required=False, many=True)
@click.argument("trainer", nargs=-1, type=click.UNPROCESSED)
def main(
    features_path: Path,
    labels_path: Path,
    data_path: Path,
    tfidf_path: Path,
    classify_path: Path,
    seconds_path: tuple[Path, ...],
    trainer: tuple[str, ...],
) -> None:
    """Measure the chain on held-out comments and put it into the model store."""

    def publish(job: Job) -> None:
        from models.comments import chain
        from models.comments.classify import logistic
        from models.comments.tfidf import vectors

        data = _data(features_path, labels_path, data_path)
        if job.is_done(data):
            return
        learned = chain.fitting(vectors.load(tfidf_path), logistic.load(classify_path))
        saving.save(job, data, learned, seconds=sum(float(path.read_text()) for path in seconds_path))

    run(publish, list(trainer))


def _data(features: Path, labels: Path, told: Path) -> Comments:
    try:
        said = json.loads(told.read_text(encoding="utf-8"))
        name, digest, seed = str(said["name"]), str(said["sha256"]), int(said["seed"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{told}: not what download writes ({type(error).__name__}: {error}).") from None
    texts = tuple(row["text"] for row in rows.read(features, "text"))
    truth = tuple(row["label"] for row in rows.read(labels, "label"))
    if len(texts) != len(truth):
        raise ModelError(f"{features} has {len(texts)} rows and {labels} has {len(truth)}; expected as many.")
    return Comments(name, texts, truth, digest, seed)


if __name__ == "__main__":
    main()
