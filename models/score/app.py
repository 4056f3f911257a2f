"""`POST /score` with {"X": [...]} in, {"score": number} out: a plain Flask app, which gunicorn runs.

`GET /healthz` answers while it can score. Each answer says in its headers X-Version and X-Image who gave it,
as the Deployment told the container in VERSION and IMAGE: so a rollout can prove that it is the new one.
Every error is JSON, {"error": what was found, and what is expected}.
"""

import json
import os
from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from models.score import linear
from models.score.linear import Linear, WrongX

LARGEST = 64 * 1024  # bytes of a request; ten numbers take less than one percent of it
FORM = '{"X": [...]}'


def create_app(environ: Mapping[str, str] = os.environ) -> Flask:
    model = linear.load()
    told = {"version": environ.get("VERSION") or "unknown", "image": environ.get("IMAGE") or "unknown"}
    app = Flask("score", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST

    def score() -> Response:
        return _json({"score": model.score(read(request.get_data(), model))})

    def healthz() -> Response:
        return _json({"status": "ok", **told, "model": f"sha256:{model.digest}"})

    def named(response: Response) -> Response:
        response.headers["X-Version"], response.headers["X-Image"] = told["version"], told["image"]
        return response

    app.add_url_rule("/score", view_func=score, methods=["POST"])
    app.add_url_rule("/healthz", view_func=healthz, methods=["GET"])
    app.register_error_handler(WrongX, lambda error: _json({"error": str(error)}, 400))
    app.register_error_handler(RequestEntityTooLarge, lambda error: _too_large(model))
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(Exception, lambda error: _broken(app, error))
    app.after_request(named)
    return app


def read(body: bytes, model: Linear) -> Any:
    """The X of a request, whatever it says that its type is. Raises WrongX."""
    form = f"{FORM} with {model.expected.removeprefix('expected ')}"
    if not body.strip():
        raise WrongX(f"The request is empty; expected {form}.")
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError) as error:
        reason = "nested too deep" if isinstance(error, RecursionError) else str(error)
        raise WrongX(f"The request is no JSON ({reason}); expected {form}.") from None
    if not isinstance(asked, dict):
        raise WrongX(f"The request is no JSON object; expected {form}.")
    if "X" not in asked:
        found = f"; it has {', '.join(map(repr, sorted(asked)[:5]))}" if asked else ""
        raise WrongX(f'The request has no "X"{found}; expected {form}.')
    if more := sorted(asked.keys() - {"X"})[:5]:
        raise WrongX(f"The request has {', '.join(map(repr, more))} beside X; expected {form}.")
    return asked["X"]


def _too_large(model: Linear) -> Response:
    text = f"The request has more than {LARGEST} bytes; {model.expected}, as {FORM}."
    return _json({"error": text}, 400)


def _refused(error: HTTPException) -> Response:
    """What Flask itself refuses: another path, another method."""
    there = "There are POST /score and GET /healthz."
    response = _json({"error": f"{request.method} {request.path}: {error.name}. {there}"}, error.code or 500)
    response.headers.extend((name, value) for name, value in error.get_headers() if name == "Allow")
    return response


def _broken(app: Flask, error: Exception) -> Response:
    app.logger.error("%s %s failed", request.method, request.path, exc_info=error)
    return _json({"error": "The service failed; its log says why."}, 500)


def _json(body: Mapping[str, Any], status: int = 200) -> Response:
    response: Response = jsonify(body)
    response.status_code = status
    return response
