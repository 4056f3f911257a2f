"""A version of the model store in, a class that answers requests out: what every predict.py shares.

The class is plain: Seldon's wrapper, a training, a test or a notebook calls it the same way. What a client
did wrong is a BadInput, which the wrapper answers with HTTP 400; whatever is our own fault stays a 500.
"""

import os
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from models.contract import version
from models.runtimes import drift
from models.runtimes.bad_input import BadInput
from models.runtimes.gauges import Gauged, tested


class Served(Gauged):
    """A class that loads the files of a version. Environment: MODEL_DIR, the version's folder."""

    expected = "a request"  # in words, for messages
    form = '{"data": {"ndarray": [...]}}'  # of a request

    def __init__(self, folder: str | None = None) -> None:
        self.folder = folder
        self._version: version.Version | None = None
        self._watch: drift.Watch | None = None

    def load(self) -> None:
        """Read the version. Every failure is a RuntimeError: of others, Seldon's wrapper hides some."""
        try:
            given = self.folder or os.environ.get("MODEL_DIR")
            if not given:
                raise ValueError("MODEL_DIR is not set; it names the version's folder in the model store")
            folder = Path(given)
            found = version.load(folder)
            self.open(folder, found)
            self._watch = drift.watch(folder)
            self._store = folder.resolve().parent.parent
            self._version = found
        except Exception as error:
            raise RuntimeError(f"The model cannot be loaded: {error}") from error

    def open(self, folder: Path, found: version.Version) -> None:
        """Read the version's files, which are whole; anything raised here becomes load's RuntimeError."""
        raise NotImplementedError

    def tags(self) -> dict[str, str]:
        """Which version answered: `model`, `version`, `dataset` it was trained on, `digest` of its files."""
        if self._version is None:
            return {}
        found = self._version
        own = {"version": found.version, "digest": f"sha256:{found.digest}"}
        node = os.environ.get("PREDICTIVE_UNIT_ID")
        if node and os.environ.get("MODEL_NODE_TAGS") == "true":
            # In a chain the last node's tags replace those of the others, so each has some of its own.
            own |= {f"{node}.{name}": value for name, value in own.items()}
        return {"model": found.unit, "dataset": found.data.description, **own}

    def gauges(self) -> list[dict[str, Any]]:
        """How far what is asked has drifted, and what the deployment's last A/B test came to."""
        if self._version is None:
            return []
        return [*(self._watch.gauges() if self._watch else []), *tested(self._store)]

    @cached_property
    def model_error_handler(self) -> Any:
        """The hook by which Seldon's wrapper lets a class answer errors."""
        from models.runtimes import seldon

        return seldon.error_handler(lambda: self.form)


def kind_of(X: object) -> str:
    """What a request holds, in words."""
    kinds: dict[type, str] = {str: "text", bytes: "bytes", dict: "an object", list: "a list"}
    return kinds.get(type(X), type(X).__name__)


def threads() -> int:
    """MODEL_THREADS: processors for one prediction (1)."""
    given = os.environ.get("MODEL_THREADS") or "1"
    if not given.isdecimal() or int(given) < 1:
        raise ValueError(f"MODEL_THREADS is {given!r}; expected a whole number of at least 1")
    return int(given)


def numbers(X: Any, expected: str) -> np.ndarray:
    """The request as an array of numbers. Raises BadInput."""
    if not isinstance(X, np.ndarray | list):
        raise BadInput(f"The request holds {kind_of(X)}; {expected}")
    try:
        rows = np.asarray(X)
    except ValueError:
        raise BadInput(f"The rows are of different lengths; {expected}") from None
    if rows.size == 0:
        raise BadInput(f"The request holds no rows; {expected}")
    if rows.dtype.kind not in "fiu":
        raise BadInput(f"The rows hold something else than numbers ({rows.dtype.name}); {expected}")
    return rows
