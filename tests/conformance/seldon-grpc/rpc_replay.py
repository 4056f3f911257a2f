"""A scenario in, differences out: its nodes replayed from the recording, its requests sent to our server."""

import asyncio
import base64
import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import wire
from google.protobuf import descriptor_pb2, json_format
from grpc_reflection.v1alpha import reflection_pb2
from rpc_deviations import DEATHS, WORDS
from rpc_nodes import KINDS, Nodes, metadata_of, plain, written

from argolane.serving import ports
from argolane.serving.graph import read
from argolane.serving.orchestrator.listener import Listener
from argolane.serving.orchestrator.rpc.graph import RpcGraph
from argolane.serving.orchestrator.rpc.listener import RpcListener
from argolane.serving.orchestrator.server import GraphServer

RECORDED = Path(__file__).parent / "recorded"
# Words of a library, which differ between its makers: see recorded/README.md.
_LIBRARY_WORDS = ("INTERNAL",)


def names() -> list[str]:
    return sorted(path.stem for path in RECORDED.glob("*.json"))


def scenario(name: str) -> dict[str, Any]:
    return json.loads((RECORDED / f"{name}.json").read_text())


@contextlib.asynccontextmanager
async def served(
    data: dict[str, Any], endpoints: dict[str, str], http: dict[str, str]
) -> AsyncIterator[tuple[int, int]]:
    """Our graph server: its REST and its gRPC port."""
    graph = read(data["graph"])
    app = GraphServer(graph, http, namespace="ns", deployment="dep", images={})
    bound = ports.listen(0)
    listener = Listener(app, bound, patience=0)
    await listener.open()
    rpc = RpcGraph(graph, endpoints, metrics=app.measured, largest=100 * 10**6)
    rpc_listener = RpcListener(rpc, host="127.0.0.1", largest=rpc.largest)
    port = await rpc_listener.open(0)
    try:
        yield bound.getsockname()[1], port
    finally:
        await rpc_listener.close(patience=0)
        await rpc.close()
        await listener.close()
        app.close()


async def replay(name: str) -> list[str]:
    """What differs, one line each."""
    data, found = scenario(name), []
    nodes = Nodes(data["models"], data.get("down", []))
    async with (
        nodes.listening(),
        _http_nodes(data) as http,
        served(data, nodes.endpoints, http[0]) as (rest, port),
    ):
        options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options) as channel:
            for number, exchange in enumerate(data["exchanges"]):
                nodes.expect(exchange.get("calls", []) if exchange["method"] != "REST" else [])
                if exchange["method"] == "REST":
                    differences = await _rest(exchange, rest, http[1])
                elif "repeat" in exchange:
                    differences = await _repeat(exchange, channel, nodes)
                elif "concurrent" in exchange:
                    differences = await _concurrent(exchange, channel, nodes)
                else:
                    differences = await _one(exchange, channel, nodes, (name, number))
                found += [f"exchange {number}: {each}" for each in differences]
    return found


class Reply:
    """Of one call."""

    def __init__(self) -> None:
        self.code, self.details = "OK", ""
        self.messages: list[bytes] = []
        self.initial: list[tuple[str, Any]] = []
        self.trailing: list[tuple[str, Any]] = []


async def ask(exchange: dict[str, Any], channel: grpc.aio.Channel) -> Reply:
    reply = Reply()
    body = _request(exchange)
    method = "/" + exchange["method"]
    metadata = metadata_of(exchange.get("metadata", []))
    compression = grpc.Compression.Gzip if exchange.get("compression") else None
    limit = exchange.get("client_deadline")
    kind = exchange.get("stream")
    if kind == "reflection":
        call = channel.stream_stream(method)(iter([body]))
    elif kind == "server":
        call = channel.unary_stream(method)(body)
    else:
        call = channel.unary_unary(method)(body, metadata=metadata, timeout=limit, compression=compression)
    try:
        if kind:
            reply.messages = [each async for each in call]
        else:
            reply.messages = [await call]
    except grpc.aio.AioRpcError as error:
        reply.code, reply.details = error.code().name, error.details() or ""
    reply.initial = list(await call.initial_metadata() or ())
    reply.trailing = list(await call.trailing_metadata() or ())
    return reply


def _request(exchange: dict[str, Any]) -> bytes:
    if "request_base64" in exchange:
        return base64.b64decode(exchange["request_base64"])
    if exchange.get("stream") == "reflection":
        request = reflection_pb2.ServerReflectionRequest()
        return json_format.ParseDict(exchange["request"], request).SerializeToString()
    if not exchange["request"]:
        return b""
    return written(exchange["request"], KINDS.get(exchange["method"].rpartition("/")[2], "SeldonMessage"))


