"""A SeldonDeployment in, what its custom resource definition has no place for out, and a copy that fits.

What the API server checks before Seldon sees anything: fields, types, required fields, quantities. It reads
the table of `table.py`, so every field that Seldon Core 1.17.1 has is known here and no other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from argolane.errors import unknown
from argolane.kubernetes.quantities import SCHEMA
from argolane.serving.crd import apps, table
from argolane.serving.crd.table import GRAPH, LEVELS, ROOT

__all__ = ["API_VERSIONS", "GRAPH", "KIND", "LEVELS", "ROOT", "Fit", "Misfit", "fit", "is_tag"]

KIND = "SeldonDeployment"
# The custom resource serves all three, with one schema; the last is the one it stores.
API_VERSIONS = tuple(f"machinelearning.seldon.io/{version}" for version in ("v1alpha2", "v1alpha3", "v1"))

_SIZES = {"int32": 2**31, "int64": 2**63}
_WANTED = {
    "string": "text (write it in quotes)",
    "boolean": "true or false",
    "quantity": "a quantity such as 100m or 1Gi",
    "intOrString": "a whole number or text",
    "int32": "a whole number",
    "int64": "a whole number",
}


@dataclass(frozen=True)
class Misfit:
    """One place of a manifest and why the API server refuses it."""

    at: str
    reason: str


@dataclass(frozen=True)
class Fit:
    """`value` is what fits of a manifest, so that others can read it without looking twice.

    It is not `known` where one of Argo's tags stands for a whole list or mapping.
    """

    misfits: tuple[Misfit, ...]
    value: Any
    known: bool = True


@cache
def _table() -> table.Table:
    return apps.extended(table.load())


def is_tag(value: object) -> bool:
    """Whether Argo fills the value in later."""
    return isinstance(value, str) and "{{" in value


def fit(value: Any, kind: str = ROOT, at: str = "", *, tags: bool = False, partial: bool = False) -> Fit:
    """A value of that kind (of the table: Deployment and Service, too) as the API server sees it.

    `tags`: a text with one of Argo's tags fits everywhere, for its value is not known yet. `partial`: nothing
    is required, as in a patch.
    """
    walk = _Walk(tags, partial)
    made = walk.value(value, kind, at)
    return Fit(tuple(walk.found), made, walk.known)


class _Walk:
    def __init__(self, tags: bool, partial: bool) -> None:
        self._tags, self._partial = tags, partial
        self.found: list[Misfit] = []
        self.known = True

    def value(self, value: Any, kind: str, at: str) -> Any:
        """The part of it that fits; None for nothing."""
        shaped = kind.startswith(("[]", "{}")) or kind[0].isupper()
        if self._tags and is_tag(value):
            self.known = self.known and not shaped
            return None if shaped else value
        if kind == "any":
            return value
        if kind.startswith("[]"):
            if not isinstance(value, list):
                return self._wrong(value, "a list", at)
            parts = [self.value(item, kind[2:], f"{at}[{i}]") for i, item in enumerate(value)]
            return [part for part in parts if part is not None]
        if shaped:
            if not isinstance(value, Mapping):
                return self._wrong(value, "a mapping", at)
            return self._map(value, kind[2:], at) if kind.startswith("{}") else self._object(value, kind, at)
        return value if _fits(value, kind) else self._wrong(value, _WANTED[kind], at)

    def _map(self, value: Mapping[Any, Any], kind: str, at: str) -> dict[str, Any]:
        made = {str(k): self.value(v, kind, _below(at, k)) for k, v in value.items() if v is not None}
        return {k: v for k, v in made.items() if v is not None}

    def _object(self, value: Mapping[Any, Any], kind: str, at: str) -> dict[str, Any]:
        known = _table()[kind]
        # As the API server reads it: `env:` with nothing behind it is no fault.
        given = {str(k): v for k, v in value.items() if v is not None}
        if not self._partial:
            missing = [name for name, below in known.items() if below.endswith("!") and name not in given]
            self.found += (Misfit(_below(at, name), "is required.") for name in missing)
        made: dict[str, Any] = {}
        for name, item in given.items():
            if name not in known:
                why = unknown("field", name, known)
                self._say(
                    _below(at, name), f"{why} kubectl refuses it; other clients lose it without a word."
                )
            elif kind == GRAPH and name == "children" and item and at.count(".children[") == LEVELS - 1:
                more = f"is level {LEVELS + 1}; a graph has at most {LEVELS} levels, the rest is cut off."
                self._say(_below(at, name), more)
            else:
                part = self.value(item, known[name].removesuffix("!"), _below(at, name))
                made |= {name: part} if part is not None else {}
        return made

    def _wrong(self, value: Any, wanted: str, at: str) -> None:
        shown = "nothing" if value is None else repr(value)
        if isinstance(value, (Mapping, list)):
            shown = "a list" if isinstance(value, list) else "a mapping"
        self._say(at, f"is {shown}; expected {wanted}.")

    def _say(self, at: str, reason: str) -> None:
        self.found.append(Misfit(at, reason))


def _fits(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    match kind:
        case "string":
            return isinstance(value, str)
        case "intOrString":
            return whole or isinstance(value, str)
        case "quantity":
            return whole or (isinstance(value, str) and SCHEMA.fullmatch(value) is not None)
        case "boolean":
            return False
        case _:
            return whole and -_SIZES[kind] <= value < _SIZES[kind]


def _below(at: str, name: object) -> str:
    return f"{at}.{name}" if at else str(name)
