"""The gRPC calls whose answers are recorded: for each class, in the order in which they are made."""

import struct
from dataclasses import dataclass
from typing import Any

from wrapper_cases import OUT, RAISED, TABLE

PREDICT = "Model/Predict"


@dataclass(frozen=True)
class Call:
    name: str
    method: str = PREDICT  # of seldon.protos, or with its whole name
    request: Any = None  # bytes as they are, anything else as JSON of the method's message
    gzip: bool = False
    deadline: float | None = None  # seconds
    kind: str = "unary"  # or `empty`: no message at all; `list`: reflection; `metrics`: GET of the other port


TENSOR = {"tensor": {"shape": [2, 2], "values": [1, 2, 3.5, 4]}}
META = {
    "puid": "p1",
    "tags": {"t": [1, {"u": None}], "v": "w"},
    "requestPath": {"before": "image:1"},
    "routing": {"r": 1},
    "metrics": [{"key": "k", "type": "GAUGE", "value": 1, "tags": {"a": "b"}}],
}
FLOATS = {"dtype": "DT_FLOAT", "tensor_shape": {"dim": [{"size": "1"}]}, "float_val": [1.5]}

PAYLOADS = [
    Call("ndarray", request={"data": {"ndarray": TABLE}}),
    Call("ndarray with names", request={"data": {"names": ["a", "b"], "ndarray": TABLE}}),
    Call("ndarray of ints", request={"data": {"ndarray": [[1, 2]]}}),
    Call("ndarray of one row", request={"data": {"ndarray": [1, 2]}}),
    Call("ndarray of text", request={"data": {"ndarray": ["a", "bc"]}}),
    Call("ndarray of text and numbers", request={"data": {"ndarray": [["a", 1]]}}),
    Call("ndarray of bools", request={"data": {"ndarray": [[True, False]]}}),
    Call("ndarray of nulls", request={"data": {"ndarray": [[None, 1]]}}),
    Call("ndarray of objects", request={"data": {"ndarray": [[{"a": 1}, [2]]]}}),
    Call("ndarray ragged", request={"data": {"ndarray": [[1, 2], [3]]}}),
    Call("ndarray of mixed depth", request={"data": {"ndarray": [[1, 2], 3]}}),
    Call("ndarray empty", request={"data": {"ndarray": []}}),
    Call("ndarray of empty rows", request={"data": {"ndarray": [[], []]}}),
    Call("ndarray deep", request={"data": {"ndarray": [[[1], [2]], [[3], [4]]]}}),
    Call("ndarray of a value of no kind", request=b"\x1a\x04\x1a\x02\x0a\x00"),
    Call("tensor", request={"data": TENSOR}),
    Call("tensor with names", request={"data": {"names": ["x", "y"], **TENSOR}}),
    Call("tensor of one dimension", request={"data": {"tensor": {"shape": [3], "values": [1, 2, 3]}}}),
    Call("tensor of a wrong shape", request={"data": {"tensor": {"shape": [3, 2], "values": [1, 2]}}}),
    Call("tensor with values to spare", request={"data": {"tensor": {"shape": [1], "values": [1, 2]}}}),
    Call("tensor of a negative shape", request={"data": {"tensor": {"shape": [-1, 2], "values": [1, 2]}}}),
    Call("tensor without shape", request={"data": {"tensor": {"values": [1, 2]}}}),
    Call("tensor without values", request={"data": {"tensor": {"shape": [0]}}}),
    Call("tensor of NaN", request={"data": {"tensor": {"shape": [3], "values": ["NaN", "Infinity", 0]}}}),
    Call("tensor not packed", request=struct.pack("<7s d c d", b"\x1a\x16\x12\x14\x08\x02\x11", 1.0, b"\x11", 2.0)),
    Call("tftensor", request={"data": {"tftensor": FLOATS}}),
    Call("data of neither", request={"data": {"names": ["a"]}}),
    Call("data empty", request={"data": {}}),
    Call("strData", request={"strData": "text é"}),
    Call("strData empty", request={"strData": ""}),
    Call("binData", request={"binData": "AAH/"}),
    Call("jsonData", request={"jsonData": {"b": [1, 2.5, None], "a": {"x": "é"}}}),
    Call("jsonData a list", request={"jsonData": [1, 2]}),
    Call("jsonData a text", request={"jsonData": "text"}),
    Call("jsonData null", request={"jsonData": None}),
    Call("customData", request={"customData": {"@type": "type.googleapis.com/seldon.protos.Tensor",
                                               "shape": [1], "values": [1.5]}}),
    Call("meta", request={"meta": META, "data": {"ndarray": [[1, 2]]}}),
    Call("meta of strData", request={"meta": META, "strData": "s"}),
    Call("meta empty", request={"meta": {}, "data": TENSOR}),
    Call("status", request={"status": {"code": 3, "info": "i"}, "data": TENSOR}),
    Call("an unknown field", request=b"\xfa\x3e\x01x\x2a\x01s"),
    Call("empty", request=b""),
]  # fmt: skip

