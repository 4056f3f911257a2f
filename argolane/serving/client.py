"""A URL and a request in, the answer out: the client of `argolane predict`, notebooks and tests.

Seldon's own client has no timeout, sends random numbers when data are missing, and pulls its whole old stack
in; this one does the two calls that are needed, and says what to do when they fail.
"""

import contextlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from argolane.errors import ArgolaneError

if TYPE_CHECKING:
    import httpx

PAYLOADS = ("data", "jsonData", "strData", "binData")
_DATA = ("ndarray", "tensor", "tftensor")
_FIELDS = (*PAYLOADS, "meta", "status")
_PREDICTIONS, _FEEDBACK = "/predictions", "/feedback"


def request(rows: Sequence[Sequence[Any]] | Sequence[Any], *, names: Sequence[str] = ()) -> dict[str, Any]:
    """A request with `rows` as ndarray; numpy arrays are welcome."""
    values = rows.tolist() if hasattr(rows, "tolist") else list(rows)
    return {"data": ({"names": list(names)} if names else {}) | {"ndarray": values}}


def read_request(path: Path) -> dict[str, Any]:
    """The request in a JSON file; ArgolaneError if it is not there, not JSON or no request."""
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ArgolaneError(f"{path}: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise ArgolaneError(f"{path}: not UTF-8 text.") from None
    except ValueError as error:
        raise ArgolaneError(f"{path}: not JSON: {error}.") from None
    check(body, where=f"{path}: ")
    return dict(body)


def check(body: object, *, where: str = "") -> None:
    """ArgolaneError unless `body` has the shape of a request; the values are the model's matter."""
    expected = 'expected something like {"data": {"ndarray": [[0.0, 0.5]]}}'
    if not isinstance(body, dict):
        raise ArgolaneError(f"{where}the request is {_kind(body)}; {expected}.")
    strange = [key for key in body if key not in _FIELDS]
    if strange:
        raise ArgolaneError(
            f"{where}the request has {strange[0]!r}; allowed are {', '.join(_FIELDS)}; {expected}."
        )
    given = [key for key in PAYLOADS if key in body]
    if len(given) != 1:
        found = " and ".join(given) or "none"
        raise ArgolaneError(f"{where}the request has {found} of {', '.join(PAYLOADS)}; expected exactly one.")
    if given == ["data"]:
        data = body["data"]
        forms = [key for key in _DATA if isinstance(data, dict) and key in data]
        if len(forms) != 1:
            raise ArgolaneError(f"{where}data must hold exactly one of {', '.join(_DATA)}; {expected}.")
    elif given != ["jsonData"] and not isinstance(body[given[0]], str):
        raise ArgolaneError(f"{where}{given[0]} is {_kind(body[given[0]])}; expected text.")


def predict(url: str, body: dict[str, Any], *, timeout: float = 10) -> dict[str, Any]:
    """The answer of the deployment at `url` (its status.address.url); ArgolaneError when there is none."""
    check(body)
    return _post(url, body, timeout)


def send_feedback(url: str, *, request: dict[str, Any], response: dict[str, Any], reward: float,
                  truth: dict[str, Any] | None = None, timeout: float = 10,
                  over: "httpx.Client | None" = None) -> dict[str, Any]:  # fmt: skip
    """Tell the models that answered `response` (its meta.routing says which) how good it was.

    Without meta.routing in it the reward goes to all arms: deploy with SELDON_ENABLE_ROUTING_INJECTION.
    Who tells many rewards tells them `over` one `opened` client.
    """
    body = {"request": request, "response": response, "reward": reward} | ({"truth": truth} if truth else {})
    return _post(feedback_url(url), body, timeout, over)


def feedback_url(url: str) -> str:
    """Where a deployment whose status.address.url this is takes feedback."""
    return url.removesuffix(_PREDICTIONS) + _FEEDBACK if url.endswith(_PREDICTIONS) else url


def opened(url: str) -> "httpx.Client":
    """What keeps its connection to the deployment at `url` for many calls: to be closed."""
    import httpx

    # trust_env: a proxy of the environment is for the world outside, not for this machine's own ports.
    local = httpx.URL(url).host in ("127.0.0.1", "localhost", "::1")
    return httpx.Client(trust_env=not local)


def _post(
    url: str, body: dict[str, Any], timeout: float, over: "httpx.Client | None" = None
) -> dict[str, Any]:
    import httpx

    try:
        with contextlib.nullcontext(over) if over else opened(url) as client:
            response = client.post(url, json=body, timeout=timeout)
    except httpx.InvalidURL as error:
        raise ArgolaneError(f"{url!r} is not a URL: {error}.") from None
    except httpx.ConnectError:
        raise ArgolaneError(
            f"{url}: nothing answers there. 'argolane get deployments' shows what runs here, and why not."
        ) from None
    except httpx.TimeoutException:
        raise ArgolaneError(f"{url}: no answer within {timeout:g} s. Wait longer with --timeout.") from None
    except (httpx.HTTPError, ValueError) as error:
        raise ArgolaneError(f"{url}: {error or type(error).__name__}.") from None
    return answer(url, response)


def answer(url: str, response: Any) -> dict[str, Any]:
    """What an HTTP response says; ArgolaneError with the deployment's own words where it is an error."""
    try:
        found = response.json()
    except ValueError:
        found = None
    if response.status_code != 200:
        said = found.get("status") if isinstance(found, dict) else None
        info = said.get("info") if isinstance(said, dict) else None
        raise ArgolaneError(f"{url}: HTTP {response.status_code}: {info or _short(response.text)}")
    if not isinstance(found, dict):
        raise ArgolaneError(f"{url}: the answer is not a JSON object: {_short(response.text)}")
    return found


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 300 else text[:300] + " ..."


def _kind(value: object) -> str:
    return {type(None): "null", list: "a list", dict: "an object", str: "text", bool: "true or false"}.get(
        type(value), "a number"
    )
