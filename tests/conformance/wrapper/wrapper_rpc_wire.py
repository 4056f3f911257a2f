"""A served class in, its answers to gRPC calls out: how they are made, recorded and compared.

What depends on the process, its id and the ports, is a word in what is kept.
"""

import base64
import contextlib
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import wrapper_cases
import wrapper_wire
from google.protobuf import json_format, text_format
from grpc_reflection.v1alpha import reflection_pb2
from wrapper_rpc_cases import ANNOTATED, MODULES, Call
from wrapper_wire import HERE, Ports

from argolane.serving.protos import PACKAGE, message, pool

RECORDED = HERE / "recorded-grpc"
_REQUESTS = {
    "SendFeedback": "Feedback",
    "Aggregate": "SeldonMessageList",
    "ModelMetadata": "SeldonModelMetadataRequest",
}
_ANSWERS = {
    "Metadata": "SeldonModelMetadata",
    "ModelMetadata": "SeldonModelMetadata",
    "GraphMetadata": "SeldonGraphMetadata",
}
_LARGE = 1000  # bytes of a request or answer that is kept by its digest


@contextlib.contextmanager
def serving(python: Path, module: str, name: str, log: Path, **env: str) -> Iterator[Ports]:
    """The class under the server that `python -m module` is."""
    command = [str(python), "-m", module]
    if name in ANNOTATED:
        command[1:2] = [str(HERE / "wrapper_annotated.py"), str(HERE / "wrapper_annotations")]
    where = MODULES.get(name, "wrapper_classes")
    with wrapper_wire.serving(command, name, log, module=where, grpc=True, **env) as ports:
        yield ports


def ask(call: Call, ports: Ports) -> dict[str, Any]:
    """The answer as it is kept: code, details, message."""
    if call.kind == "metrics":
        return wrapper_wire.ask(wrapper_cases.get("/metrics", metrics=True), ports)
    options = [("grpc.enable_http_proxy", 0), ("grpc.max_receive_message_length", -1)]
    with grpc.insecure_channel(f"127.0.0.1:{ports.grpc}", options) as channel:
        try:
            return _asked(channel, call)
        except grpc.RpcError as error:
            return {"code": error.code().name, "details": wrapper_wire.timeless(error.details())}


def _asked(channel: grpc.Channel, call: Call) -> dict[str, Any]:
    if call.kind == "list":
        path = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
        asked = reflection_pb2.ServerReflectionRequest(list_services="").SerializeToString()
        [answer] = channel.stream_stream(path)(iter([asked]))
        services = reflection_pb2.ServerReflectionResponse.FromString(answer).list_services_response.service
        return {"code": "OK", "message": [each.name for each in services]}
    path = call.method if call.method.startswith("/") else f"/{PACKAGE}.{call.method}"
    if call.kind == "empty":
        answer = channel.stream_unary(path)(iter([]), timeout=20)
    else:
        compression = grpc.Compression.Gzip if call.gzip else None
        answer = channel.unary_unary(path)(sent(call), timeout=call.deadline or 60, compression=compression)
    if len(answer) > _LARGE:
        return {"code": "OK", "bytes": len(answer), "sha256": hashlib.sha256(answer).hexdigest()}
    found = message(_ANSWERS.get(call.method.rpartition("/")[2], "SeldonMessage")).FromString(answer)
    try:
        said: Any = json_format.MessageToDict(found, descriptor_pool=pool())
    except (json_format.Error, ValueError):  # JSON has no word for it: NaN in a list, say
        said = text_format.MessageToString(found, descriptor_pool=pool())
    return {"code": "OK", "message": json.loads(wrapper_wire.timeless(json.dumps(said)))}


def sent(call: Call) -> bytes:
    if isinstance(call.request, bytes):
        return call.request
    kind = message(_REQUESTS.get(call.method.rpartition("/")[2], "SeldonMessage"))
    found: bytes = json_format.ParseDict(call.request, kind(), descriptor_pool=pool()).SerializeToString(
        deterministic=True
    )
    return found


def request(call: Call) -> dict[str, Any]:
    """The request as it is kept beside the answer, for those who read."""
    kept: dict[str, Any] = {"method": call.method} if call.kind == "unary" else {"kind": call.kind}
    if call.gzip or call.deadline:
        kept |= {"gzip": call.gzip, "deadline": call.deadline}
    if call.kind != "unary":
        return kept
    body = sent(call)
    if len(body) > _LARGE:
        return {**kept, "bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}
    if isinstance(call.request, bytes):
        return {**kept, "base64": base64.b64encode(body).decode()}
    return {**kept, "message": call.request}


def difference(was: dict[str, Any], found: dict[str, Any]) -> str | None:
    """Where the answers differ."""
    if "status" in was:
        return wrapper_wire.difference(was, found)
    return None if was == found else f"{found}; recorded {was}"
