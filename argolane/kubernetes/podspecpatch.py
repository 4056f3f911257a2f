"""A template and the podSpecPatch of its workflow and its own in, the template as its pod is then out."""

from collections.abc import Iterable, Mapping
from typing import Any

from argolane.errors import ManifestError
from argolane.kubernetes.patching import PatchError, strategic_merge
from argolane.manifest import loads

_LISTS = ("containers", "initContainers", "volumes")


class NoPatch(Exception):
    """It is no patch of a pod: the text is Argo's."""

    def __init__(self) -> None:
        super().__init__("Error applying PodSpecPatch")


def patched(template: Mapping[str, Any], patches: Iterable[str]) -> dict[str, Any]:
    """What a patch says of main, of sidecars, init containers and volumes; the rest is of a cluster only."""
    kind = "script" if template.get("script") is not None else "container"
    main = {**(template.get(kind) or {}), "name": "main"}
    pod: dict[str, Any] = {
        "containers": [main, *(template.get("sidecars") or ())],
        "initContainers": list(template.get("initContainers") or ()),
        "volumes": list(template.get("volumes") or ()),
        "securityContext": dict(template.get("securityContext") or {}),
    }
    for text in patches:
        pod = _merged(pod, text)
    own = {"main", *(str(each.get("name")) for each in template.get("sidecars") or ())}
    found = {
        str(each.get("name")): each for each in pod.get("containers") or () if str(each.get("name")) in own
    }
    if "main" not in found:  # a pod without it is none
        raise NoPatch
    return {
        **template,
        kind: found.pop("main"),
        "sidecars": list(found.values()),
        "initContainers": [each for each in pod.get("initContainers") or () if each.get("name") != "init"],
        "volumes": pod.get("volumes") or [],
        "securityContext": pod.get("securityContext") or {},
    }


def _merged(pod: Mapping[str, Any], text: str) -> dict[str, Any]:
    try:
        changes = loads(text, "podSpecPatch")
        change = changes[0] if changes else {}
        if not isinstance(change, Mapping) or not all(_is_list(change.get(name)) for name in _LISTS):
            raise NoPatch
        return dict(strategic_merge(pod, change))
    except (ManifestError, PatchError):
        raise NoPatch from None


def _is_list(value: Any) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(each, Mapping) for each in value))
