"""A request in, nothing out if a deployment answers it: a load of requests that fail measures nothing."""

import http.client
import json

from argolane.errors import ArgolaneError
from argolane.serving.load.address import JSON, Address


def check_first(address: Address, body: bytes, *, timeout: float) -> None:
    """ArgolaneError, with the deployment's own words, unless the status is 2xx."""
    path = address.head.split(" ", 2)[1]
    host = address.head.split("\r\nHost: ", 1)[1].split("\r\n", 1)[0]
    connection = http.client.HTTPConnection(*address.where, timeout=timeout)
    try:
        connection.request("POST", path, body, {"Content-Type": JSON, "Accept": JSON, "Host": host})
        answer = connection.getresponse()
        text = answer.read()
    except ConnectionRefusedError:
        raise ArgolaneError(
            f"{address.url}: nothing answers there. 'argolane get deployments' shows what runs here, "
            "and why not."
        ) from None
    except TimeoutError:
        raise ArgolaneError(
            f"{address.url}: no answer to a first request within {timeout:g} s. Wait longer with --timeout."
        ) from None
    except (OSError, http.client.HTTPException) as error:
        raise ArgolaneError(f"{address.url}: {error or type(error).__name__}.") from None
    finally:
        connection.close()
    if not 200 <= answer.status < 300:
        raise ArgolaneError(
            f"{address.url}: HTTP {answer.status} to a first request: {_info(text)}. No load was sent."
        )


def _info(text: bytes) -> str:
    try:
        return str(json.loads(text)["status"]["info"]).strip().rstrip(".")
    except (ValueError, KeyError, TypeError):
        return " ".join(text[:300].decode(errors="replace").split()) or "no words"
