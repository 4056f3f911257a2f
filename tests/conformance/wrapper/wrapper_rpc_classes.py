"""User classes that read and write messages of gRPC themselves: see wrapper_classes."""

from seldon_core.flask_utils import SeldonMicroserviceException
from seldon_core.proto.prediction_pb2 import Meta, Metric, SeldonMessage, Status
from seldon_core.user_model import SeldonNotImplementedError, SeldonResponse


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError("not even that")


class Messages:
    """Every method that reads a whole message; strData says what is answered to it."""

    def predict_raw(self, msg):
        word = msg.strData
        if word.startswith("large "):
            return SeldonMessage(strData="x" * int(word.split()[1]))
        raised = {
            "skip": SeldonNotImplementedError("not this one"),
            "refuse": SeldonMicroserviceException("refused", status_code=403, reason="NOT_YOU"),
            "fail": RuntimeError("a fault: é"),
            "unprintable": Unprintable(),
        }
        if word in raised:
            raise raised[word]
        found = {
            "dict": {"strData": "a dict"},
            "nothing": None,
            "status": SeldonMessage(status=Status(code=418, info="a teapot", reason="TEA", status=1)),
            "metrics": SeldonMessage(
                strData="counted",
                meta=Meta(
                    puid="p",
                    metrics=[
                        Metric(key="raw_total", type="COUNTER", value=2, tags={"place": "here"}),
                        Metric(key="raw_level", type="GAUGE", value=0.5),
                    ],
                ),
            ),
        }
        return found.get(word, msg)

    def predict(self, X, names, meta=None):
        return SeldonResponse(f"of predict: {X}", tags={"skipped": True})

    def transform_input_raw(self, msg):
        return SeldonMessage(strData=f"in {msg.WhichOneof('data_oneof')}")

    def transform_output_raw(self, msg):
        raise SeldonNotImplementedError("not here")

    def route_raw(self, msg):
        return SeldonMessage(data={"tensor": {"shape": [1, 1], "values": [len(msg.strData)]}})

    def aggregate_raw(self, msgs):
        return SeldonMessage(strData=f"{len(msgs.seldonMessages)} messages")

    def send_feedback_raw(self, feedback):
        return SeldonMessage(strData=f"rewarded {feedback.reward}", meta={"puid": feedback.request.meta.puid})


class Deprecated:
    """The methods that these once were."""

    def predict_grpc(self, request):
        return request

    def transform_input_grpc(self, request):
        return "no message"

    def transform_output_grpc(self, request):
        return SeldonMessage(strData="out")

    def route_rest(self, request):
        return SeldonMessage(strData=type(request).__name__)

    def aggregate_grpc(self, request):
        return request.seldonMessages[0]

    def send_feedback_grpc(self, request):
        return {"strData": f"rewarded {request.reward}"}


class Limited(Messages):
    """In a pod whose annotation says how large a message may be."""


class Custom:
    """What is in customData comes as it is, and may be given."""

    def predict(self, X, names, meta=None):
        return X

    def tags(self):
        return {"deep": {"list": [1, "two", None, True]}}

    def class_names(self):
        return ["only"]
