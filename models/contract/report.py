"""True and served answers in, what is shown of a trained version out: numbers by class, and drawings.

Used by job.py at save time; which of them there are depends on the kind of the metric's answers alone.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from models.contract.metric import guess


def details(kind: str | None, answers: Sequence[Any], truth: Sequence[Any]) -> dict[str, Any]:
    """Of classes: `per_class` (precision, recall, f1, rows) and `confusion_matrix` [truth][predicted]."""
    if kind != "classes":
        return {}
    predicted, true = np.array([guess(answer) for answer in answers]), np.asarray(truth, int)
    classes = 1 + int(max(predicted.max(), true.max(), *(len(a) - 1 for a in answers if isinstance(a, list))))
    matrix = np.bincount(true * classes + predicted, minlength=classes * classes).reshape(classes, classes)
    right, rows, said = np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
    per_class = {}
    for k in range(classes):
        precision = right[k] / said[k] if said[k] else 0.0
        recall = right[k] / rows[k] if rows[k] else 0.0
        f1 = 2 * precision * recall / (precision + recall) if right[k] else 0.0
        per_class[f"class:{k}"] = {
            "precision": round(float(precision), 4),
            "recall": round(float(recall), 4),
            "f1": round(float(f1), 4),
            "rows": int(rows[k]),
        }
    return {"per_class": per_class, "confusion_matrix": matrix.tolist()}


def draw(
    folder: Path,
    *,
    title: str,
    kind: str | None,
    curve: Sequence[Mapping[str, float]],
    answers: Sequence[Any],
    truth: Sequence[Any],
    told: Mapping[str, Any],
) -> None:
    """The drawings of a version: training_curve.png, and confusion_matrix.png or predicted.png by kind."""
    if curve:
        draw_curve(folder / "training_curve.png", curve, title=title)
    if kind == "classes":
        draw_confusion(folder / "confusion_matrix.png", told["confusion_matrix"], title=title)
    if kind == "numbers":
        draw_predicted(folder / "predicted.png", answers, truth, title=title)


def draw_curve(path: Path, curve: Sequence[Mapping[str, float]], *, title: str) -> None:
    """The numbers of each epoch, one above the other: `loss`, then `accuracy` or what there is."""
    from matplotlib.figure import Figure  # needs a second to import, and no display

    epochs = range(1, len(curve) + 1)
    figure = Figure(figsize=(6, 1 + 2.2 * len(curve[0])), layout="constrained")
    several = figure.subplots(len(curve[0]), sharex=True, squeeze=False)[:, 0]
    for name, axes in zip(curve[0], several, strict=True):
        axes.plot(epochs, [point[name] for point in curve], "o-", color="tab:blue")
        axes.set_ylabel(name)
    several[0].set(title=title)
    several[-1].set(xlabel="epoch", xticks=[e for e in epochs if not (e - 1) % (1 + len(curve) // 20)])
    figure.savefig(path, dpi=100)


def draw_predicted(path: Path, answers: Sequence[Any], truth: Sequence[Any], *, title: str) -> None:
    """A point for each test row: the truth to the right, what was predicted upwards."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 5.4), layout="constrained")
    axes = figure.subplots()
    true, predicted = np.ravel(truth), np.ravel(answers)
    ends = [min(true.min(), predicted.min()), max(true.max(), predicted.max())]
    axes.plot(ends, ends, color="tab:gray", linewidth=1)
    axes.plot(true, predicted, ".", color="tab:blue")
    axes.set(title=title, xlabel="truth", ylabel="predicted")
    figure.savefig(path, dpi=100)


def draw_confusion(path: Path, matrix: Sequence[Sequence[int]], *, title: str) -> None:
    """Rows are the truth, columns what was predicted; the colour is the share of the row."""
    from matplotlib.figure import Figure

    counts = np.asarray(matrix)
    classes = range(len(counts))
    figure = Figure(figsize=(6, 5.4), layout="constrained")
    axes = figure.subplots()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for i in classes:
        for j in classes:
            if counts[i, j]:
                colour = "white" if shares[i, j] > 0.5 else "black"
                axes.text(j, i, str(counts[i, j]), ha="center", va="center", color=colour, fontsize=8)
    axes.set(title=title, xlabel="predicted", ylabel="truth", xticks=list(classes), yticks=list(classes))
    figure.savefig(path, dpi=100)
