"""An http template in, what its server answered out: what Argo's agent does with it, from this machine."""

import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

from argolane.workflow.local.pod.exits import over
from argolane.workflow.local.reconciler.errors import OperationError
from argolane.workflow.local.reconciler.ports import PodOrder, PodResult
from argolane.workflow.local.reconciler.template.evaluation import evaluate

_SECONDS = 30


def run(order: PodOrder, secret: Callable[[str, str], str]) -> PodResult:
    """Succeeded for an answer of 2xx, or one that the successCondition holds for; the body is the result."""
    http, began = order.template["http"], time.time()
    try:
        answer = _asked(http, secret)
    except (OSError, ValueError) as error:
        return over("Failed", _unreached(http, error), began=began)
    saved = {"result": answer["body"]}
    if not http.get("successCondition"):
        good = 200 <= answer["statusCode"] < 300
        message = "" if good else f"received non-2xx response code: {answer['statusCode']}"
        return over("Succeeded" if good else "Failed", message, outputs=saved, began=began)
    condition = str(http["successCondition"])
    try:
        holds = evaluate(condition, {f"response.{key}": value for key, value in answer.items()})
    except OperationError as error:
        return over("Error", str(error), outputs=saved, began=began)
    if not isinstance(holds, bool):
        words = f"successCondition '{condition}' is no condition: it is {holds!r}"
        return over("Error", words, outputs=saved, began=began)
    message = "" if holds else f"successCondition '{condition}' evaluated false"
    return over("Succeeded" if holds else "Failed", message, outputs=saved, began=began)


def _asked(http: Mapping[str, Any], secret: Callable[[str, str], str]) -> dict[str, Any]:
    """statusCode, body and headers, as a successCondition names them."""
    url = str(http.get("url") or "")
    if not url.startswith(("http://", "https://")):
        raise ValueError(f'unsupported protocol scheme "{url.partition(":")[0] if ":" in url else ""}"')
    body = http.get("body")
    data = None if body is None else str(body).encode()
    request = urllib.request.Request(url, data, method=_method(http))  # noqa: S310  (looked at above)
    for header in http.get("headers") or ():
        request.add_header(str(header["name"]), _value(header, secret))
    context = None
    if http.get("insecureSkipVerify"):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    seconds = float(http.get("timeoutSeconds") or _SECONDS)
    try:
        answer = urllib.request.urlopen(request, timeout=seconds, context=context)  # noqa: S310
    except urllib.error.HTTPError as refused:  # An answer as well.
        answer = refused
    with answer:
        headers: dict[str, list[str]] = {}
        for name, value in answer.headers.items():
            headers.setdefault(name.title(), []).append(value)
        text = answer.read().decode("utf-8", "replace")
        return {"statusCode": answer.status, "body": text, "headers": headers}


def _value(header: Mapping[str, Any], secret: Callable[[str, str], str]) -> str:
    source = (header.get("valueFrom") or {}).get("secretKeyRef")
    return secret(str(source["name"]), str(source["key"])) if source else str(header.get("value") or "")


def _method(http: Mapping[str, Any]) -> str:
    return str(http.get("method") or "GET").upper()


def _unreached(http: Mapping[str, Any], error: Exception) -> str:
    """As Go says it, as far as this machine knows."""
    reason = getattr(error, "reason", error)
    url = str(http.get("url") or "")
    place = url.partition("://")[2].partition("/")[0]
    if isinstance(reason, ConnectionRefusedError):
        reason = f"dial tcp {place}: connect: connection refused"
    return f'{_method(http).capitalize()} "{url}": {reason}'
