"""A claim for a volume in, what the API server would refuse of it out, by its place, in its words."""

from collections.abc import Iterator, Mapping
from typing import Any

from argolane.kubernetes.names import not_a_label_key, not_a_label_value
from argolane.kubernetes.quantities import amount

_ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
_VOLUME_MODES = ("Block", "Filesystem")


def of_claim(claim: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Access modes, volume mode, size and labels; of values that still hold a tag nothing is said."""
    spec = _mapping(claim.get("spec"))
    modes = spec.get("accessModes")
    if not modes:
        yield "spec.accessModes", "Required value: at least 1 access mode is required"
    for mode in modes if isinstance(modes, list) else ():
        yield from _one_of("spec.accessModes", mode, _ACCESS_MODES)
    if isinstance(modes, list) and "ReadWriteOncePod" in modes and len(modes) > 1:
        yield (
            "spec.accessModes",
            "Forbidden: may not use ReadWriteOncePod with other access modes",
        )
    if spec.get("volumeMode"):
        yield from _one_of("spec.volumeMode", spec["volumeMode"], _VOLUME_MODES)
    size = _mapping(_mapping(spec.get("resources")).get("requests")).get("storage")
    where = "spec.resources.requests.storage"
    if size is None:
        yield where, "Required value"
    elif "{{" not in str(size) and (amount(size) or 0) <= 0:
        yield where, f'Invalid value: "{size}": must be greater than zero'
    for key, value in _mapping(_mapping(claim.get("metadata")).get("labels")).items():
        if "{{" in f"{key}{value}":
            continue
        for fault in (*not_a_label_key(str(key)), *not_a_label_value(str(value))):
            yield f"metadata.labels.{key}", fault


def _one_of(place: str, value: object, allowed: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if "{{" not in str(value) and value not in allowed:
        choices = ", ".join(f'"{choice}"' for choice in allowed)
        yield place, f'Unsupported value: "{value}": supported values: {choices}'


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
