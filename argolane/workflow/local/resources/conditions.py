"""An object and the conditions of a resource template in, the wait until one of them holds."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from argolane.kubernetes import selectors
from argolane.workflow.local.pod.stopping import PAST_DEADLINE, Stop
from argolane.workflow.local.resources.kubectl import ResourceError

_POLL = 0.25


class Interrupted(Exception):
    """The pod's deadline, or the run's end."""


def wait(
    resource: Mapping[str, Any],
    get: Callable[[], dict[str, Any] | None],
    stop: Stop,
    until: float | None,
    note: Callable[[str], None],
) -> None:
    """Poll until the success condition holds; ResourceError when the other one does.

    `note` is told meanwhile what the object says of itself, whenever that is something new.
    """
    success = _selector("success", resource.get("successCondition"))
    failure = _selector("fail", resource.get("failureCondition"))
    if not success and not failure:
        return
    noted = ""
    while True:
        found = get()
        if found is None:
            raise ResourceError(
                "The resource has been deleted while its status was still being checked. "
                "Will not be retried: the server could not find the requested resource"
            )
        for requirement in failure:
            if requirement.matches(found):
                raise ResourceError(f"failure condition '{requirement.shown}' evaluated true")
        if all(requirement.matches(found) for requirement in success):
            return
        if stop.reason:
            raise Interrupted(stop.reason)
        if (words := standing(found)) != noted:
            noted = words
            note(words)
        if until is not None and time.time() > until:
            raise Interrupted(PAST_DEADLINE)
        time.sleep(_POLL)


def standing(found: Mapping[str, Any] | None) -> str:
    """What the object says of itself, for whoever waits; '' when it says nothing."""
    status = found.get("status") if found else None
    if not found or not isinstance(status, Mapping) or not status.get("description"):
        return ""
    first = str(status["description"]).partition("\n")[0]
    state = f" is {status['state']}" if status.get("state") else ""
    return f"{found.get('kind')} {found['metadata']['name']!r}{state}: {first}"


def _selector(which: str, text: object) -> tuple[selectors.Requirement, ...]:
    if not text:
        return ()
    try:
        return selectors.parse(str(text))
    except selectors.SelectorError as error:
        raise ResourceError(f"{which} condition '{text}' failed to parse: {error}") from None
