"""User classes that the wrapper served while its answers were recorded, one for each kind of thing it asks for.

None of them brings anything of the wrapper along: where it is needed, the server has to have it.
"""

import numpy as np

from models.runtimes import seldon
from models.runtimes.served import BadInput


class Plain:
    """No base class, names, meta: what comes in goes out."""

    def predict(self, X, names):
        return X


class Full:
    """Everything a class may have, and answers that depend on nothing but the request."""

    def __init__(self, factor=2):
        self.factor = factor
        self.loaded = False

    def load(self):
        self.loaded = True

    def predict(self, X, names, meta=None):
        if not self.loaded:
            raise RuntimeError("not loaded")
        self.seen = {"names": list(names), "meta": meta, "kind": type(X).__name__}
        if isinstance(X, np.ndarray) and np.issubdtype(X.dtype, np.number):
            return X * self.factor
        return X

    def class_names(self):
        return ["left", "right"]

    def tags(self):
        return {"version": "1.0", "seen": str(getattr(self, "seen", None)), "factor": self.factor}

    def metrics(self):
        return [
            {"type": "COUNTER", "key": "asked_total", "value": 1},
            {"type": "GAUGE", "key": "level", "value": 0.5, "tags": {"place": "here"}},
            {"type": "TIMER", "key": "took", "value": 20.2},
        ]

    def transform_input(self, X, names, meta=None):
        return X + 1

    def transform_output(self, X, names, meta=None):
        return np.asarray(X) - 1

    def health_status(self):
        return ["well", "loaded"] if self.loaded else "ill"

    def init_metadata(self):
        return {
            "name": "full",
            "versions": ["1.0"],
            "platform": "numpy",
            "inputs": [{"messagetype": "tensor", "schema": {"names": ["a", "b"], "shape": [2]}}],
            "outputs": [{"messagetype": "tensor", "schema": {"shape": [2]}}],
            "custom": {"owner": "us"},
        }

    def send_feedback(self, X, names, reward, truth, routing=None):
        return np.array([[reward, -1 if routing is None else routing, float(np.size(truth))]])


class Answers:
    """Answers whatever the request's strData names."""

    class_names = ["a", "b"]  # the deprecated attribute

    def predict(self, X, names, meta=None):
        from seldon_core.user_model import SeldonResponse

        found = {
            "str": "text é",
            "bytes": b"\x00\x01\xff",
            "bytearray": bytearray(b"abc"),
            "dict": {"b": 1, "a": [1.5, None, True], "ü": "é"},
            "empty dict": {},
            "list": [[1, 2], [3, 4]],
            "ragged": [[1, 2], [3]],
            "text list": ["a", "b"],
            "text array": np.array([["a", "b"], ["c", "d"]]),
            "object array": np.array([["a", 1], [None, 2.5]], dtype=object),
            "bools": np.array([[True, False]]),
            "float32": np.array([[0.1, 0.2]], np.float32),
            "float64": np.array([[0.1, 1e-17, 1e16, 1e22, 123456789.123]]),
            "int": np.array([[1, 2**62]]),
            "uint8": np.array([[1, 255]], np.uint8),
            "vector": np.array([1.0, 2.0]),
            "scalar": np.array(1.5),
            "cube": np.ones((1, 2, 2)),
            "nothing": np.array([]),
            "no rows": np.zeros((0, 2)),
            "nan": np.array([[np.nan, np.inf, -np.inf, 1.0]]),
            "nan in dict": {"x": float("nan")},
            "complex": np.array([[1 + 2j]]),
            "dates": np.array(["2020-01-01"], dtype="datetime64[D]"),
            "none": None,
            "number": 3,
            "tuple": (1, 2),
            "generator": (x for x in [1]),
            "numpy in list": [np.float32(1.5)],
            "numpy in dict": {"x": np.float64(1.5)},
            "array in dict": {"x": np.array([1.0])},
            "set in dict": {"x": {1}},
            "big int": {"x": 2**70},
            "int keys": {1: "a", 2: "b"},
            "mixed keys": {1: "a", "b": 2},
            "surrogate": "\ud800",
            "response": SeldonResponse(np.array([[1.0]]), tags={"t": 1}, metrics=[counter("r", 2)]),
            "bad metric": SeldonResponse([1], metrics=[{"key": "x"}]),
            "response str": SeldonResponse("s", tags={"nan": float("nan")}),
        }
        raised = {
            "value": ValueError("a value"),
            "type": TypeError("a type"),
            "key": KeyError("a key"),
            "attribute": AttributeError("an attribute"),
            "runtime": RuntimeError("a fault: é"),
            "bad": BadInput("bad input"),
            "os": OSError(2, "gone"),
            "empty": RuntimeError(),
            "not implemented": NotImplementedError("not here"),
        }
        if isinstance(X, str) and X.startswith("raise "):
            raise raised[X.removeprefix("raise ")]
        return found[X] if isinstance(X, str) else X


class Ours(Answers):
    """With the error handler of our own classes."""

    model_error_handler = property(lambda self: seldon.error_handler(lambda: "a test's request"))


class Nameless:
    """Says that its columns have no names, and that there are no tags."""

    def predict(self, X, names, meta=None):
        return X

    def class_names(self):
        return None

    def tags(self):
        return None


class Router:
    def route(self, X, names, meta=None):
        return int(X[0][0]) if X[0][0] < 5 else "five"

    def send_feedback(self, X, names, reward, truth, routing=None):
        self.last = [reward, routing]

    def tags(self):
        return {"last": str(getattr(self, "last", None))}


class Combiner:
    def aggregate(self, Xs, names):
        return np.mean([np.asarray(X, float) for X in Xs], axis=0)

    def metrics(self):
        return [counter("combined", len("abc"))]


class BadMetadata:
    def init_metadata(self):
        return {"name": 5, "unknown": True}

    def metrics(self):
        return [{"type": "COUNTER", "key": "x", "value": "not a number"}]


def counter(key, value):
    return {"type": "COUNTER", "key": key, "value": value}
