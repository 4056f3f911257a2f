"""Probabilities and the truth in, drawings out: how well removed comments are told, and by which words."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from models.contract.drawings import empty, png

if TYPE_CHECKING:
    from models.comments.chain import Chain

STRONGEST = 20
_KEPT, _REMOVED = "tab:blue", "tab:red"


def strongest(learned: "Chain") -> list[dict[str, Any]]:
    """The terms with the largest weights, which speak for removal where above 0. Style is left out."""
    terms = learned.vectorizer.terms
    weights = learned.classifier.weights[: len(terms)]
    order = sorted(range(len(terms)), key=lambda column: (-abs(weights[column]), terms[column]))
    return [{"term": terms[column], "weight": round(weights[column], 3)} for column in order[:STRONGEST]]


def drawings(learned: "Chain", removed: Sequence[float], truth: Sequence[int]) -> dict[str, bytes]:
    """roc.png, precision_recall.png and words.png."""
    probabilities, true = np.asarray(removed), np.asarray(truth, bool)
    threshold = learned.classifier.threshold
    return {
        "roc.png": _roc(probabilities, true, threshold),
        "precision_recall.png": _precision_recall(probabilities, true, threshold),
        "words.png": _words(strongest(learned)),
    }


def _roc(removed: np.ndarray, true: np.ndarray, threshold: float) -> bytes:
    found, wrongly = _rates(removed, true)
    figure, axes = empty("ROC of held-out comments", "kept comments called removed", "removed comments found")
    axes.plot([0, 1], [0, 1], color="tab:gray", linewidth=1)
    axes.plot(wrongly, found, color=_REMOVED)
    said = removed > threshold
    here = (said & ~true).sum() / max((~true).sum(), 1), (said & true).sum() / max(true.sum(), 1)
    axes.plot(*here, "ko", label=f"threshold {threshold:g}")
    axes.legend(loc="lower right")
    return png(figure)


def _precision_recall(removed: np.ndarray, true: np.ndarray, threshold: float) -> bytes:
    order = np.argsort(-removed, kind="stable")
    hits = np.cumsum(true[order])
    figure, axes = empty("Precision and recall of held-out comments", "recall", "precision")
    axes.plot(hits / max(true.sum(), 1), hits / np.arange(1, len(true) + 1), color=_REMOVED)
    axes.axhline(true.mean(), color="tab:gray", linewidth=1)
    said = removed > threshold
    here = (said & true).sum() / max(true.sum(), 1), (said & true).sum() / max(said.sum(), 1)
    axes.plot(*here, "ko", label=f"threshold {threshold:g}")
    axes.legend(loc="upper right")
    return png(figure)


def _words(words: Sequence[dict[str, Any]]) -> bytes:
    figure, axes = empty("The twenty strongest words", "weight: to the right speaks for removal", "")
    weights = [word["weight"] for word in words][::-1]
    axes.barh(range(len(words)), weights, color=[_REMOVED if weight > 0 else _KEPT for weight in weights])
    # A `$` would begin a formula.
    axes.set_yticks(range(len(words)), [word["term"].replace("$", r"\$") for word in words][::-1])
    return png(figure)


def _rates(removed: np.ndarray, true: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shares of removed and of kept comments above each possible threshold, from none to all."""
    order = np.argsort(-removed, kind="stable")
    hits, misses = np.cumsum(true[order]), np.cumsum(~true[order])
    ends = np.r_[np.flatnonzero(np.diff(removed[order])), len(true) - 1]  # equals fall together
    return (
        np.r_[0, hits[ends] / max(hits[-1], 1)],
        np.r_[0, misses[ends] / max(misses[-1], 1)],
    )
