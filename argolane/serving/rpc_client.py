"""A gRPC address and a request in, the answer out: `client`, over gRPC.

Requests and answers are the plain data that they are by REST; what protobuf has no word for, a whole number
that is none of its floats, say, comes back as JSON's mapping of protobuf has it: 1 as 1.0.
"""

from collections.abc import Mapping
from typing import Any

from argolane.errors import ArgolaneError
from argolane.serving.client import check


def predict(address: str, body: dict[str, Any], *, timeout: float = 10,
            metadata: Mapping[str, str] | None = None) -> dict[str, Any]:  # fmt: skip
    """The answer of the deployment at `address`; ArgolaneError when there is none.

    `address` is host:port, or https://host:port where the host's certificate is to be checked. An ingress
    wants `metadata`: {"seldon": NAME, "namespace": NAMESPACE}.
    """
    check(body)
    return _call(address, "Predict", "SeldonMessage", body, timeout, metadata)


def send_feedback(address: str, *, request: dict[str, Any], response: dict[str, Any], reward: float,
                  truth: dict[str, Any] | None = None, timeout: float = 10) -> dict[str, Any]:  # fmt: skip
    """As client.send_feedback."""
    body = {"request": request, "response": response, "reward": reward} | ({"truth": truth} if truth else {})
    return _call(address, "SendFeedback", "Feedback", body, timeout)


def written(body: dict[str, Any], kind: str = "SeldonMessage") -> bytes:
    """The bytes of a message; ArgolaneError for what is none. Nothing of gRPC is imported."""
    from google.protobuf import json_format

    from argolane.serving.protos import message, pool

    try:
        found = json_format.ParseDict(body, message(kind)(), descriptor_pool=pool())
    except json_format.ParseError as error:
        raise ArgolaneError(f"The request is no {kind}: {error}.") from None
    return bytes(found.SerializeToString())


def _call(address: str, method: str, kind: str, body: dict[str, Any], timeout: float,
          metadata: Mapping[str, str] | None = None) -> dict[str, Any]:  # fmt: skip
    import grpc
    from google.protobuf import json_format

    from argolane.serving.protos import PACKAGE, message, pool

    request = written(body, kind)
    # A proxy of the environment is for the world outside, not for this machine's own ports.
    options = [("grpc.enable_http_proxy", 0), ("grpc.max_receive_message_length", -1)]
    if not address:
        raise ArgolaneError("The deployment has no address of gRPC; docs/grpc.md says how it asks for one.")
    plain = address.removeprefix("grpc://")
    host = plain.removeprefix("https://")
    with (
        grpc.insecure_channel(plain, options)
        if host == plain
        else grpc.secure_channel(host, grpc.ssl_channel_credentials(), options)
    ) as channel:
        ask: Any = channel.unary_unary(f"/{PACKAGE}.Seldon/{method}")
        try:
            answer = ask(request, timeout=timeout, metadata=[*(metadata or {}).items()])
        except grpc.RpcError as error:
            raise ArgolaneError(_told(address, error, timeout)) from None
    said = message("SeldonMessage").FromString(answer)
    return json_format.MessageToDict(said, descriptor_pool=pool())


def _told(address: str, error: Any, timeout: float) -> str:
    code, details = error.code().name, error.details()
    if code == "UNAVAILABLE" and details.startswith("failed to connect"):
        return (
            f"{address}: nothing answers there over gRPC. 'argolane get deployments' shows what runs here, "
            "and why not."
        )
    if code == "DEADLINE_EXCEEDED" and "Deadline Exceeded" in details:
        return f"{address}: no answer within {timeout:g} s. Wait longer with --timeout."
    return f"{address}: {code}: {details}"
