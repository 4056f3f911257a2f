"""Deterministic user classes for seldon-core-microservice, one per node role.

Plain classes: no Seldon import except in Failing(kind="custom").  A node's name comes from
PREDICTIVE_UNIT_ID, as under the operator.  If FEEDBACK_LOG is set, every send_feedback call
is appended to that file as one JSON line.
"""

import json
import os
import time

import numpy as np

NODE = os.environ.get("PREDICTIVE_UNIT_ID", "unnamed")


def _plain(value):
    """numpy/bytes -> something json can write."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, (bytes, bytearray)):
        return {"bytes": value.decode("latin-1")}
    return value


def _rows(X):
    return len(X) if isinstance(X, (list, np.ndarray)) and np.ndim(X) else 1


class _Feedback:
    def send_feedback(self, features, names, reward, truth, routing=None):
        path = os.environ.get("FEEDBACK_LOG")
        if path:
            line = {
                "node": NODE,
                "features": _plain(features),
                "names": list(names or []),
                "reward": reward,
                "truth": _plain(truth),
                "routing": routing,
            }
            with open(path, "a") as f:
                f.write(json.dumps(line) + "\n")


class Constant(_Feedback):
    """MODEL: answers `value` once per row, whatever comes in."""

    def __init__(self, value=1.0):
        self.value = float(value)

    def predict(self, X, names, meta=None):
        return np.full((_rows(X), 1), self.value)


class Loud(Constant):
    """Constant with tags, three metrics and class names."""

    def __init__(self, value=1.0):
        super().__init__(value)
        self.class_names = ["class_of_" + NODE]

    def tags(self):
        return {"node": NODE, "seen_" + NODE: True}

    def metrics(self):
        return [
            {"type": "COUNTER", "key": NODE + "_calls", "value": 1},
            {"type": "GAUGE", "key": NODE + "_gauge", "value": self.value},
            {"type": "TIMER", "key": NODE + "_ms", "value": 12.5, "tags": {"unit": "ms"}},
        ]


class Scale(_Feedback):
    """MODEL: X * factor, so the position in a chain shows in the result."""

    def __init__(self, factor=2.0):
        self.factor = float(factor)

    def predict(self, X, names, meta=None):
        return np.asarray(X, dtype=float) * self.factor


class Echo(_Feedback):
    """MODEL: answers its input unchanged."""

    def predict(self, X, names, meta=None):
        return X


class EchoMeta(_Feedback):
    """MODEL: answers (as jsonData) what the wrapper handed over: features, names, meta."""

    def predict(self, X, names, meta=None):
        return {"node": NODE, "features": _plain(X), "names": list(names or []), "meta": meta}


class Doubler(_Feedback):
    """TRANSFORMER: X * 2 and one tag."""

    def transform_input(self, X, names, meta=None):
        return np.asarray(X, dtype=float) * 2

    def tags(self):
        return {"doubled_by": NODE}


class Adder(_Feedback):
    """OUTPUT_TRANSFORMER: X + amount."""

    def __init__(self, amount=100.0):
        self.amount = float(amount)

    def transform_output(self, X, names, meta=None):
        return np.asarray(X, dtype=float) + self.amount


class InOut(Adder):
    """Both directions, for a node with methods [TRANSFORM_INPUT, TRANSFORM_OUTPUT]."""

    def transform_input(self, X, names, meta=None):
        return np.asarray(X, dtype=float) * 2


class Mean(_Feedback):
    """COMBINER: element-wise mean of the children's answers."""

    def aggregate(self, Xs, names):
        return np.mean([np.asarray(x, dtype=float) for x in Xs], axis=0)


class LoudMean(Mean):
    """Mean with a tag that clashes with its children's and one metric."""

    def tags(self):
        return {"node": NODE, "combined": True}

    def metrics(self):
        return [{"type": "COUNTER", "key": NODE + "_calls", "value": 1}]


class FixedRouter(_Feedback):
    """ROUTER: always `branch`."""

    def __init__(self, branch=0):
        self.branch = int(branch)

    def route(self, X, names, meta=None):
        return self.branch


class ValueRouter(_Feedback):
    """ROUTER: the branch is the first number of the request."""

    def route(self, X, names, meta=None):
        return int(np.ravel(X)[0])


class LoudRouter(FixedRouter):
    """FixedRouter with a tag and a metric (do they reach the client?)."""

    def tags(self):
        return {"routed_by": NODE}

    def metrics(self):
        return [{"type": "COUNTER", "key": NODE + "_calls", "value": 1}]


class Answer:
    """MODEL: the strData of the request names the kind of answer."""

    def predict(self, X, names, meta=None):
        return {
            "text": "hello",
            "bytes": b"\x00\x01\xff",
            "dict": {"a": [1, 2.0, None]},
            "ints": [[1, 2]],
            "floats": np.array([[1.0, 2.5]]),
            "strings": [["x", "y"]],
            "mixed": [["x", 1, 2.0]],
            "bools": [[True, False]],
            "flat": [1, 2],
            "deep": [[[1], [2]]],
            "empty": [],
            "number": 3,
            "none": None,
            "nan": [[float("nan"), float("inf")]],
            "html": "<b>&\u2028</b>",
        }[X]


class Failing:
    """Raises in every method; kind: runtime | custom (own status code) | die (the worker exits)."""

    def __init__(self, kind="runtime"):
        self.kind = kind

    def _fail(self, *args, **kwargs):
        if self.kind == "die":
            os._exit(1)
        if self.kind == "custom":
            from seldon_core.flask_utils import SeldonMicroserviceException

            raise SeldonMicroserviceException("custom failure", status_code=418, reason="TEAPOT")
        raise RuntimeError("failed on purpose in " + NODE)

    predict = transform_input = transform_output = route = aggregate = send_feedback = health_status = _fail


class Slow(Constant):
    """MODEL: sleeps, then answers like Constant."""

    def __init__(self, seconds=1.0, value=1.0):
        super().__init__(value)
        self.seconds = float(seconds)

    def predict(self, X, names, meta=None):
        time.sleep(self.seconds)
        return super().predict(X, names, meta)


class Described(Constant):
    """MODEL with metadata."""

    def init_metadata(self):
        return {
            "name": NODE,
            "versions": [NODE + "-v1"],
            "platform": "seldon",
            "custom": {"team": "t"},
            "inputs": [{"messagetype": "tensor", "schema": {"names": ["in_" + NODE], "shape": [1]}}],
            "outputs": [{"messagetype": "tensor", "schema": {"names": ["out_" + NODE], "shape": [1]}}],
        }


class BadMetadata(Constant):
    """MODEL whose metadata the wrapper rejects."""

    def init_metadata(self):
        return {"name": NODE, "versions": "not-a-list"}
