"""A container of a SeldonDeployment in, what the API server refuses of it in a Deployment out."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from argolane.kubernetes import quantities
from argolane.kubernetes.names import LABEL
from argolane.serving.check.finding import Finding, error
from argolane.serving.crd import is_tag

LABEL_RULE = "expected lower-case letters, digits and '-', 63 at most"
_VARIABLE = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")
_PORT_NAME = re.compile(r"(?=.{1,15}$)(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*")
_PROBES = ("readinessProbe", "livenessProbe", "startupProbe")
_COUNTS = (
    "initialDelaySeconds", "periodSeconds", "timeoutSeconds", "successThreshold", "failureThreshold",
)  # fmt: skip
_HANDLERS = ("exec", "grpc", "httpGet", "tcpSocket")
_CLOSED = {
    "imagePullPolicy": ("Always", "IfNotPresent", "Never"),
    "terminationMessagePolicy": ("File", "FallbackToLogsOnError"),
}


def check(container: dict[str, Any], at: str, brought: set[str]) -> Iterator[Finding]:
    """`brought` are the containers whose image the operator fills in."""
    name = container.get("name", "")
    if name and not is_tag(name) and any(not_a_label(name)):
        yield error(f"{at}.name", f"is {name!r}; {LABEL_RULE}.")
    if not container.get("image") and name not in brought:
        yield error(f"{at}.image", "is required: the operator cannot make the Deployment without it.")
    for field, allowed in _CLOSED.items():
        value = container.get(field)
        if value and not is_tag(value) and value not in allowed:
            yield error(f"{at}.{field}", f"is {value!r}; expected one of {', '.join(allowed)}.")
    yield from environment(container.get("env") or (), f"{at}.env")
    yield from _ports(container.get("ports") or [], f"{at}.ports")
    yield from _resources(container.get("resources") or {}, f"{at}.resources")
    for field in _PROBES:
        probe = container.get(field)
        handlers = [handler for handler in _HANDLERS if probe and handler in probe]
        if probe and len(handlers) != 1:
            found = " and ".join(handlers) or "none"
            yield error(f"{at}.{field}", f"has {found} of {', '.join(_HANDLERS)}; expected one.")
        yield from _probe(probe or {}, field, f"{at}.{field}")


def _probe(probe: dict[str, Any], field: str, at: str) -> Iterator[Finding]:
    for name in _COUNTS:
        value = probe.get(name, 0)
        if isinstance(value, int) and value < 0:
            yield error(f"{at}.{name}", f"is {value}; expected no less than 0.")
    if field != "readinessProbe" and probe.get("successThreshold", 1) not in (0, 1):
        yield error(f"{at}.successThreshold", f"is {probe['successThreshold']}; expected 1.")
    if "exec" in probe and not (probe["exec"] or {}).get("command"):
        yield error(f"{at}.exec.command", "is missing; expected a command and its arguments.")
    for handler in ("httpGet", "tcpSocket"):
        port = (probe.get(handler) or {}).get("port")
        if isinstance(port, int) and not 1 <= port <= 65535:
            yield error(f"{at}.{handler}.port", f"is {port}; expected 1 to 65535.")


def environment(variables: Iterable[dict[str, Any]], at: str) -> Iterator[Finding]:
    """Variables with a name that a shell can hold and one source of their value."""
    for index, variable in enumerate(variables):
        name, source = variable.get("name"), variable.get("valueFrom")
        place = f"{at}[{index}]"
        if name is not None and not is_tag(name) and not _VARIABLE.fullmatch(name):
            yield error(f"{place}.name", f"is {name!r}; expected letters, digits, '_', '-' or '.'.")
        if source is not None and variable.get("value"):
            yield error(place, f"{name!r} has value and valueFrom; expected one of them.")
        if source is not None and len(source) != 1:
            found = " and ".join(sorted(source)) or "nothing"
            yield error(f"{place}.valueFrom", f"has {found}; expected one source.")


def _ports(ports: list[dict[str, Any]], at: str) -> Iterator[Finding]:
    for index, port in enumerate(ports):
        for field in ("containerPort", "hostPort"):
            number = port.get(field, 1)
            if isinstance(number, int) and not 1 <= number <= 65535:
                yield error(f"{at}[{index}].{field}", f"is {number}; expected 1 to 65535.")
        name = port.get("name")
        if name and not is_tag(name) and not _PORT_NAME.fullmatch(name):
            rule = "expected at most 15 lower-case letters, digits and '-', with a letter"
            yield error(f"{at}[{index}].name", f"is {name!r}; {rule}.")
    pairs = Counter((port.get("containerPort"), port.get("protocol", "TCP")) for port in ports)
    for (number, protocol), count in pairs.items():
        if count > 1:
            yield error(at, f"{protocol} port {number} stands {count} times.")


def _resources(resources: dict[str, Any], at: str) -> Iterator[Finding]:
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for kind, held in (("limits", limits), ("requests", requests)):
        for name, quantity in held.items():
            if str(quantity).startswith("-"):
                yield error(f"{at}.{kind}.{name}", f"is {quantity!r}; expected no less than 0.")
    for name in requests.keys() & limits.keys():
        asked, most = quantities.amount(requests[name]), quantities.amount(limits[name])
        if asked is not None and most is not None and asked > most:
            yield error(
                f"{at}.requests.{name}",
                f"is {requests[name]!r}, more than the limit of {limits[name]!r}.",
            )


def not_a_label(name: str) -> Iterator[str]:
    """Why a text is no DNS-1123 label, which the names of containers and volumes are."""
    if len(name) > 63 or not LABEL.fullmatch(name):
        yield LABEL_RULE
