"""A template with `{{tags}}` in, the template with values out, by Argo's rules.

Tags are replaced in the JSON text of the whole template, so a value may hold quotes and newlines but a
control character breaks the JSON. What has no value stays as it is written, unless the caller is strict:
`strict=None` allows it all, `("tasks", "steps")` insists on those roots, `EVERYTHING` on every tag.
"""

import json
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

from argolane.errors import ArgolaneError
from argolane.languages import expr
from argolane.languages.gotext import quote, to_json

EVERYTHING = ("",)
_LATE = (
    "item", "retries", "lastRetry.exitCode", "lastRetry.status", "lastRetry.duration", "lastRetry.message",
    "workflow.status", "workflow.failures",
)  # fmt: skip


class SubstitutionError(ArgolaneError):
    """A tag cannot be replaced; the message is Argo's.

    `missing`: Argo would wait for the value for ever. `culprits`: which values are to blame, in our words.
    """

    def __init__(self, message: str, *, missing: bool = False, culprits: str = "") -> None:
        super().__init__(message)
        self.missing, self.culprits = missing, culprits

    @property
    def explained(self) -> str:
        """Argo's message, and the culprits after it."""
        return f"{self}: {self.culprits}" if self.culprits else str(self)


def substitute(
    tree: Any, values: Mapping[str, Any], *, strict: Sequence[str] | None = None, expressions: bool = True
) -> Any:
    """`tree` (plain data) with tags replaced from `values`: name -> text, None for an absent output.

    Without `expressions` those of `{{=...}}` stay as they are, not looked at.
    """
    text = json.dumps(tree, ensure_ascii=False)
    if "{{" not in text:
        return tree
    replaced = replace(text, values, strict=strict, expressions=expressions)
    try:
        return json.loads(replaced)
    except ValueError:
        raise SubstitutionError(
            "cannot finish template replacement because the result was invalid JSON",
            culprits=_culprits(text, values),
        ) from None


def _culprits(text: str, values: Mapping[str, Any]) -> str:
    """Which values hold a character that Go writes in a way that JSON does not know."""
    found = []
    for name in dict.fromkeys(
        part.partition("}}")[0].strip().removeprefix("=") for part in text.split("{{")[1:]
    ):
        value = values.get(name)
        strange = [c for c in value if not _is_json(quote(c))] if isinstance(value, str) else []
        if strange:
            codes = ", ".join(f"U+{ord(c):04X}" for c in dict.fromkeys(strange))
            found.append(f"{name} holds {codes}")
    return "; ".join(found)


def _is_json(quoted: str) -> bool:
    try:
        json.loads(f'"{quoted}"')
    except ValueError:
        return False
    return True


def replace(
    text: str, values: Mapping[str, Any], *, strict: Sequence[str] | None = None, expressions: bool = True
) -> str:
    """The same on JSON text; the result is not checked to be JSON."""
    tags = _Tags(values, strict, expressions)
    out, rest = [], text
    while (at := rest.find("{{")) >= 0:
        out.append(rest[:at])
        rest = rest[at + 2 :]
        end = rest.find("}}")
        if end < 0:
            # In a whole template Go's own closing braces end the tag, and it stays as it is.
            if text.startswith('"'):
                check_closed(text)
            out.append("{{")
            break
        tag, rest = rest[:end], rest[end + 2 :]
        out.append(tags.expression(tag[1:]) if tag.startswith("=") else tags.simple(tag))
    out.append(rest)
    return "".join(out)


def check_closed(text: str) -> None:
    """SubstitutionError with Argo's words when a tag of `text` is never closed."""
    at = 0
    while (start := text.find("{{", at)) >= 0:
        end = text.find("}}", start + 2)
        if end < 0:
            place = f'in the template="{quote(text)}" starting from "{quote(text[start + 2 :])}"'
            raise SubstitutionError(f'Cannot find end tag="}}}}" {place}')
        at = end + 2


class _Tags:
    def __init__(self, values: Mapping[str, Any], strict: Sequence[str] | None, evaluating: bool) -> None:
        self.values, self.strict, self.evaluating = values, strict, evaluating
        self._scope: dict[str, Any] | None = None

    def insists(self, name: str) -> bool:
        if self.strict is None:
            return False
        return any(not root or name == root or name.startswith(root + ".") for root in self.strict)

    def simple(self, tag: str) -> str:
        name = tag.strip()
        if name in self.values:
            value = self.values[name]
            if value is None:
                raise SubstitutionError(
                    f"unable to substitute {{{{{tag}}}}}: "
                    "output is an absent optional (skipped/omitted node with no default)"
                )
            if not isinstance(value, str):
                raise SubstitutionError(f"failed to resolve {{{{{tag}}}}} to string", missing=True)
            return quote(value)
        outer, braces, inner = tag.rpartition("{{")
        if braces and outer and inner in self.values:
            if self.values[inner] is None:
                raise SubstitutionError(
                    f'unable to substitute nested tag {{{{{tag}}}}}: "{inner}" is an absent optional'
                )
            return "{{" + outer + quote(self.values[inner])
        lenient_artifact = self.strict != EVERYTHING and ".outputs.artifacts." in name
        if self.insists(name) and not lenient_artifact:
            raise SubstitutionError(f"failed to resolve {{{{{tag}}}}}", missing=True)
        return "{{" + tag + "}}"

    @property
    def scope(self) -> dict[str, Any]:
        if self._scope is None:
            self._scope = nested(self.values)
        return self._scope

    def expression(self, written: str) -> str:
        unchanged = "{{=" + written + "}}"
        try:
            text = json.loads(f'"{written}"', strict=False)
        except ValueError:
            raise SubstitutionError("failed to unmarshall JSON expression: not valid inside JSON") from None
        if not self.evaluating:
            return unchanged
        try:
            missing = [name for name in expr.names(text) if not _has(self.scope, name)]
        except expr.ExprSyntaxError as error:
            raise SubstitutionError(f"failed to evaluate expression: {error}") from None
        for name in missing:
            if self.insists(name):
                raise SubstitutionError(f"failed to evaluate expression: {name} is missing", missing=True)
        lenient = bool(missing) or self.strict is None
        if lenient and any(name in _LATE for name in missing):
            return unchanged
        try:
            value = expr.evaluate(text, self.scope)
        except expr.ExprUnsupported:
            raise
        except expr.ExprError as error:
            if lenient:
                return unchanged
            raise SubstitutionError(f"failed to evaluate expression: {error}") from None
        if value is None:
            if lenient:
                return unchanged
            raise SubstitutionError(f'failed to evaluate expression "{quote(written)}"')
        try:
            written_value = to_json(value)
        except ValueError as error:
            if lenient:
                return unchanged
            raise SubstitutionError(f"failed to marshal evaluated expression: {error}") from None
        if len(written_value) > 1 and written_value[0] == '"':
            return written_value[1:-1]
        return quote(written_value)


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted names as maps in maps; a name that has others below it gives way to them."""
    names = sorted(values)
    kept = [
        name
        for name, following in zip_longest(names, names[1:], fillvalue="")
        if not following.startswith(name + ".")
    ]
    tree: dict[str, Any] = {}
    for name in kept:
        *path, last = name.split(".")
        branch = tree
        for part in path:
            below = branch.get(part)
            if not isinstance(below, dict):
                below = branch[part] = {}
            branch = below
        branch.setdefault(last, values[name])
    return tree


def _has(scope: Mapping[str, Any], name: str) -> bool:
    current: Any = {**scope, **expr.FUNCTIONS}
    for part in name.split("."):
        if not isinstance(current, Mapping) or part not in current:
            return False
        current = current[part]
    return True
