"""Texts in, probabilities out: all four steps of comment moderation in one process, for bench.comments.

Served by the same wrapper as the nodes of the chain; run as a program, it times the bare function.
"""

import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from models.comments import chain
from models.runtimes.text import texts


class Model:
    def load(self) -> None:
        self.chain = chain.load(Path(os.environ["MODEL_DIR"]))
        self.chain.answer("Ready?")

    def predict(self, rows: Any, names: Any = None, meta: Any = None) -> list[list[float]]:
        return self.chain.answers(texts(rows))


def main(text: str) -> None:
    """The median of a thousand answers, in milliseconds."""
    model, taken = Model(), []
    model.load()
    for _ in range(1000):
        started = time.perf_counter()
        model.chain.answer(text)
        taken.append(time.perf_counter() - started)
    print(f"{statistics.median(taken) * 1e3:.3f}")


if __name__ == "__main__":
    main(sys.argv[1])
