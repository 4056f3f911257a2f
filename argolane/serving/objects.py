"""The name of a ConfigMap or Secret in, its values out: from `.argolane/objects/<kind>/<name>.json`."""

import base64
import json
from pathlib import Path

from argolane.errors import ArgolaneError
from argolane.project import Project


def values(project: Project, kind: str, name: str, *, optional: bool = False) -> dict[str, str]:
    """Every key with its text; {} for an optional object that is not there."""
    path = _path(project, kind, name)
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if optional:
            return {}
        raise ArgolaneError(
            f"No {kind} {name!r}: {path} is not there. Create it with a workflow, or by hand."
        ) from None
    except ValueError:
        raise ArgolaneError(f"{path}: not JSON.") from None
    data = {key: str(value) for key, value in (body.get("data") or {}).items()}
    if kind == "Secret":
        data = {key: base64.b64decode(value).decode() for key, value in data.items()}
    return data | {key: str(value) for key, value in (body.get("stringData") or {}).items()}


def value(project: Project, kind: str, name: str, key: str, *, optional: bool = False) -> str | None:
    """One key's text; None if it is optional and not there."""
    found = values(project, kind, name, optional=optional)
    if key not in found and not optional:
        known = ", ".join(sorted(found)) or "none"
        raise ArgolaneError(f"{kind} {name!r} has no key {key!r}; it has {known}.")
    return found.get(key)


def _path(project: Project, kind: str, name: str) -> Path:
    return project.state / "objects" / kind / f"{name}.json"
