"""A scenario in, differences out: its nodes replayed from the recording, its requests sent to our server."""

import asyncio
import contextlib
import json
import re
import socket
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping
from typing import Any

from deviations import ALWAYS
from scenario import Scenario, answer_body, request_body
from wire import Call, Headers, Node, Reply, ask

from argolane.serving import ports
from argolane.serving.graph import read
from argolane.serving.orchestrator.listener import Listener
from argolane.serving.orchestrator.server import GraphServer

# Not recorded, or never equal.
_CALL_HEADERS = {"Host", "Content-Length", "User-Agent", "Accept-Encoding", "Connection"}
_ANSWER_HEADERS = {"Content-Length", "Server", "Connection", *ALWAYS}


class Nodes:
    """The recorded nodes; they answer the present exchange and note what they are asked."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.calls: list[Call] = []
        self.endpoints: dict[str, str] = {}
        self._answers: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)

    def expect(self, calls: list[dict[str, Any]]) -> None:
        self.calls.clear()
        self._answers.clear()
        for call in calls:
            self._answers[call["node"], call["path"]].append(call["response"])

    async def answer(self, call: Call) -> Reply:
        self.calls.append(call)
        await asyncio.sleep(self.scenario.delay(call.node, call.path))
        answers = self._answers[call.node, call.path]
        if not answers:
            return Reply(200, {"Content-Type": "application/json"}, b'{"data":{"ndarray":[[1]]},"meta":{}}')
        response = answers.pop(0)
        if response.get("closed"):
            return Reply(None)
        body = answer_body(response, canned=self.scenario.canned(call.node))
        return Reply(response["status"], response["headers"], body)

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        listening = []
        for name in self.scenario.nodes:
            node = Node(name, self.answer)
            await node.open()
            listening.append(node)
            self.endpoints[name] = f"127.0.0.1:{node.port}"
        closed = [socket.create_server(("127.0.0.1", 0)) for _ in self.scenario.down]
        for name, unused in zip(self.scenario.down, closed, strict=True):
            self.endpoints[name] = f"127.0.0.1:{unused.getsockname()[1]}"
            unused.close()
        try:
            yield
        finally:
            for node in listening:
                node.close()


@contextlib.asynccontextmanager
async def served(scenario: Scenario, endpoints: Mapping[str, str]) -> AsyncIterator[int]:
    """Our graph server on a free port."""
    full = "--full_health_checks=true" in scenario.data.get("executor_args", [])
    app = GraphServer(
        read(scenario.predictor),
        {name: f"http://{at}" for name, at in endpoints.items()},
        namespace="ns", deployment="dep", images={}, full_health_checks=full,
    )  # fmt: skip
    bound = ports.listen(0)
    listener = Listener(app, bound, patience=0)
    await listener.open()
    try:
        yield bound.getsockname()[1]
    finally:
        await listener.close()
        app.close()


async def replay(scenario: Scenario, panic: str) -> list[str]:
    """What differs, one line each; `panic` is what our info is to say where the executor panicked."""
    nodes, found = Nodes(scenario), []
    async with nodes.listening(), served(scenario, nodes.endpoints) as port:
        for number, exchange in enumerate(scenario.exchanges):
            if "repeat" in exchange:
                found += await _repeat(nodes, port, exchange)
                continue
            found += [f"exchange {number}: {d}" for d in await replay_one(exchange, nodes, port, panic)]
    return found


async def replay_one(exchange: dict[str, Any], nodes: Nodes, port: int, panic: str = "") -> list[str]:
    nodes.expect(exchange["calls"])
    reply = await send(exchange["request"], port)
    paths = _paths(nodes.scenario.predictor["graph"])
    return [
        *compare_answer(exchange, reply, nodes.endpoints, panic),
        *compare_calls(exchange, nodes.calls, reply, nodes.endpoints, paths),
    ]


async def send(request: dict[str, Any], port: int) -> Reply:
    body = None if request["method"] in ("GET", "HEAD") else request_body(request)
    return await ask(port, request["method"], request["path"], request["headers"], body)


async def _repeat(nodes: Nodes, port: int, exchange: dict[str, Any]) -> list[str]:
    """Many requests, of which only the number of calls was recorded."""
    nodes.expect([])
    request = exchange["request"]
    for _ in range(exchange["repeat"]):
        await send(request, port)
    counts = Counter(f"{call.node} {call.path}" for call in nodes.calls)
    recorded = exchange["call_counts"]
    # A fair coin thrown 200 times is within 5 standard deviations but once in a million.
    spread = 35 if len(recorded) > 1 else 0
    far = {key: n for key, n in counts.items() if abs(n - recorded.get(key, 0)) > 2 * spread}
    return [f"calls {dict(counts)}, recorded {recorded}"] if far or set(counts) != set(recorded) else []


def compare_answer(
    exchange: dict[str, Any], reply: Reply, endpoints: Mapping[str, str], panic: str
) -> list[str]:
    recorded = exchange["response"]
    if recorded.get("closed"):
        if not panic:
            return ["the executor panicked; no deviation is listed"]
        said = _json(reply.body)
        client_chose = exchange["request"]["path"].endswith("/feedback") and "is to route to" in panic
        status = 400 if client_chose else 500
        right = reply.status == status and isinstance(said, dict) and panic in said["status"]["info"]
        return [] if right else [f"expected a {status} that says {panic!r}, got {reply}"]
    found = []
    if reply.status != recorded["status"]:
        found.append(f"status {reply.status}, recorded {recorded['status']}")
    headers = _headers(reply.headers, _ANSWER_HEADERS, exchange, reply, endpoints)
    expected = {n: v for n, v in recorded["headers"].items() if n not in _ANSWER_HEADERS}
    if headers != expected:
        found.append(f"headers {headers}, recorded {expected}")
    body = _masked(reply.body.decode("utf-8", "surrogateescape"), endpoints)
    if "raw_body" in recorded and body != recorded["raw_body"]:
        found.append(f"body {body!r}, recorded {recorded['raw_body']!r}")
    if recorded["body_kind"] == "metrics":
        if (metrics := metric_labels(body)) != recorded["body"]:
            found.append(f"metrics {metrics}, recorded {recorded['body']}")
    elif not _same_body(body, recorded):
        found.append(f"body {body[:2000]}, recorded {recorded['body_kind']} {recorded['body']}")
    return found


def compare_calls(
    exchange: dict[str, Any],
    calls: list[Call],
    reply: Reply,
    endpoints: Mapping[str, str],
    paths: list[set[str]],
) -> list[str]:
    """`paths`: the nodes from the root to each leaf; siblings are called at once, so in any order."""
    made = [(c.node, c.method, c.path) for c in calls]
    recorded = [(c["node"], c["method"], c["path"]) for c in exchange["calls"]]
    if any(_along(path, made) != _along(path, recorded) for path in paths):
        return [f"calls {made}, recorded {recorded}"]
    found = []
    in_order = sorted(calls, key=lambda c: (c.node, c.path))
    expected_calls = sorted(exchange["calls"], key=lambda c: (c["node"], c["path"]))
    for call, expected in zip(in_order, expected_calls, strict=True):
        request = expected["request"]
        headers = _headers(call.headers, _CALL_HEADERS, exchange, reply, endpoints)
        wanted = {n: v for n, v in request["headers"].items() if n not in _CALL_HEADERS}
        if headers != wanted:
            found.append(f"headers to {call.node}{call.path} {headers}, recorded {wanted}")
        body = call.body.decode("utf-8", "surrogateescape")
        if not _same_body(body, request, routing=call.path != "/aggregate"):
            found.append(f"body to {call.node}{call.path} {body[:500]}, recorded {request['body']}")
    return found


def _paths(node: dict[str, Any]) -> list[set[str]]:
    below = [path for child in node.get("children", []) for path in _paths(child)]
    return [{node["name"], *path} for path in below or [set()]]


def _along(path: set[str], calls: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    return [call for call in calls if call[0] in path]


def metric_labels(text: str) -> dict[str, list[str]]:
    """The metrics of Seldon with the names of their labels."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, labels in re.findall(r"^(seldon_\w+)\{(.*)\} ", text, re.MULTILINE):
        found[name] |= set(re.findall(r'(\w+)="', labels))
    return {name: sorted(labels) for name, labels in sorted(found.items())}


