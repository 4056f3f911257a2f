"""A title and the names of two axes in, empty axes out; a figure in, a PNG out.

For reports of units. matplotlib is looked for when something is drawn: who only serves has none.
"""

import io
from typing import Any


def empty(title: str, across: str, up: str) -> tuple[Any, Any]:
    """A figure and its only axes."""
    from matplotlib.figure import Figure  # needs a second to import, and no display

    figure = Figure(figsize=(6, 5.4), layout="constrained")
    axes = figure.subplots()
    axes.set(title=title, xlabel=across, ylabel=up)
    return figure, axes


def png(figure: Any) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=100)
    return buffer.getvalue()