async def _one(
    exchange: dict[str, Any], channel: grpc.aio.Channel, nodes: Nodes, at: tuple[str, int]
) -> list[str]:
    reply = await ask(exchange, channel)
    calls = _compare_calls(exchange["calls"], nodes, reply)
    return compare_answer(exchange, reply, nodes.endpoints, at) + calls


def compare_answer(
    exchange: dict[str, Any], reply: Reply, endpoints: dict[str, str], at: tuple[str, int]
) -> list[str]:
    """What differs in the answer; `at` is scenario and number of the exchange."""
    recorded = exchange["response"]
    if "executor_dies" in recorded:
        said = DEATHS.get(at, "no deviation is listed")
        right = reply.code == "UNAVAILABLE" and said in reply.details
        return [] if right else [f"{reply.code} {reply.details!r}, to say {said!r}"]
    found = []
    code, details = recorded.get("code", "OK"), _masked(recorded.get("details", ""), endpoints)
    details = WORDS.get(at, details)
    if (reply.code, reply.details.replace("\u00a0", " ")) != (code, details.replace("\u00a0", " ")):
        found.append(f"{reply.code} {reply.details!r}, recorded {code} {details!r}")
    initial = [(key, "<puid>" if _made_up(exchange, key) else value) for key, value in reply.initial]
    if initial != metadata_of(recorded.get("initial_metadata", [])):
        found.append(f"initial metadata {initial}, recorded {recorded.get('initial_metadata')}")
    if reply.trailing != metadata_of(recorded.get("trailing_metadata", [])):
        found.append(f"trailing metadata {reply.trailing}")
    if "message" in recorded and reply.messages:
        kind = {"ModelMetadata": "SeldonModelMetadata", "GraphMetadata": "SeldonGraphMetadata"}.get(
            exchange["method"].rpartition("/")[2], "SeldonMessage"
        )
        found += _compare("answer", reply.messages[0], recorded["message"], kind)
    if "messages" in recorded:
        said = [_reflected(body) for body in reply.messages]
        if said != recorded["messages"]:
            found.append(f"messages {said}, recorded {recorded['messages']}")
    return found


def _made_up(exchange: dict[str, Any], key: str) -> bool:
    return key == "seldon-puid" and all(name != key for name, _ in exchange.get("metadata", []))


def _compare(what: str, body: bytes, recorded: dict[str, Any], kind: str) -> list[str]:
    if "large" in recorded:
        size = recorded["large"]["bytes"]
        return [] if len(body) == size else [f"{what} of {len(body)} bytes, recorded {size}"]
    found, expected = plain(body, kind), plain(written(recorded, kind), kind)
    return [] if found == expected else [f"{what} {found}, recorded {expected}"]


def _compare_calls(recorded: list[dict[str, Any]], nodes: Nodes, reply: Reply) -> list[str]:
    made = sorted(nodes.calls, key=lambda call: (call.node, call.method))
    expected = sorted(recorded, key=lambda call: (call["node"], call["method"]))
    if [(c.node, c.method) for c in made] != [(c["node"], c["method"]) for c in expected]:
        return [f"calls {[(c.node, c.method) for c in nodes.calls]}, recorded {recorded}"]
    found, puids = [], {value for key, value in reply.initial if key == "seldon-puid"}
    for call, wanted in zip(made, expected, strict=True):
        where = f"{call.node} {call.method}"
        masked = any(value == "<puid>" for _, value in wanted["metadata"])
        if not puids and masked:
            # The metadata calls tell their client no id.
            puids = {value for key, value in call.metadata if key == "seldon-puid"}
        pairs = sorted((k, "<puid>" if masked and v in puids else v) for k, v in call.metadata)
        if pairs != metadata_of(wanted["metadata"]):
            found.append(f"metadata to {where} {pairs}, recorded {wanted['metadata']}")
        if call.deadline != wanted["deadline"]:
            found.append(f"deadline to {where} {call.deadline}")
        kind = KINDS.get(call.method.rpartition("/")[2], "SeldonMessage")
        if call.method.endswith("/Metadata"):
            found += [f"body to {where} {call.body!r}"] if call.body else []
        else:
            found += _compare(f"request to {where}", call.body, wanted["request"], kind)
    return found


