"""A chain that has learned in, a version in the model store out: measured on held-out comments, and drawn."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING

from models.contract.job import Job
from models.data.comments import Comments, Source

if TYPE_CHECKING:
    from models.comments.chain import Chain


def source(params: SimpleNamespace) -> Source:
    """What the params of model.yaml say about where the comments come from."""
    return Source(
        params.csv_url,
        params.csv_sha256,
        params.csv_encoding,
        params.features_column,
        params.labels_column,
    )


def save(job: Job, data: Comments, learned: "Chain", *, seconds: float) -> None:
    """seconds: from texts to what was learned."""
    from models.comments import report
    from models.comments.classify import logistic
    from models.comments.tfidf import vectors

    answers = learned.answers(data.x_test)
    removed, truth = [row[1] for row in answers], data.y_test
    threshold = learned.classifier.threshold
    job.save(
        {
            vectors.FILE: learned.vectorizer.text.encode(),
            logistic.FILE: learned.classifier.text.encode(),
        },
        data,
        answers,
        seconds=seconds,
        scores=at_threshold(removed, truth, threshold),
        details={"words": report.strongest(learned)},
        drawings=report.drawings(learned, removed, truth),
    )


def at_threshold(removed: Sequence[float], truth: Sequence[int], threshold: float) -> dict[str, float]:
    """How good the verdicts are that the stored threshold makes of the probabilities."""
    said = [probability > threshold for probability in removed]
    right = sum(one == bool(label) for one, label in zip(said, truth, strict=True))
    found = sum(one and bool(label) for one, label in zip(said, truth, strict=True))
    named = sum(said) + sum(map(bool, truth))
    return {
        "threshold": threshold,
        "accuracy_at_threshold": right / len(truth),
        "f1_at_threshold": 2 * found / named if named else 0.0,
        "accuracy_of_majority": max(sum(truth), len(truth) - sum(truth)) / len(truth),
    }
