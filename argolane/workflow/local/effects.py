"""A spec and the settings in, lines out about what a cluster acts on and this run does not."""

from collections.abc import Mapping
from typing import Any

from argolane.containers import cgroups
from argolane.containers.cgroups import Limits
from argolane.containers.engine import client
from argolane.kubernetes import containerspec
from argolane.settings import ProjectSettings
from argolane.workflow.local import fields

Tree = Mapping[str, Any]


def without_effect(spec: Tree, settings: ProjectSettings) -> list[str]:
    """Lines that list the fields that mean something on a cluster only, or not on this machine."""
    real = settings.images not in ("machine", "strict")
    found = [
        name
        for name in sorted(set(fields.without_effect(spec)))
        # Who main is: containers on this machine's files are its user.
        if not (real and name.endswith(".securityContext"))
    ]
    lines = [f"No effect in a local run: {', '.join(found)}."] if found else []
    if (limits := _limits(spec)) and (reason := _unlimited(limits, settings)):
        lines.append(f"resources.limits do not hold in this run: {reason}.")
    return lines


def _unlimited(limits: Limits, settings: ProjectSettings) -> str:
    if not settings.limits:
        return "argolane.toml says `limits = false`"
    # Engines see to limits themselves, wherever this user may not.
    return "" if settings.images in client.ENGINES else cgroups.lacking(limits)


def _limits(spec: Tree) -> Limits:
    """The largest of each kind, for what counts is that there are any."""
    found = [containerspec.limits(c) for t in spec.get("templates") or () for _, c in fields.containers(t)]
    return Limits(
        max((each.memory for each in found if each.memory is not None), default=None),
        max((each.cpu for each in found if each.cpu is not None), default=None),
    )