def _headers(
    headers: Headers, left_out: set[str], exchange: dict[str, Any], reply: Reply, endpoints: Mapping[str, str]
) -> Headers:
    """Without what is not compared, the made-up id and the endpoints masked as in the recording."""
    given = any(n.lower() == "seldon-puid" and v for n, v in exchange["request"]["headers"].items())
    puid = reply.headers.get("Seldon-Puid")
    masked = {n: _masked(v, endpoints) for n, v in headers.items() if n not in left_out}
    return {n: "<puid>" if v == puid and v and not given else v for n, v in masked.items()}


def _masked(text: str, endpoints: Mapping[str, str]) -> str:
    for name, endpoint in endpoints.items():
        text = text.replace(endpoint, f"<endpoint of {name}>")
    return text


def _same_body(body: str, recorded: dict[str, Any], *, routing: bool = True) -> bool:
    match recorded["body_kind"]:
        case "empty":
            return not body
        case "text":
            return body == recorded["body"]
        case "base64":
            return body.encode("utf-8", "surrogateescape") == answer_body(recorded, canned=True)
        case "large":
            return len(body) == recorded["body"]["bytes"] and body.startswith(recorded["body"]["start"])
    return _canonical(_json(body), routing) == _canonical(recorded["body"], routing)


def _canonical(value: Any, routing: bool) -> str:
    """Equal for equal JSON only: 1 is not 1.0. What siblings write into the routing depends on their pace."""
    if not routing and isinstance(value, list):
        for item in value:
            if isinstance(item, dict):
                item.get("meta", {}).pop("routing", None)
    return json.dumps(value, sort_keys=True)


def _json(body: str | bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
