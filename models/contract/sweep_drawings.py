"""The trials of a search in, two drawings out: how the best came about, and which params did well."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models.contract.study import Tried

MOST = 12  # values of a list that are named on an axis


def draw(folder: Path, trials: Sequence[Tried], *, by: str, better: str, title: str) -> None:
    """history.png and search.png; failed trials are not shown."""
    good = [one for one in trials if one.value is not None]
    _history(folder / "history.png", good, by, better, title)
    _parallel(folder / "search.png", good, by, better, title)


def _history(path: Path, good: Sequence[Tried], by: str, better: str, title: str) -> None:
    from matplotlib.figure import Figure  # needs a second to import, and no display

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    pick = max if better == "higher" else min
    values = [one.value or 0.0 for one in good]
    numbers = [one.number for one in good]
    best = [pick(values[: end + 1]) for end in range(len(values))]
    axes.plot(numbers, values, "o", color="#888888", label="trial")
    axes.step(numbers, best, where="post", color="#1f6feb", label="best so far")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set(xlabel="trial", ylabel=f"{by} ({better} is better)", title=title)
    axes.legend()
    figure.savefig(path, dpi=110)


def _parallel(path: Path, good: Sequence[Tried], by: str, better: str, title: str) -> None:
    """A line a trial, an axis a param, and the score last: the better, the darker."""
    from matplotlib.figure import Figure

    names = list(good[0].params)
    columns: list[list[Any]] = [[one.params[name] for one in good] for name in names]
    columns.append([one.value for one in good])
    figure = Figure(figsize=(max(5, 2 * len(columns)), 4), layout="constrained")
    axes = figure.subplots()
    heights = [_heights(column) for column in columns]
    order = sorted(range(len(good)), key=lambda k: good[k].value or 0.0, reverse=better == "lower")
    for rank, k in enumerate(order):
        shade = 0.15 + 0.85 * (rank + 1) / len(order)
        width = 2.5 if rank == len(order) - 1 else 1.2
        axes.plot([one[k] for one in heights], color="#1f6feb", alpha=shade, linewidth=width)
    for x, column in enumerate(columns):
        axes.axvline(x, color="#999999", linewidth=0.8)
        marks = dict(zip(column, heights[x], strict=True))
        if not all(isinstance(value, str | bool) for value in marks) or len(marks) > MOST:
            marks = {value: marks[value] for value in (min(marks), max(marks))}
        for value, height in marks.items():
            text = f"{value:.4g}" if isinstance(value, float) else str(value)
            axes.annotate(text, (x, height), xytext=(4, 2), textcoords="offset points", fontsize=8)
    axes.set_xticks(range(len(columns)), [*names, by])
    axes.set_yticks([])
    axes.set_title(title)
    figure.savefig(path, dpi=110)


def _heights(column: Sequence[Any]) -> list[float]:
    """0 to 1: numbers by their size, what is no number by its place among the values."""
    if any(isinstance(value, str | bool) for value in column):
        values = sorted(set(map(str, column)))
        return [values.index(str(value)) / max(1, len(values) - 1) for value in column]
    low, high = min(column), max(column)
    return [(value - low) / (high - low) if high > low else 0.5 for value in column]
