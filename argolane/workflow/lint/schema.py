"""A document in, fields that Argo does not know and values of the wrong type out, at any depth.

Argo's server refuses both; Hera's models drop unknown fields without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from argolane.errors import unknown
from argolane.kubernetes import quantities
from argolane.languages.gotext import number_json
from argolane.workflow.lint import fields, gotypes

# Only Argo 4 has these.
_SINCE_4 = {
    (kind, "plugin") for kind in ("Artifact", "ArtifactLocation", "ArtifactPaths", "ArtifactRepository")
}
_JSON = {dict: "object", list: "array", str: "string", bool: "bool", int: "number", float: "number"}


@dataclass(frozen=True)
class Misfit:
    """`reason` says what is wrong in our words; `argo` is what Argo's parser says of it, '' for nothing."""

    where: str
    reason: str
    argo: str
    unknown_field: bool

    @property
    def fatal(self) -> bool:
        """Whether Argo's parser stops here: at a wrong type, and at any unknown field within steps."""
        return bool(self.argo) and not self.argo.startswith("unknown field")


@cache
def _table() -> fields.Table:
    return fields.load()


def misfits(body: Mapping[str, Any]) -> list[Misfit]:
    """Everything in a document of one of Argo's kinds that has no place in it."""
    return list(_Walk().object(body, str(body.get("kind")), "", ""))


def first_complaint(body: Mapping[str, Any]) -> str | None:
    """Argo's text when it cannot read `body`: the first wrong type, or all unknown fields at once."""
    found = misfits(body)
    for misfit in found:
        if misfit.fatal:
            return misfit.argo
    if found := [misfit for misfit in found if misfit.argo]:
        return "strict decoding error: " + ", ".join(misfit.argo for misfit in found)
    return None


class _Walk:
    """Depth first, keys sorted: the order in which Argo meets them, for it reads YAML through JSON."""

    def object(self, value: Mapping[str, Any], kind: str, where: str, go: str) -> Iterator[Misfit]:
        known = _table().get(kind, {})
        for name in sorted(value, key=str):
            place = _below(where, str(name))
            path = _below(go, gotypes.embedded(kind, str(name)) + str(name))
            if name not in known:
                yield Misfit(
                    place, unknown("field", str(name), known), _strict(place, name), unknown_field=True
                )
            elif (kind, name) in _SINCE_4:
                reason = "Argo 3.7 does not know this field."
                yield Misfit(place, reason, _strict(place, name), unknown_field=True)
            else:
                yield from self.value(value[name], known[name], place, path, kind)

    def value(self, value: Any, kind: str, where: str, go: str, owner: str) -> Iterator[Misfit]:
        if value is None or kind == "any":
            return
        if kind.startswith("[]"):
            if not isinstance(value, list):
                yield self.wrong(value, kind, where, go, owner)
                return
            for index, item in enumerate(value):
                yield from self.value(item, kind[2:], f"{where}[{index}]", go, owner)
        elif kind.startswith("{}"):
            if not isinstance(value, dict):
                yield self.wrong(value, kind, where, go, owner)
                return
            for name in sorted(value, key=str):
                yield from self.value(value[name], kind[2:], _below(where, str(name)), go, owner)
        elif kind[0].isupper():
            if not isinstance(value, dict):
                yield self.wrong(value, kind, where, go, owner)
                return
            yield from self.object(value, kind, where, go)
        elif not _fits(value, kind):
            yield self.wrong(value, kind, where, go, owner)

    def wrong(self, value: Any, kind: str, where: str, go: str, owner: str) -> Misfit:
        found = _json_type(value)
        shown = {"object": "a mapping", "array": "a list"}.get(found, f"{value!r} ({found})")
        reason = f"is {shown}; expected {_plain(kind)}."
        return Misfit(where, reason, _complaint(value, kind, go, owner), unknown_field=False)


def _complaint(value: Any, kind: str, go: str, owner: str) -> str:
    if kind == "quantity":
        return quantities.problem(str(value)) or ""
    found = _json_type(value)
    if isinstance(value, float) and kind in ("integer", "intOrString"):
        found = f"number {number_json(value)}"
    # Steps come through a reader of their own, which reports to the template.
    owner = "Template" if owner == "WorkflowStep" else owner
    wanted = gotypes.type_of(kind, go.rpartition(".")[2], _table()["kubernetes"])
    return f"json: cannot unmarshal {found} into Go struct field {owner}.{go} of type {wanted}"


def _json_type(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    return next((name for type_, name in _JSON.items() if isinstance(value, type_)), "value")


def _strict(place: str, name: object) -> str:
    """Argo reads steps by a reader of its own, which is strict about a step's fields and not below them."""
    steps = re.match(r".*?\.steps\[\d+\](\[\d+\])?\.?(?P<below>.*)", place)
    if not steps:
        return f'unknown field "{place}"'
    return f'json: unknown field "{name}"' if steps["below"] == name else ""


def _fits(value: Any, kind: str) -> bool:
    boolean = isinstance(value, bool)
    match kind:
        case "string":
            return isinstance(value, str)
        case "boolean":
            return boolean
        case "integer":
            whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
            return whole and not boolean
        case "number":
            return isinstance(value, (int, float)) and not boolean
        case "intOrString":
            return isinstance(value, (int, str)) and not boolean
        case "quantity":
            readable = isinstance(value, (int, float, str)) and not boolean
            return readable and quantities.problem(str(value)) is None
        case _:
            return True  # anyText: a parameter's value, which Argo takes in any form.


def _below(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _plain(kind: str) -> str:
    if kind.startswith("[]"):
        return "a list"
    if kind.startswith("{}") or kind[0].isupper():
        return "a mapping"
    names = {
        "string": "text (write it in quotes)",
        "boolean": "true or false",
        "integer": "a whole number",
        "number": "a number",
        "intOrString": "a whole number or text",
        "quantity": "a quantity such as 100m or 1Gi",
    }
    return names[kind]
