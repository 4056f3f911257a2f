"""A registry in, the user's name and password for it out: from the files that `docker login` writes.

Docker's config.json, then podman's auth.json: a password in the file, or the credential helper that it names.
"""

import base64
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from argolane.containers.oci.names import DOCKER_HUB
from argolane.errors import ArgolaneError

_HELPER_SECONDS = 30
_HUB = "https://index.docker.io/v1/"
# What credential helpers say instead of a user's name when the secret is a token to get tokens with.
_TOKEN_USER = "<token>"  # noqa: S105


@dataclass(frozen=True)
class Credentials:
    """`identity` is a token to get tokens with; then there is no password."""

    user: str = ""
    password: str = ""
    identity: str = ""


def find(registry: str) -> Credentials | None:
    """None when nobody has logged in there; ArgolaneError for a file or helper that is broken."""
    for path in _files():
        if not path.is_file():
            continue
        try:
            config = json.loads(path.read_text(encoding="utf-8"))
            found = _in_config(config, registry, path) if isinstance(config, dict) else None
        except (ValueError, TypeError, AttributeError, KeyError):
            raise ArgolaneError(
                f"{path}: not a configuration of Docker. Mend it, or write it again with `docker login`."
            ) from None
        if found:
            return found
    return None


def _files() -> Iterator[Path]:
    yield Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker") / "config.json"
    if file := os.environ.get("REGISTRY_AUTH_FILE"):
        yield Path(file)
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        yield Path(runtime, "containers", "auth.json")


def _in_config(config: Mapping[str, Any], registry: str, path: Path) -> Credentials | None:
    keys = [registry, f"https://{registry}", f"http://{registry}", f"https://{registry}/v2/"]
    if registry == DOCKER_HUB:
        keys = [_HUB, "index.docker.io", *keys]
    helpers: Mapping[str, str] = config.get("credHelpers") or {}
    if helper := next((helpers[key] for key in keys if key in helpers), None):
        return _helped(helper, keys[0], path)
    held: Mapping[str, Mapping[str, str]] = config.get("auths") or {}
    entry = next((held[key] for key in keys if held.get(key)), None)
    if entry:
        if entry.get("identitytoken"):
            return Credentials(identity=entry["identitytoken"])
        if entry.get("auth"):
            user, _, password = base64.b64decode(entry["auth"]).decode().partition(":")
            return Credentials(user, password.rstrip("\0"))
        if entry.get("username"):
            return Credentials(entry["username"], entry["password"])
    if store := config.get("credsStore"):
        return _helped(str(store), keys[0], path)
    return None


def _helped(helper: str, key: str, path: Path) -> Credentials | None:
    program = f"docker-credential-{helper}"
    if "/" in helper:
        raise ArgolaneError(f"{path}: {helper!r} is no name of a credential helper.")
    try:
        answer = subprocess.run(
            [program, "get"], input=key, capture_output=True, text=True, timeout=_HELPER_SECONDS, check=False
        )
    except FileNotFoundError:
        raise ArgolaneError(
            f"{path} names the credential helper {program}, which is not on PATH. Install it, or log in "
            "again."
        ) from None
    except subprocess.TimeoutExpired:
        raise ArgolaneError(
            f"{program} does not answer in {_HELPER_SECONDS} s; {path} names it for {key}."
        ) from None
    if answer.returncode:
        return None  # as Docker does: nobody has logged in, and the registry may not ask
    said = json.loads(answer.stdout)
    if said["Username"] == _TOKEN_USER:
        return Credentials(identity=said["Secret"])
    return Credentials(said["Username"], said["Secret"])
