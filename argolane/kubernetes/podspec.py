"""A template's containers in, what the API server would refuse of their pod out, in its words and places.

Argo sends the pod as it is written, so these faults end a run, not a submission. In a pod `wait` is
containers[0] and `main` containers[1]; Argo's own init container comes before the user's. Names, images,
ports, variables, mount paths, policies and resources are looked at; the server looks at more.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from argolane.kubernetes.names import LABEL, SUBDOMAIN, invalid
from argolane.kubernetes.quantities import amount

Tree = Mapping[str, Any]

_NOT_A_LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start "
    "and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    f"'{LABEL.pattern}')"
)
_VARIABLE = re.compile(r"[ -<>-~]+")
_NO_VARIABLE = (
    "a valid environment variable name must consist only of printable ASCII characters other than '='"
)
_CHOICES = {
    "terminationMessagePolicy": ("File", "FallbackToLogsOnError"),
    "imagePullPolicy": ("Always", "IfNotPresent", "Never"),
}


def refusal(pod: str, template: Tree) -> str:
    """`Pod "x" is invalid: spec.containers[2].name: Required value`, or '' for a pod that is taken."""
    faults = [f"{place}: {fault}" for place, fault in of_template(template)]
    return invalid("Pod", pod, faults) if faults else ""


def of_template(template: Tree) -> Iterator[tuple[str, str]]:
    """Each fault with its place in the pod; of values that still hold a tag nothing is said."""
    main = {**(template.get("container") or template.get("script") or {}), "name": "main"}
    if not main.get("image"):
        return
    seen = {"wait", "init"}
    yield from _containers("spec.containers", [main, *_listed(template, "sidecars")], seen)
    yield from _containers("spec.initContainers", _listed(template, "initContainers"), seen)


def _listed(holder: Tree, field: str) -> list[Tree]:
    """What is written under a field of lists; what is no mapping there was complained of elsewhere."""
    return [entry for entry in holder.get(field) or () if isinstance(entry, Mapping)]


def _containers(path: str, containers: Iterable[Tree], seen: set[str]) -> Iterator[tuple[str, str]]:
    for number, container in enumerate(containers, 1):
        place, name = f"{path}[{number}]", container.get("name")
        yield from _name(f"{place}.name", name)
        if not container.get("image"):
            yield f"{place}.image", "Required value"
        yield from _choice(place, container, "terminationMessagePolicy")
        for i, port in enumerate(_listed(container, "ports")):
            yield from _port(f"{place}.ports[{i}].containerPort", port.get("containerPort"))
        for i, variable in enumerate(_listed(container, "env")):
            yield from _variable(f"{place}.env[{i}]", variable)
        yield from _mounts(f"{place}.volumeMounts", _listed(container, "volumeMounts"))
        yield from _choice(place, container, "imagePullPolicy")
        yield from _requests(f"{place}.resources.requests", container.get("resources") or {})
        if (known := str(name or "")) in seen:
            yield f"{place}.name", f'Duplicate value: "{known}"'
        seen.add(known)


def _name(place: str, name: object) -> Iterator[tuple[str, str]]:
    if not name:
        yield place, "Required value"
        return
    text = str(name)
    if "{{" in text or (LABEL.fullmatch(text) and len(text) <= 63):
        return
    if len(text) > 63:
        yield place, f'Invalid value: "{text}": must be no more than 63 characters'
    if not LABEL.fullmatch(text):
        reason = "must not contain dots" if SUBDOMAIN.fullmatch(text) else _NOT_A_LABEL
        yield place, f'Invalid value: "{text}": {reason}'


def _mounts(place: str, mounts: list[Tree]) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for i, mount in enumerate(mounts):
        path = str(mount.get("mountPath") or "")
        if not path:
            yield f"{place}[{i}].mountPath", "Required value"
        elif path in seen:
            yield f"{place}[{i}].mountPath", f'Invalid value: "{path}": must be unique'
        seen.add(path)


def _choice(place: str, container: Tree, field: str) -> Iterator[tuple[str, str]]:
    chosen, allowed = container.get(field), _CHOICES[field]
    if chosen and "{{" not in chosen and chosen not in allowed:
        choices = ", ".join(f'"{choice}"' for choice in allowed)
        yield f"{place}.{field}", f'Unsupported value: "{chosen}": supported values: {choices}'


def _port(place: str, port: object) -> Iterator[tuple[str, str]]:
    if not port:
        yield place, "Required value"
    elif isinstance(port, int) and not 0 < port < 65536:
        yield place, f"Invalid value: {port}: must be between 1 and 65535, inclusive"


def _variable(place: str, variable: Tree) -> Iterator[tuple[str, str]]:
    name = str(variable.get("name") or "")
    if not name:
        yield f"{place}.name", "Required value"
    elif "{{" not in name and not _VARIABLE.fullmatch(name):
        yield f"{place}.name", f'Invalid value: "{name}": {_NO_VARIABLE}'
    value = str(variable.get("value") or "")
    if variable.get("valueFrom") and value and "{{" not in value:
        yield f"{place}.valueFrom", 'Invalid value: "": may not be specified when `value` is not empty'


def _requests(place: str, resources: Tree) -> Iterator[tuple[str, str]]:
    requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
    for kind in sorted(requests.keys() & limits.keys()):
        asked, most = amount(requests[kind]), amount(limits[kind])
        if asked is not None and most is not None and asked > most:
            limit = f"must be less than or equal to {kind} limit of {limits[kind]}"
            yield place, f'Invalid value: "{requests[kind]}": {limit}'
