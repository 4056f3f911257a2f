"""User classes of the wrapper's own base class, and one that reads whole messages: see wrapper_classes."""

import numpy as np
from seldon_core.user_model import SeldonComponent
from wrapper_classes import counter


class Component(SeldonComponent):
    """Of the wrapper's base class: every method that is not overwritten says that it is not implemented."""

    def predict(self, X, names, meta=None):
        return np.asarray(X)


class Raw(SeldonComponent):
    """Reads the whole message, and writes it."""

    def predict_raw(self, msg):
        if msg.get("strData") == "fail":
            return {"status": {"code": 418, "info": "a teapot", "reason": "TEA", "status": 1}}
        if msg.get("strData") == "skip":
            from seldon_core.user_model import SeldonNotImplementedError

            raise SeldonNotImplementedError("not this one")
        meta = {"metrics": [counter("raw", 1)], "tags": {"raw": True}}
        return {"jsonData": {"got": msg}, "meta": meta}

    def predict(self, X, names, meta=None):
        return "of predict"

    def transform_input_raw(self, msg):
        return {"strData": "in", "meta": {}}

    def transform_output_raw(self, msg):
        return {"strData": "out"}

    def route_raw(self, msg):
        return {"data": {"ndarray": [[1]]}}

    def aggregate_raw(self, msgs):
        return {"strData": str(len(msgs["seldonMessages"]))}

    def send_feedback_raw(self, feedback):
        from seldon_core.proto.prediction_pb2 import SeldonMessage

        return SeldonMessage(strData=f"rewarded {feedback.reward}")

    def health_status_raw(self):
        return {"strData": "raw health"}
