"""Lemmas and texts in, sparse rows out: the third node of the chain.

Of 30,000 columns a comment has some hundred that are not 0: an array of them all would be 100 kB of zeros.
So a row goes on as its columns and their values, in `jsonData`.
"""

from pathlib import Path
from typing import Any

import numpy as np

from models.comments.tfidf import vectors
from models.contract.version import Version
from models.runtimes.bad_input import BadInput
from models.runtimes.served import Served, kind_of

EXPECTED = "expected rows of two texts, lemmas and the text they are of: shape [n, 2]."


class Model(Served):
    form = '{"data": {"names": ["lemmas", "text"], "ndarray": [["lemma lemma", "text"], ...]}}'

    def open(self, folder: Path, found: Version) -> None:
        self._vectorizer = vectors.load(folder / vectors.FILE)

    def transform_input(self, X: Any, names: Any = None, meta: Any = None) -> dict[str, Any]:
        """`columns` and `values` of each row, and how many columns there are. Raises BadInput."""
        rows = [self._vectorizer.row(words.split(" "), text) for words, text in _pairs(X)]
        size = len(self._vectorizer.columns)
        return {"size": size, "rows": [{"columns": c, "values": v} for c, v in rows]}


def _pairs(X: Any) -> list[tuple[str, str]]:
    if not isinstance(X, np.ndarray | list):
        raise BadInput(f"The request holds {kind_of(X)}; {EXPECTED}")
    rows = X.tolist() if isinstance(X, np.ndarray) else X
    if not isinstance(rows, list) or not rows:
        raise BadInput(f"The request holds no rows; {EXPECTED}")
    for row in rows:
        if not isinstance(row, list) or len(row) != 2 or not all(isinstance(text, str) for text in row):
            raise BadInput(f"A row is {row!r:.60}; {EXPECTED}")
    return rows
