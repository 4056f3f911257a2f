"""True and predicted classes in, numbers and drawings of a trained model out.

Used by models/job.py at save time; everything here is the same for all models that tell classes apart.
"""

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

SAMPLES = 2000  # test rows that are kept beside the model, to verify its deployment with


def scores(truth: np.ndarray, probabilities: np.ndarray) -> dict[str, Any]:
    """`accuracy`, `per_class` (precision, recall, f1, rows) and `confusion_matrix` [truth][predicted]."""
    classes = probabilities.shape[1]
    predicted = probabilities.argmax(axis=1)
    matrix = np.bincount(truth * classes + predicted, minlength=classes * classes).reshape(classes, classes)
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
    return {
        "accuracy": float(right.sum() / len(truth)),
        "per_class": per_class,
        "confusion_matrix": matrix.tolist(),
    }


def write_samples(path: Path, rows: np.ndarray, labels: np.ndarray, *, dataset: str) -> None:
    """The first test rows as what a client sends, rounded to four decimals."""
    kept = np.round(rows[:SAMPLES].astype(np.float64), 4)
    content = {
        "names": [f"x{i}" for i in range(rows.shape[1])],
        "dataset": dataset,
        "rows": kept.tolist(),
        "labels": labels[:SAMPLES].tolist(),
    }
    packed = gzip.compress(json.dumps(content, separators=(",", ":")).encode(), compresslevel=4, mtime=0)
    path.write_bytes(packed)


def draw_curve(path: Path, curve: Sequence[Mapping[str, float]], *, title: str) -> None:
    """Loss and test accuracy by epoch."""
    from matplotlib.figure import Figure  # needs a second to import, and no display

    epochs = range(1, len(curve) + 1)
    figure = Figure(figsize=(7, 4), layout="constrained")
    left = figure.subplots()
    right = left.twinx()
    left.plot(epochs, [point["loss"] for point in curve], "o-", color="tab:blue")
    right.plot(epochs, [point["accuracy"] for point in curve], "s-", color="tab:orange")
    left.set(title=title, xlabel="epoch", xticks=[e for e in epochs if not (e - 1) % (1 + len(curve) // 20)])
    left.set_ylabel("training loss", color="tab:blue")
    right.set_ylabel("test accuracy", color="tab:orange")
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
