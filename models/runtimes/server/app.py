"""An HTTP request in, the wrapper's answer out: an ASGI app in front of the wrapper's own Flask app.

A JSON message to one of the methods is read, handed to the wrapper's functions and written here. All else,
forms, other types of content, what is no JSON, every GET, a page's requests, and every error that a class
raises, is answered by the Flask app, in this process: how those answers look is said once, by the wrapper.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

import orjson
from flask import jsonify, request
from seldon_core import seldon_methods, wrapper

from models.runtimes.server import wsgi
from models.runtimes.server.metrics import Metrics

PREDICT = ("/predict", "/api/v1.0/predictions", "/api/v0.1/predictions")
METHODS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(PREDICT, seldon_methods.predict),
    "/transform-input": seldon_methods.transform_input,
    "/transform-output": seldon_methods.transform_output,
    "/route": seldon_methods.route,
    "/aggregate": seldon_methods.aggregate,
}
READ = (b"application/json", b"application/json; charset=utf-8")
# What orjson would write in its own way is left to Flask, which writes or refuses it in the wrapper's.
WRITE = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS
WRITE |= orjson.OPT_PASSTHROUGH_SUBCLASS
ANYWHERE = (b"access-control-allow-origin", b"*")
# A whole number of more than 64 bits would be read as a float; body.translate(DIGITS) shows where one may be.
DIGITS = bytes.maketrans(b"123456789", b"0" * 9)
HUGE = b"0" * 19
RAISED, ANSWERED = "models.raised", "models.answered"


class App:
    def __init__(self, model: Any, metrics: Metrics, *, metrics_port: int, pool: Executor | None) -> None:
        self._model, self._metrics, self._metrics_port, self._pool = model, metrics, metrics_port, pool
        self._flask = wrapper.get_rest_microservice(model, metrics)
        self._flask.before_request(_settle)
        self._numbers = wrapper.get_metrics_microservice(metrics)
        self._methods = {} if wrapper.PAYLOAD_PASSTHROUGH else METHODS

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        body = message.get("body", b"")
        while message.get("more_body"):
            message = await receive()
            body += message.get("body", b"")
        if self._pool is None:
            status, headers, content = self._answer(scope, body)
        else:
            loop = asyncio.get_running_loop()
            status, headers, content = await loop.run_in_executor(self._pool, self._answer, scope, body)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    def _answer(self, scope: Any, body: bytes) -> tuple[int, wsgi.Headers, bytes]:
        if scope["server"][1] == self._metrics_port:
            return wsgi.answer(self._numbers, scope, body)
        method = self._methods.get(scope["path"])
        if method is None or not _plain(scope) or HUGE in body.translate(DIGITS):
            return wsgi.answer(self._flask, scope, body)
        try:
            message = orjson.loads(body)
        except orjson.JSONDecodeError:
            return wsgi.answer(self._flask, scope, body)
        if message is None:
            return wsgi.answer(self._flask, scope, body)
        try:
            found = method(self._model, message, self._metrics)
        except Exception as error:
            return wsgi.answer(self._flask, scope, b"", **{RAISED: error})
        content = _written(found)
        if content is None:
            return wsgi.answer(self._flask, scope, b"", **{ANSWERED: (found,)})
        length = str(len(content)).encode()
        return 200, [(b"content-type", b"application/json"), (b"content-length", length), ANYWHERE], content


def _plain(scope: Any) -> bool:
    """A POST of JSON, by no page of a browser, that says nothing in its query."""
    if scope["method"] != "POST" or scope["query_string"]:
        return False
    kind = b""
    for name, value in scope["headers"]:
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


def _settle() -> Any:
    """Before Flask calls a method: what was called already gave or raised is what is answered."""
    raised = request.environ.get(RAISED)
    if raised is not None:
        raise raised
    if ANSWERED not in request.environ:
        return None
    (found,) = request.environ[ANSWERED]
    response = jsonify(found)
    if (
        request.path in PREDICT
        and isinstance(found, dict)
        and "status" in found
        and "code" in found["status"]
    ):
        response.status_code = found["status"]["code"]
    return response