TRANSPORT = [
    Call("as the graph's", "Seldon/Predict", {"data": TENSOR}),
    Call("of the graph", "Seldon/GraphMetadata", b""),
    Call("model metadata", "Seldon/ModelMetadata", {"name": "anything"}),
    Call("metadata", "Model/Metadata", b""),
    Call("no message", request=b"\xff\xff"),
    Call("no UTF-8", request=b"\x2a\x01\xff"),
    Call("no feedback", "Model/SendFeedback", b"\xff\xff"),
    Call("without a message", kind="empty"),
    Call("in gzip", request={"data": {"ndarray": TABLE}}, gzip=True),
    Call("within a deadline", request={"strData": "in time"}, deadline=20),
    Call("a method that is none", "Model/Forecast", b""),
    Call("a service that is none", "Oracle/Predict", b""),
    Call("a method of another service", "Router/Predict", b""),
    Call("health", "/grpc.health.v1.Health/Check", b""),
    Call("services", kind="list"),
    Call("just not too large", request={"strData": "x" * (4 * 1024 * 1024 - 5)}),
    Call("too large", request={"strData": "x" * (4 * 1024 * 1024 - 4)}),
    Call("after all that", request={"data": TENSOR}),
]

ROLES = [
    Call("transform-input", "Transformer/TransformInput", {"data": {"names": ["a", "b"], "ndarray": TABLE}}),
    Call("transform-input tensor", "Transformer/TransformInput", {"data": TENSOR, "meta": META}),
    Call("transform-input strData", "Transformer/TransformInput", {"strData": "s"}),
    Call("transform-output", "OutputTransformer/TransformOutput", {"data": {"ndarray": TABLE}, "meta": META}),
    Call("transform-output binData", "OutputTransformer/TransformOutput", {"binData": "AAH/"}),
    Call("route", "Router/Route", {"data": {"ndarray": [[1]]}, "meta": META}),
    Call("route of a tensor", "Router/Route", {"data": {"tensor": {"shape": [1, 1], "values": [2]}}}),
    Call("route to a text", "Router/Route", {"data": {"ndarray": [[7]]}}),
    Call("route of strData", "Router/Route", {"strData": "s"}),
    Call("aggregate", "Combiner/Aggregate", {"seldonMessages": [
        {"data": {"ndarray": [[1, 2]]}, "meta": META}, {"data": {"ndarray": [[3, 4]]}, "meta": {
            "tags": {"v": "x"}, "metrics": [{"key": "l", "value": 1}], "requestPath": {"m": "i"}}}]}),
    Call("aggregate tensors", "Combiner/Aggregate", {"seldonMessages": [{"data": TENSOR}, {"data": TENSOR}]}),
    Call("aggregate nothing", "Combiner/Aggregate", {"seldonMessages": []}),
    Call("feedback", "Model/SendFeedback", {
        "request": {"data": {"names": ["a"], "ndarray": [[1, 2]]}, "meta": {"puid": "q"}},
        "response": {"meta": {"routing": {"unit": 1}}}, "reward": 1.5, "truth": {"data": {"ndarray": [[1]]}}}),
    Call("feedback of a router", "Router/SendFeedback", {"request": {"data": TENSOR}, "reward": 1}),
    Call("feedback of nothing", "Seldon/SendFeedback", b""),
    Call("generic transform-input", "Generic/TransformInput", {"data": TENSOR}),
    Call("generic transform-output", "Generic/TransformOutput", {"data": TENSOR}),
    Call("generic route", "Generic/Route", {"data": {"ndarray": [[0]]}}),
    Call("generic aggregate", "Generic/Aggregate", {"seldonMessages": [{"data": TENSOR}]}),
    Call("generic feedback", "Generic/SendFeedback", {"reward": -2}),
    Call("metadata", "Model/Metadata", b""),
    Call("metrics", kind="metrics"),
]  # fmt: skip


def named(prefix: str, names: list[str]) -> list[Call]:
    return [Call(f"{prefix}{name}", request={"strData": f"{prefix}{name}"}) for name in names]


WORDS = ["echo", "skip", "refuse", "fail", "unprintable", "dict", "nothing", "status", "metrics"]

CALLS: dict[str, list[Call]] = {
    "Plain": [*PAYLOADS, *TRANSPORT],
    "Full": [*PAYLOADS, *ROLES],
    "Component": [*PAYLOADS[:2], *ROLES],
    "Answers": [*named("", [name for name in OUT if name != "surrogate"]), *named("raise ", RAISED),
                Call("metrics", kind="metrics")],
    "Ours": [*named("raise ", RAISED), *PAYLOADS],
    "Nameless": [each for each in PAYLOADS if each.name in ("ndarray", "ndarray of text", "tensor", "strData")],
    "Router": ROLES,
    "Combiner": ROLES,
    "BadMetadata": [Call("ndarray", request={"data": {"ndarray": TABLE}}), Call("metadata", "Model/Metadata", b"")],
    "Messages": [*named("", WORDS), *PAYLOADS[:1], *ROLES],
    "Deprecated": [*PAYLOADS[:1], *ROLES],
    "Custom": [*PAYLOADS],
    "Limited": [
        Call("little", request={"strData": "large 1900"}),
        Call("too large an answer", request={"strData": "large 3000"}),
        Call("too large a request", request={"strData": "x" * 2000}),
    ],
}  # fmt: skip
"""By module, of the classes that are not in wrapper_classes."""
MODULES = {
    **dict.fromkeys(("Messages", "Deprecated", "Custom", "Limited"), "wrapper_rpc_classes"),
    "Component": "wrapper_components",
}
ANNOTATED = ("Limited",)  # started with what is in the file wrapper_annotations
