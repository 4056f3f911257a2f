"""A version of the model store in, a class that answers predictions out: what every predict.py shares.

The class is plain: Seldon's wrapper, a test or a notebook calls it the same way. What a client did wrong is a
BadInput, which the wrapper answers with HTTP 400; whatever is our own fault stays a 500.
"""

import hashlib
import json
import os
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime


class BadInput(ValueError):
    """The client's mistake: what was found, and what is expected."""


class OnnxClassifier:
    """Serves `model.onnx`, which takes rows [n, features] in 0..1 and gives `probabilities` [n, classes].

    Environment: MODEL_DIR, the version's folder; MODEL_THREADS, processors for one prediction (1).
    """

    features = 784
    classes = 10

    def __init__(self, folder: str | None = None) -> None:
        self.folder = folder
        self._session: onnxruntime.InferenceSession | None = None
        self._tags: dict[str, str] = {}

    def load(self) -> None:
        """Read the model. Every failure is a RuntimeError: of others, Seldon's wrapper hides some."""
        try:
            self._load()
        except Exception as error:
            raise RuntimeError(f"The model cannot be loaded: {error}") from error

    def _load(self) -> None:
        given = self.folder or os.environ.get("MODEL_DIR")
        if not given:
            raise ValueError("MODEL_DIR is not set; it names the version's folder in the model store")
        folder = Path(given)
        content = (folder / "model.onnx").read_bytes()
        metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
        digest = hashlib.sha256(content).hexdigest()
        if digest != metrics["model_sha256"]:
            raise ValueError(f"{folder / 'model.onnx'} is cut or not the model that metrics.json is about")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = _threads()
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        (rows,) = session.get_inputs()
        if rows.shape[1:] != [self.features]:
            raise ValueError(f"it takes rows of {rows.shape[1:]} numbers; expected {self.features}")
        self._tags = {key: metrics[key] for key in ("model", "version", "dataset")}
        self._tags["digest"] = f"sha256:{digest}"
        self._input = rows.name
        self._session = session
        # The first run is the slow one; here, it also proves that the model answers what is expected of it.
        answer = self.predict(np.zeros((1, self.features)))
        if answer.shape != (1, self.classes):
            raise ValueError(f"it answers {answer.shape}; expected {(1, self.classes)}")

    def predict(self, X: Any, names: Any = None, meta: Any = None) -> np.ndarray:
        """Class probabilities [n, classes] for rows [n, features] in 0..1. Raises BadInput."""
        rows = self._checked(X)
        if self._session is None:
            raise RuntimeError("load() first: there is no model yet.")
        try:
            (answer,) = self._session.run(["probabilities"], {self._input: rows})
        except Exception as error:  # some kinds below would be taken for the client's fault
            raise RuntimeError(f"The model failed: {error}") from error
        return answer

    def class_names(self) -> list[str]:
        return [f"class:{number}" for number in range(self.classes)]

    def tags(self) -> dict[str, str]:
        """Which model answered: `model`, `version`, `dataset` it was trained on, `digest` of its file."""
        return self._tags

    def _checked(self, X: Any) -> np.ndarray:
        expected = f"expected rows of {self.features} numbers in 0..1: shape [n, {self.features}]."
        if not isinstance(X, np.ndarray | list):
            raise BadInput(f"The request holds {_kind(X)}; {expected}")
        try:
            rows = np.asarray(X)
        except ValueError:
            raise BadInput(f"The rows are of different lengths; {expected}") from None
        if rows.size == 0:
            raise BadInput(f"The request holds no rows; {expected}")
        if rows.dtype.kind not in "fiu":
            raise BadInput(f"The rows hold something else than numbers ({rows.dtype.name}); {expected}")
        if rows.ndim != 2 or rows.shape[1] != self.features:
            raise BadInput(f"The shape is {list(rows.shape)}; {expected}")
        low, high = rows.min(), rows.max()  # NaN, if there is one
        if not (low >= 0 and high <= 1):
            found = "NaN" if np.isnan(low) else f"{low:g} to {high:g}"
            hint = " Divide pixels of 0..255 by 255." if 1 < high <= 255 and low >= 0 else ""
            raise BadInput(f"The values are {found}; {expected}{hint}")
        return rows.astype(np.float32, copy=False)

    @cached_property
    def model_error_handler(self) -> Any:
        """The hook by which Seldon's wrapper lets a model answer errors: a Flask blueprint.

        The wrapper itself would answer each of them with a 500. ValueError and its like can only come from
        the wrapper's reading of the request, because `predict` lets none of them out but BadInput.
        """
        from flask import Blueprint, Response, jsonify
        from werkzeug.exceptions import HTTPException

        _spare_metrics()
        blueprint = Blueprint("bad_input", __name__)

        def answer(text: str, code: int) -> Response:
            status = {"status": 1, "info": text, "code": -1, "reason": "MICROSERVICE_BAD_DATA"}
            response = jsonify({"status": status})
            response.status_code = code
            return response

        @blueprint.app_errorhandler(BadInput)
        def bad_input(error: BadInput) -> Response:
            return answer(str(error), 400)

        @blueprint.app_errorhandler(HTTPException)
        def wrong_call(error: HTTPException) -> Response:
            return answer(str(error), error.code or 500)

        @blueprint.app_errorhandler(ValueError)
        @blueprint.app_errorhandler(TypeError)
        @blueprint.app_errorhandler(LookupError)
        @blueprint.app_errorhandler(AttributeError)
        @blueprint.app_errorhandler(NameError)
        def unreadable(error: Exception) -> Response:
            form = f'{{"data": {{"ndarray": [[{self.features} numbers in 0..1], ...]}}}}'
            return answer(
                f"The request cannot be read ({type(error).__name__}: {error}); expected {form}.", 400
            )

        return blueprint


def _spare_metrics() -> None:
    """Spare requests what is most of their time: the wrapper's turns with the process that keeps its metrics.

    It takes six of them for each request, to add nothing to nothing where a model has no metrics of its own.
    """
    from seldon_core.metrics import SeldonMetrics

    add = SeldonMetrics.update

    def update(self: SeldonMetrics, custom_metrics: list[dict[str, Any]], method: str) -> None:
        if custom_metrics:
            add(self, custom_metrics, method)

    SeldonMetrics.update = update


def _threads() -> int:
    given = os.environ.get("MODEL_THREADS") or "1"
    if not given.isdecimal() or int(given) < 1:
        raise ValueError(f"MODEL_THREADS is {given!r}; expected a whole number of at least 1")
    return int(given)


def _kind(X: object) -> str:
    kinds: dict[type, str] = {str: "text", bytes: "bytes", dict: "an object"}
    return kinds.get(type(X), type(X).__name__)
