"""A version with a model.onnx in, answers to rows of numbers out: what an ONNX graph says of itself decides.

Width of the rows, names and shapes are read from the file; a unit's predict.py adds what a file cannot say.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from models.contract.version import Version
from models.runtimes.bad_input import BadInput
from models.runtimes.served import Served, numbers, threads


class OnnxRows(Served):
    """Rows [n, features] of numbers in, what one output of the graph gives for them out."""

    file = "model.onnx"
    output: str | None = None  # the output that answers; needed where the graph has more than one of numbers
    low: float | None = None  # bounds of every number in a row
    high: float | None = None
    hint = ""  # said to whoever sends numbers above them

    def open(self, folder: Path, found: Version) -> None:
        self.open_graph(folder)

    def open_graph(self, folder: Path) -> None:
        """Read `file`. Raises ValueError where it is not one that this class serves."""
        session = onnx_session(folder / self.file)
        inputs = session.get_inputs()
        if len(inputs) != 1 or len(inputs[0].shape) != 2 or not isinstance(inputs[0].shape[1], int):
            shapes = ", ".join(f"{one.name} {one.shape}" for one in inputs)
            raise ValueError(f"{self.file} takes {shapes}; expected one input [n, features]")
        self.begin(session, inputs[0].shape[1], inputs[0].name, chosen_output(session, self.output))

    def begin(self, session: Any, features: int, given: str, output: str) -> None:
        """Answer with what has a session's `run`: its output for rows of so many features."""
        self.features = features
        self._input, self._output, self._session = given, output, session
        bounds = f" in {self.low:g}..{self.high:g}" if self.low is not None and self.high is not None else ""
        self.expected = f"expected rows of {self.features} numbers{bounds}: shape [n, {self.features}]."
        self.form = f'{{"data": {{"ndarray": [[{self.features} numbers{bounds}], ...]}}}}'
        # The first run is the slow one; here, it also proves that the model answers what is expected of it.
        answer = self._run(np.full((1, self.features), self.low or 0.0, np.float32))
        self._learn(answer)

    def _learn(self, answer: np.ndarray) -> None:
        """Look at the answer to one row. Raises ValueError where it is not what this class serves."""

    def _answers(self, X: Any) -> np.ndarray:
        if not hasattr(self, "_session"):
            raise RuntimeError("load() first: there is no model yet.")
        rows = self._checked(X)
        if self._watch and len(self._watch.names) == self.features:
            self._watch.add(rows)
        return self._run(rows)

    def _run(self, rows: np.ndarray) -> np.ndarray:
        try:
            (answer,) = self._session.run([self._output], {self._input: rows})
        except Exception as error:  # some kinds below would be taken for the client's fault
            raise RuntimeError(f"The model failed: {error}") from error
        return np.asarray(answer)

    def _checked(self, X: Any) -> np.ndarray:
        rows = numbers(X, self.expected)
        if rows.ndim != 2 or rows.shape[1] != self.features:
            raise BadInput(f"The shape is {list(rows.shape)}; {self.expected}")
        low, high = rows.min(), rows.max()  # NaN, if there is one
        least = -np.inf if self.low is None else self.low
        most = np.inf if self.high is None else self.high
        if not (low >= least and high <= most and np.isfinite(low) and np.isfinite(high)):
            hint = f" {self.hint}" if self.hint and least <= low and most < high < np.inf else ""
            found = "NaN" if np.isnan(low) else f"{low:g} to {high:g}"
            raise BadInput(f"The values are {found}; {self.expected}{hint}")
        return rows.astype(np.float32, copy=False)


class OnnxClassifier(OnnxRows):
    """Rows of numbers in, probabilities [n, classes] out."""

    labels: Sequence[str] | None = None  # of the classes; default class:0, class:1 and so on

    def predict(self, X: Any, names: Any = None, meta: Any = None) -> np.ndarray:
        """Class probabilities [n, classes] for rows [n, features]. Raises BadInput."""
        return self._answers(X)

    def class_names(self) -> list[str]:
        return list(self.labels or (f"class:{number}" for number in range(self.classes)))

    def _learn(self, answer: np.ndarray) -> None:
        if answer.ndim != 2 or abs(float(answer.sum()) - 1) > 1e-3:
            raise ValueError(f"it answers {answer.tolist()} of shape {answer.shape}; expected probabilities")
        self.classes: int = answer.shape[1]
        if self.labels is not None and len(self.labels) != self.classes:
            raise ValueError(f"it tells {self.classes} classes apart; labels names {len(self.labels)}")


def onnx_session(file: Path) -> onnxruntime.InferenceSession:
    """A session on MODEL_THREADS processors that says nothing by itself."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads()
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(file.read_bytes(), options, providers=["CPUExecutionProvider"])


def chosen_output(session: onnxruntime.InferenceSession, name: str | None) -> str:
    """The output `name`, or the only one that gives floats. Raises ValueError that lists what there is."""
    outputs = session.get_outputs()
    found = [one.name for one in outputs if name == one.name or (name is None and "float" in one.type)]
    if len(found) != 1:
        there = ", ".join(f"{one.name} ({one.type})" for one in outputs)
        wanted = f"{name!r}" if name else "one of floats; say which as `output` in predict.py"
        raise ValueError(f"its outputs are {there}; expected {wanted}")
    chosen: str = found[0]
    return chosen
