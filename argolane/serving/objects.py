"""The name of a ConfigMap or Secret in, its values out: from `.argolane/objects/<kind>/<name>.json`.

The workflow engine's resource templates write them; this reads what a model container asks for.
"""

import base64
import json
from pathlib import Path

from argolane.errors import ArgolaneError
from argolane.project import Project


def files(project: Project, kind: str, name: str, *, optional: bool = False) -> dict[str, bytes]:
    """Every key with its content; {} for an optional object that is not there."""
    path = _path(project, kind, name)
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if optional:
            return {}
        raise ArgolaneError(
            f"There is no {kind} {name!r}: expected {path}. A workflow's resource template can create it."
        ) from None
    except ValueError:
        raise ArgolaneError(f"{path}: not JSON.") from None
    encoded, plain = ("data", "stringData") if kind == "Secret" else ("binaryData", "data")
    found = {key: base64.b64decode(text) for key, text in (body.get(encoded) or {}).items()}
    return found | {key: str(text).encode() for key, text in (body.get(plain) or {}).items()}


def values(project: Project, kind: str, name: str, *, optional: bool = False) -> dict[str, str]:
    """Every key with its text, as environment variables have it."""
    found = files(project, kind, name, optional=optional)
    return {key: content.decode(errors="surrogateescape") for key, content in found.items()}


def value(project: Project, kind: str, name: str, key: str, *, optional: bool = False) -> str | None:
    """One key's text; None if it is optional and not there."""
    found = values(project, kind, name, optional=optional)
    if key not in found and not optional:
        known = ", ".join(sorted(found)) or "none"
        raise ArgolaneError(f"{kind} {name!r} has no key {key!r}; it has {known}.")
    return found.get(key)


def _path(project: Project, kind: str, name: str) -> Path:
    return project.state / "objects" / kind.lower() / f"{name}.json"