def _masked(text: str, endpoints: dict[str, str]) -> str:
    for name, endpoint in endpoints.items():
        text = text.replace(f"<endpoint of {name}>", endpoint)
    return text


def _reflected(body: bytes) -> dict[str, Any]:
    """As recorded: of files only their names and what they declare."""
    said = reflection_pb2.ServerReflectionResponse.FromString(body)
    if said.HasField("file_descriptor_response"):
        files = [
            descriptor_pb2.FileDescriptorProto.FromString(each)
            for each in said.file_descriptor_response.file_descriptor_proto
        ]
        return {
            "fileDescriptorResponse": [
                {"file": file.name, "package": file.package, "services": [s.name for s in file.service]}
                for file in files
            ]
        }
    found = json_format.MessageToDict(said)
    return {key: value for key, value in found.items() if key not in ("originalRequest", "validHost")}


async def _repeat(exchange: dict[str, Any], channel: grpc.aio.Channel, nodes: Nodes) -> list[str]:
    """Many requests, of which the codes and the number of calls were recorded."""
    replies = [await ask(exchange, channel) for _ in range(exchange["repeat"])]
    codes = dict(Counter(reply.code for reply in replies))
    counts = Counter(f"{call.node} {call.method}" for call in nodes.calls)
    recorded = exchange["call_counts"]
    # A fair coin thrown 200 times is within 5 standard deviations but once in a million.
    far = any(abs(counts[key] - number) > 70 for key, number in recorded.items())
    if codes != exchange["response"]["codes"] or far or sum(counts.values()) != sum(recorded.values()):
        return [f"codes {codes}, calls {dict(counts)}, recorded {exchange['response']['codes']}, {recorded}"]
    return []


async def _concurrent(exchange: dict[str, Any], channel: grpc.aio.Channel, nodes: Nodes) -> list[str]:
    """Each call gets its own answer and its own id."""
    nodes.compute = True
    asked, gate = exchange["concurrent"], asyncio.Semaphore(exchange["concurrent"]["at_once"])

    async def one(number: int) -> bool:
        tensor = {"shape": [1, 2], "values": [number, 1]}
        call = {"method": exchange["method"], "request": {"data": {"tensor": tensor}}}
        async with gate:
            reply = await ask({**call, "metadata": [["seldon-puid", f"p{number}"]]}, channel)
        values = plain(reply.messages[0], "SeldonMessage")["data"]["tensor"]["values"]
        return (
            values == [number * asked["factor"], asked["factor"]]
            and ("seldon-puid", f"p{number}") in reply.initial
        )

    right = sum(await asyncio.gather(*(one(number) for number in range(asked["calls"]))))
    counts = dict(Counter(f"{call.node} {call.method}" for call in nodes.calls))
    if right != exchange["response"]["right"] or counts != exchange["call_counts"]:
        return [f"{right} right, calls {counts}"]
    return []


@contextlib.asynccontextmanager
async def _http_nodes(data: dict[str, Any]) -> AsyncIterator[tuple[dict[str, str], list[wire.Call]]]:
    """The nodes' REST side, for clients of REST: their URLs, and the calls that came."""
    made: list[wire.Call] = []
    said = {
        call["node"]: call["response"]
        for exchange in data["exchanges"]
        if exchange["method"] == "REST"
        for call in exchange["calls"]
    }

    async def answer(call: wire.Call) -> wire.Reply:
        made.append(call)
        return wire.Reply(200, {"Content-Type": "application/json"}, json.dumps(said[call.node]).encode())

    listening = [wire.Node(name, answer) for name in said]
    for node in listening:
        await node.open()
    try:
        yield {node.name: f"http://127.0.0.1:{node.port}" for node in listening}, made
    finally:
        for node in listening:
            node.close()


async def _rest(exchange: dict[str, Any], port: int, made: list[wire.Call]) -> list[str]:
    asked, recorded = exchange["http"], exchange["response"]
    headers = {"Content-Type": "application/json"}
    reply = await wire.ask(port, "POST", asked["path"], headers, asked["body"].encode())
    found = (reply.status, json.loads(reply.body))
    if found != (recorded["http_status"], recorded["body"]):
        return [f"answer {found}, recorded {recorded}"]
    calls = [
        {"node": c.node, "transport": "rest", "method": c.path, "request": json.loads(c.body)} for c in made
    ]
    expected = [
        {key: c[key] for key in ("node", "transport", "method", "request")} for c in exchange["calls"]
    ]
    return [] if calls == expected else [f"calls {calls}, recorded {expected}"]
