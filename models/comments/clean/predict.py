"""Texts as people send them in, clean ones out: the chain's first node, which answers for a wrong request."""

from pathlib import Path
from typing import Any

import numpy as np

from models.comments.clean.text import clean
from models.contract.version import Version
from models.runtimes.served import Served
from models.runtimes.text import texts


class Model(Served):
    form = '{"data": {"ndarray": ["text", ...]}}'

    def open(self, folder: Path, found: Version) -> None:
        """Nothing is learned here."""

    def transform_input(self, X: Any, names: Any = None, meta: Any = None) -> np.ndarray:
        """[n] texts. Raises BadInput."""
        return np.array([clean(text) for text in texts(X)], dtype=object)
