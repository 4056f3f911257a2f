"""Clean texts in, their lemmas beside them out: the second node of the chain."""

from pathlib import Path
from typing import Any

import numpy as np

from models.comments.tokens.lemmas import lemmas
from models.contract.version import Version
from models.runtimes.served import Served
from models.runtimes.text import texts


class Model(Served):
    form = '{"data": {"ndarray": ["clean text", ...]}}'

    def open(self, folder: Path, found: Version) -> None:
        """The tables come from a package; the first text is the slow one."""
        list(lemmas(["Ready?"]))

    def transform_input(self, X: Any, names: Any = None, meta: Any = None) -> np.ndarray:
        """[n, 2]: the lemmas, joined by blanks, and the text. Raises BadInput."""
        given = texts(X)
        return np.array(
            [[" ".join(words), text] for words, text in zip(lemmas(given), given, strict=True)], object
        )

    def class_names(self) -> list[str]:
        return ["lemmas", "text"]
