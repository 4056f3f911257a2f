"""Rows of ten numbers in, their scores out: the code of app.py as a component of Seldon."""

from functools import cached_property
from typing import Any

import numpy as np

from models.runtimes.bad_input import BadInput
from models.runtimes.served import numbers
from models.score import linear


class MLScore:
    """Served by seldon-core-microservice. Loads nothing of the store: its numbers are in the image."""

    def load(self) -> None:
        self._model = linear.load()

    def predict(self, X: Any, names: Any = None, meta: Any = None) -> np.ndarray:
        """Scores [n, 1] for rows [n, 10], or for one row. Raises BadInput."""
        rows = numbers(X, self._model.expected)
        if rows.ndim not in (1, 2):
            raise BadInput(f"The request has {rows.ndim} dimensions; {self._model.expected}")
        try:
            return np.array([[self._model.score(row)] for row in np.atleast_2d(rows).tolist()])
        except linear.WrongX as error:
            raise BadInput(str(error)) from None

    def class_names(self) -> list[str]:
        return ["score"]

    def tags(self) -> dict[str, str]:
        return {"model": "score", "digest": f"sha256:{self._model.digest}"}

    @cached_property
    def model_error_handler(self) -> Any:
        """The hook by which Seldon's wrapper lets a class answer errors."""
        from models.runtimes import seldon

        return seldon.error_handler(lambda: '{"data": {"ndarray": [[...]]}}')


Model = MLScore  # the name by which the images of all units are started
