"""An image reference in, the image as Docker or Podman has it out: pulled by that engine if it is missing."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from argolane.containers.engine.client import Engine, EngineError, ask
from argolane.containers.oci import documents, names
from argolane.errors import ArgolaneError


@dataclass(frozen=True)
class Found:
    """`digest` names the image in its engine, and no later one of the same tag."""

    digest: str
    config: documents.Config


def get(engine: Engine, reference: str, *, say: Callable[[str], None]) -> Found:
    """ArgolaneError, with the engine's own words, when it has not the image and cannot pull it.

    As Kubernetes: `latest` is pulled each time, and the one that is here is used when that fails.
    """
    name = names.of(reference)
    found = _inspected(engine, reference)
    if found is not None and name.tag != "latest":
        return found
    say(f"Pulling {name.full} with {engine}.")
    try:
        ask(engine, "pull", "--quiet", name.full)
    except EngineError as error:
        if found is None:
            raise ArgolaneError(
                f"Image {reference!r}: {error}. Give it to {engine} with `{engine} load` or `{engine} build`."
            ) from None
        say(f"{error}; {reference} is taken as {engine} has it.")
        return found
    pulled = _inspected(engine, name.full)
    if pulled is None:
        raise ArgolaneError(f"Image {reference!r}: {engine} has pulled it, and does not know it.")
    return pulled


def _inspected(engine: Engine, reference: str) -> Found | None:
    """As the user writes it: an image that was built or imported here may be known by a short name alone."""
    try:
        said: list[dict[str, Any]] = json.loads(ask(engine, "image", "inspect", reference))
    except EngineError:
        return None
    document = {"config": said[0].get("Config") or {}, "os": said[0].get("Os") or "linux"}
    config = documents.config(json.dumps(document).encode(), (), f"Image {reference!r}")
    return Found(str(said[0]["Id"]), config)
