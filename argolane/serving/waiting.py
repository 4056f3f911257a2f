"""Objects and a condition of `kubectl wait --for` in, each as soon as it meets it out."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from argolane.errors import ArgolaneError, UsageError
from argolane.languages import jsonpath
from argolane.languages.jsonpath.parser import PathError
from argolane.project import Project
from argolane.serving.apiserver import ApiServer
from argolane.serving.bundle import Reference

_POLL = 0.2
Holds = Callable[[Mapping[str, Any] | None], bool]


def until(
    project: Project, wanted: Sequence[Reference], condition: str, *, timeout: float
) -> Iterator[Reference]:
    """ArgolaneError for one that is not there, and when time is up."""
    holds = _read(condition)
    server = ApiServer(project)
    begun = time.monotonic()
    for each in wanted:
        while not holds(found := server.get(each.kind, each.name, namespace=each.namespace or None)):
            if found is None:
                raise ArgolaneError(f"{each.shown} is not there.")
            if (waited := time.monotonic() - begun) > timeout:
                raise ArgolaneError(f"{each.shown}: --for={condition} does not hold after {waited:.0f} s.")
            time.sleep(_POLL)
        yield each


def _read(condition: str) -> Holds:
    word, _, rest = condition.partition("=")
    if condition == "delete":
        return lambda found: found is None
    if word == "condition" and rest:
        name, _, value = rest.partition("=")
        return lambda found: found is not None and _condition(found, name) == (value or "true").lower()
    path, equals, value = rest.rpartition("=")
    if word == "jsonpath" and equals:
        return lambda found: found is not None and _at(path, found) == value.strip("'\"")
    raise UsageError(
        f"--for={condition}: expected delete, condition=NAME[=VALUE] or jsonpath={{.status.phase}}=VALUE."
    )


def _condition(found: Mapping[str, Any], name: str) -> str:
    for each in (found.get("status") or {}).get("conditions") or ():
        if str(each.get("type", "")).lower() == name.lower():
            return str(each.get("status", "")).lower()
    return ""


def _at(path: str, found: Mapping[str, Any]) -> str:
    try:
        return jsonpath.render(path if path.startswith("{") else f"{{{path}}}", dict(found))
    except PathError as error:
        raise UsageError(f"--for=jsonpath={path}: {error}") from None
