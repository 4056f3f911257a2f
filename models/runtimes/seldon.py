"""Seldon's Python wrapper, as far as ours know of it: everything that hooks into it, or mends it, is here.

The wrapper (seldon-core 1.17.1) asks a class for `model_error_handler`, a Flask blueprint, and registers it.
"""

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from models.runtimes.bad_input import BadInput


def error_handler(form: Callable[[], str]) -> "ErrorHandler":
    """`form` says what a request looks like, which is known once the version is loaded."""
    return ErrorHandler(form)


class ErrorHandler:
    """A blueprint that answers a client's mistakes with 400; the wrapper would answer each with a 500.

    ValueError and its like, and RecursionError of JSON that is nested too deep, can only come from the
    wrapper's reading of the request, because a served class lets none of them out but BadInput.
    """

    keeps_text = True  # rows with text in them are handed over as they were sent: see _keep_text

    def __init__(self, form: Callable[[], str]) -> None:
        self._form = form

    def register(self, app: Any, options: dict[str, Any]) -> None:
        """By the wrapper, with its Flask app; nothing of Flask is imported before."""
        from flask import Blueprint
        from werkzeug.exceptions import HTTPException

        _spare_metrics()
        _keep_text()
        blueprint = Blueprint("bad_input", __name__)
        # Those that the wrapper was made for take a form's field of any size, today's take 500 kB.
        blueprint.record(lambda state: state.app.config.update(MAX_FORM_MEMORY_SIZE=None))
        blueprint.app_errorhandler(BadInput)(lambda error: _refusal(str(error), 400))
        blueprint.app_errorhandler(HTTPException)(lambda error: _refusal(str(error), error.code or 500))
        for kind in (ValueError, TypeError, LookupError, AttributeError, NameError, RecursionError):
            blueprint.app_errorhandler(kind)(self._unreadable)
        blueprint.register(app, options)

    def _unreadable(self, error: Exception) -> Any:
        why = f"{type(error).__name__}: {error}"
        return _refusal(f"The request cannot be read ({why}); expected {self._form()}.", 400)


def _refusal(text: str, code: int) -> Any:
    from flask import jsonify

    status = {"status": 1, "info": text, "code": -1, "reason": "MICROSERVICE_BAD_DATA"}
    response = jsonify({"status": status})
    response.status_code = code
    return response


def _spare_metrics() -> None:
    """Spare requests what is most of their time: the wrapper's turns with the process that keeps its metrics.

    It takes six of them for each request, to add nothing to nothing where a model has no metrics of its own.
    """
    from seldon_core.metrics import SeldonMetrics

    add = SeldonMetrics.update

    def update(self: Any, custom_metrics: list[dict[str, Any]], method: str) -> None:
        if custom_metrics:
            add(self, custom_metrics, method)

    SeldonMetrics.update = update


def _keep_text() -> None:
    """Hand rows with text in them over as they were sent.

    The wrapper makes an array of letters of them: that turns a number beside a text into a text, cuts zeros
    off the end of texts, and gives each row as much memory as the longest needs.
    """
    from seldon_core import seldon_methods

    read = seldon_methods.extract_request_parts_json
    if getattr(read, "keeps_text", False):  # a test makes several of these in one process
        return

    def extract(request: Any) -> tuple[Any, Any, Any, str]:
        rows = (request.get("data") or {}).get("ndarray") if isinstance(request, dict) else None
        if not isinstance(rows, list) or not any_text(rows):
            found: tuple[Any, Any, Any, str] = read(request)
            return found
        return np.array(rows, dtype=object), request.get("meta"), request["data"], "data"

    extract.keeps_text = True  # type: ignore[attr-defined]
    seldon_methods.extract_request_parts_json = extract


def any_text(rows: Any) -> bool:
    """Whether there is a text in lists of lists."""
    if not isinstance(rows, list):
        return isinstance(rows, str)
    kinds = set(map(type, rows))
    return str in kinds or (list in kinds and any(map(any_text, rows)))


def learn(router: Any, feedback: Any, *, node: str) -> Any:
    """Calls `send_feedback` with what a Feedback message tells of this node, its puid too; an empty answer.

    The wrapper tells a class no puid. It is that of the answer, of the request, or of the feedback's own
    header, which an executor makes up where there is none.
    """
    routing = feedback.response.meta.routing
    router.send_feedback(
        None,
        None,
        feedback.reward,
        None,
        routing=routing.get(node),
        puid=feedback.response.meta.puid or feedback.request.meta.puid or header("Seldon-Puid"),
    )
    return type(feedback.request)()


def header(name: str) -> str:
    """A header of the request that is being answered: the graph's server hands those of REST clients on.

    Nothing over gRPC, where the wrapper keeps a call's metadata to itself, and nothing outside of a request.
    """
    from flask import has_request_context, request

    return request.headers.get(name, "") if has_request_context() else ""


def puid_of(message: Any) -> str:
    """By which a request and its answer are known: `meta.puid`, or over REST the header of both calls."""
    meta = message.get("meta") or {} if isinstance(message, dict) else {}
    own = meta.get("puid", "") if isinstance(message, dict) else message.meta.puid
    return str(own) or header("Seldon-Puid")


def as_json(message: Any) -> Any:
    """A message over REST is JSON already; one over gRPC becomes it."""
    if isinstance(message, dict | list):
        return message
    from seldon_core.utils import seldon_message_to_json

    return seldon_message_to_json(message)


def passed(message: Any) -> Any:
    """The same message, with this node among those that it went through: `meta.requestPath`."""
    node = os.environ.get("PREDICTIVE_UNIT_ID", "")
    image = os.environ.get("PREDICTIVE_UNIT_IMAGE", "")
    if isinstance(message, dict):
        meta = message.get("meta") or {}
        path = {**(meta.get("requestPath") or {}), node: image}
        return {**message, "meta": {**meta, "requestPath": path}}
    message.meta.requestPath[node] = image
    return message
