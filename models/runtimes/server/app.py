"""An HTTP request in, the wrapper's answer out: an ASGI app, and a shorter way for what most requests are.

A JSON message to one of the methods is read, handed to the class and its answer written here. All else,
forms, other types of content, what is no JSON, a page's requests, most of GET, and every error that a class
raises, is answered by the wrapper's own Flask app, in this process: how those look is said once.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from functools import partial
from typing import Any

import orjson

from models.runtimes.gauges import TEST, Gauged
from models.runtimes.server.messages import Unread
from models.runtimes.server.methods import ROLES, Methods, counts, whole
from models.runtimes.server.stock import ANSWERED, RAISED, Stock
from models.runtimes.server.wsgi import Headers

READ = (b"application/json", b"application/json; charset=utf-8")
# What orjson would write in its own way is left to Flask, which writes or refuses it in the wrapper's.
WRITE = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS
WRITE |= orjson.OPT_PASSTHROUGH_SUBCLASS
JSON = (b"content-type", b"application/json")
ANYWHERE = (b"access-control-allow-origin", b"*")
# A whole number of more than 64 bits would be read as a float; body.translate(DIGITS) shows where one may be.
DIGITS = bytes.maketrans(b"123456789", b"0" * 9)
HUGE = b"0" * 19
PING, HEALTH = "/health/ping", ("/health/status", "/api/v1.0/health/status")
SETTLED = "models.settled"  # in a scope: the Outcome of a request that was called already

Outcome = bytes | Mapping[str, Any]
"""The answer's JSON; or, for the wrapper to say, what was raised or given."""
Answer = tuple[int, Headers, bytes]


class App:
    """One model. Made before the model is loaded."""

    def __init__(self, model: Any, *, metrics_port: int, pool: Executor | None) -> None:
        self._metrics_port, self.pool = metrics_port, pool
        self.stock = Stock(model)
        keeps_text = getattr(getattr(model, "model_error_handler", None), "keeps_text", False)
        self._own = Methods(model, lambda: self.stock.metrics, keeps_text=keeps_text)
        passthrough = os.environ.get("PAYLOAD_PASSTHROUGH", "").lower() in ("1", "true", "t")
        self._whole = {role for role in {*ROLES.values(), "health_status"} if whole(model, role)}
        self._gauges = model.gauges if isinstance(model, Gauged) else None
        if counts(model):
            self.stock.load()
        elif isinstance(model, Gauged):
            model.metrics = list  # type: ignore[method-assign]  # they belong to no call, such as feedback's
        if self._whole or hasattr(model, "init_metadata"):
            self.stock.load()
        self._methods: dict[str, Callable[[Any], Any]] = {
            path: self.stock.function(role) if role in self._whole else partial(self._own.answer, role)
            for path, role in ({} if passthrough else ROLES).items()
        }
        self.paths = {path.encode(): path for path in self._methods}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        parts: list[bytes] = []
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            parts.append(message.get("body", b""))
            more = message.get("more_body", False)
        body = b"".join(parts)
        loop = asyncio.get_running_loop()
        if self.pool is not None:
            status, headers, content = await loop.run_in_executor(self.pool, self._answer, scope, body)
        else:
            found = self._quick(scope, body)
            if not isinstance(found, tuple) and not self.stock.loaded:
                await loop.run_in_executor(None, self.stock.load)
            status, headers, content = found if isinstance(found, tuple) else self._slow(scope, body, found)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    def called(self, path: str, body: bytes) -> Outcome | None:
        """What the class answers to a message; None where the wrapper has to read it, or to say why not."""
        method = self._methods[path]
        if HUGE in body.translate(DIGITS):
            return None
        try:
            message = orjson.loads(body)
        except orjson.JSONDecodeError:
            return None
        if message is None:
            return None
        try:
            found = method(message)
        except Unread:
            return None
        except Exception as error:
            return {RAISED: error}
        return _written(found) or {ANSWERED: (found,)}

    def _answer(self, scope: Any, body: bytes) -> Answer:
        found = self._quick(scope, body)
        return found if isinstance(found, tuple) else self._slow(scope, body, found)

    def _quick(self, scope: Any, body: bytes) -> Answer | Mapping[str, Any]:
        """The answer, or what the wrapper is to be told beside the request."""
        if SETTLED in scope:
            found: Outcome | None = scope[SETTLED]
        elif scope["server"][1] == self._metrics_port or scope["query_string"]:
            found = None
        elif scope["method"] == "GET":
            found = self._got(scope)
        elif scope["method"] == "POST" and scope["path"] in self._methods and plain(scope["headers"]):
            found = self.called(scope["path"], body)
        else:
            found = None
        if not isinstance(found, bytes):
            return found or {}
        kind = (b"content-type", b"text/html; charset=utf-8") if scope["path"] == PING else JSON
        return 200, [kind, (b"content-length", str(len(found)).encode()), ANYWHERE], found

    def _got(self, scope: Any) -> Outcome | None:
        """Whether it is well, which is asked for again and again."""
        if any(name == b"origin" for name, _ in scope["headers"]):
            return None
        if scope["path"] == PING:
            return b"pong"
        if scope["path"] not in HEALTH or "health_status" in self._whole:
            return None
        try:
            found = self._own.health()
        except Exception as error:
            return {RAISED: error}
        return _written(found) or {ANSWERED: (found,)}

    def _slow(self, scope: Any, body: bytes, more: Mapping[str, Any]) -> Answer:
        app = "metrics" if scope["server"][1] == self._metrics_port else "rest"
        if app == "metrics" and self._gauges is not None:
            # As the wrapper calls it; what another test than the last one has told is over.
            self.stock.metrics.replace(self._gauges(), "health", begin=TEST)
        return self.stock.answer(app, scope, b"" if more else body, **more)


def plain(headers: Headers) -> bool:
    """A message of JSON, sent by no page of a browser."""
    kind = b""
    for name, value in headers:
        if name == b"content-type":
            kind = value
        elif name == b"origin":
            return False
    return kind in READ


def _written(found: Any) -> bytes | None:
    """The answer as JSON; None where it is Flask's to write, or to refuse."""
    if type(found) is not dict or "status" in found:
        return None
    try:
        content = orjson.dumps(found, option=WRITE)
    except TypeError:
        return None
    # orjson writes NaN as null; the wrapper writes NaN.
    return None if b"null" in content else content
