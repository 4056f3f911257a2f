"""Text in, answers out: rows as people send them, and a version with a model.onnx that reads text.

`{"data": {"ndarray": ["a", "b"]}}`, `[["a"], ["b"]]` with or without `names`, and `{"strData": "a"}` are the
same to a class of this module.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from models.contract.version import Version
from models.runtimes.bad_input import BadInput
from models.runtimes.served import Served, kind_of

EXPECTED = 'expected text: {"data": {"ndarray": ["...", ...]}}, [["..."], ...], or {"strData": "..."}.'


class TextRows(Served):
    """Texts in; what a subclass answers to the list of them out."""

    expected = EXPECTED
    form = '{"data": {"ndarray": ["text", ...]}}'

    def predict(self, X: Any, names: Any = None, meta: Any = None) -> Any:
        """An answer for each text. Raises BadInput."""
        return self.answer(texts(X))

    def answer(self, rows: list[str]) -> Any:
        """An answer for each row of at least one."""
        raise NotImplementedError


class OnnxTextClassifier(TextRows):
    """Text in, probabilities [n, classes] out, by a graph whose one input is of strings [n, 1] or [n]."""

    file = "model.onnx"
    output: str | None = None
    labels: Sequence[str] | None = None

    def open(self, folder: Path, found: Version) -> None:
        # Here, for a unit that answers text in another way has no ONNX Runtime in its lock.
        from models.runtimes.onnx_rows import chosen_output, onnx_session

        session = onnx_session(folder / self.file)
        inputs = session.get_inputs()
        if len(inputs) != 1 or inputs[0].type != "tensor(string)":
            kinds = ", ".join(f"{one.name} {one.type}" for one in inputs)
            raise ValueError(f"{self.file} takes {kinds}; expected one input of strings")
        self._input: str = inputs[0].name
        self._column = len(inputs[0].shape) == 2
        self._output = chosen_output(session, self.output)
        self._session = session
        self.classes: int = self.answer(["a"]).shape[1]
        if self.labels is not None and len(self.labels) != self.classes:
            raise ValueError(f"it tells {self.classes} classes apart; labels names {len(self.labels)}")

    def answer(self, rows: list[str]) -> np.ndarray:
        if not hasattr(self, "_session"):
            raise RuntimeError("load() first: there is no model yet.")
        column = np.array(rows, dtype=object)
        try:
            (answer,) = self._session.run(
                [self._output], {self._input: column[:, None] if self._column else column}
            )
        except Exception as error:  # some kinds below would be taken for the client's fault
            raise RuntimeError(f"The model failed: {error}") from error
        return np.asarray(answer)

    def class_names(self) -> list[str]:
        return list(self.labels or (f"class:{number}" for number in range(self.classes)))


def texts(X: Any) -> list[str]:
    """The rows of a request as texts. Raises BadInput where they are something else."""
    if isinstance(X, str):
        return [X]
    if not isinstance(X, np.ndarray | list):
        raise BadInput(f"The request holds {kind_of(X)}; {EXPECTED}")
    rows = X.tolist() if isinstance(X, np.ndarray) else X
    if not rows:
        raise BadInput(f"The request holds no rows; {EXPECTED}")
    if isinstance(rows, str):  # an array of no dimension
        return [rows]
    found = []
    for row in rows:
        value = row[0] if isinstance(row, list | tuple) and len(row) == 1 else row
        if isinstance(value, list | tuple):
            raise BadInput(f"A row holds {len(value)} values; {EXPECTED}")
        if not isinstance(value, str):
            raise BadInput(f"A row holds {value!r:.40}, which is no text; {EXPECTED}")
        found.append(value)
    return found
