"""Objects and replacements in, the same with values copied from one object to others out."""

import copy
import re
from collections.abc import Iterator, Sequence
from typing import Any

from argolane.errors import ManifestError
from argolane.kubernetes.kustomize.fields import FieldOptions, Replacement, Selector, Target
from argolane.kubernetes.kustomize.resource import Resource

_PART = re.compile(r"\[[^\]]*\]|(?:\\.|[^.\[\\])+")
_ENTRY = re.compile(r"\[(?P<key>[^=\]]*)=(?P<value>[^\]]*)\]")

Slot = tuple[Any, Any]
"""A mapping and a key, or a list and an index."""


def apply(resources: Sequence[Resource], replacement: Replacement, *, where: str) -> None:
    if replacement.source is None or not replacement.targets:
        raise ManifestError([f"{where}: expected a source and targets."])
    source = replacement.source
    found = [each for each in resources if each.is_selected(source, regex=False)]
    if len(found) != 1:
        raise ManifestError([f"{where}: source: {len(found)} objects are meant; expected one."])
    slots = list(_slots(found[0].body, _split(source.field_path), create=None))
    if not slots:
        raise ManifestError([f"{where}: source: {found[0].kind} {found[0].name} has no {source.field_path}."])
    holder, key = slots[0]
    value = _part_of(holder[key], source.options, where)
    for target in replacement.targets:
        for each in resources:
            if each.is_selected(target.select, regex=False) and not _rejected(each, target.reject):
                _copy(each, target, value, where)


def _rejected(each: Resource, selectors: Sequence[Selector]) -> bool:
    return any(each.is_selected(selector, regex=False) for selector in selectors)


def _part_of(value: Any, options: FieldOptions, where: str) -> Any:
    if not options.delimiter:
        return value
    parts = str(value).split(options.delimiter)
    if not 0 <= options.index < len(parts):
        raise ManifestError([f"{where}: source: {value!r} has no part {options.index}."])
    return parts[options.index]


def _copy(each: Resource, target: Target, value: Any, where: str) -> None:
    for path in target.field_paths:
        slots = list(_slots(each.body, _split(path), create=value if target.options.create else None))
        if not slots:
            raise ManifestError([f"{where}: {each.kind} {each.name} has no {path} to replace."])
        before = each.id
        for holder, key in slots:
            holder[key] = _put(holder[key], value, target.options)
        if each.id != before:
            each.former.append(before)


def _put(old: Any, value: Any, options: FieldOptions) -> Any:
    if options.delimiter:
        parts = str(old).split(options.delimiter)
        if options.index < 0:
            parts.insert(0, str(value))
        elif options.index >= len(parts):
            parts.append(str(value))
        else:
            parts[options.index] = str(value)
        return options.delimiter.join(parts)
    return copy.deepcopy(value)


def _split(path: str) -> list[str]:
    return [part.replace("\\.", ".").replace("\\", "") for part in _PART.findall(path)]


def _slots(body: Any, path: list[str], *, create: Any) -> Iterator[Slot]:
    """Where a path leads to; `create`: the value for which what is not there is made, None makes nothing."""
    first, *rest = path
    for key in list(_keys(body, first, rest, create)):
        if not rest:
            yield body, key
        else:
            yield from _slots(body[key], rest, create=create)


def _keys(body: Any, part: str, rest: list[str], create: Any) -> Iterator[Any]:
    if entry := _ENTRY.fullmatch(part):
        if not isinstance(body, list):
            return
        found = [at for at, one in enumerate(body) if _is(one, entry["key"], entry["value"])]
        if not found and create is not None:
            body.append({entry["key"]: entry["value"]} if entry["key"] else entry["value"])
            found = [len(body) - 1]
        yield from found
    elif part == "*":
        yield from range(len(body)) if isinstance(body, list) else body if isinstance(body, dict) else ()
    elif part.isdigit() and isinstance(body, list):
        if int(part) == len(body) and create is not None:
            body.append(_made(rest, create))
        if int(part) < len(body):
            yield int(part)
    elif isinstance(body, dict):
        if body.get(part) is None and create is not None:
            body[part] = _made(rest, create)
        if part in body:
            yield part


def _made(rest: list[str], create: Any) -> Any:
    if not rest:
        return copy.deepcopy(create)
    return [] if rest[0].startswith("[") or rest[0].isdigit() else {}


def _is(one: Any, key: str, value: str) -> bool:
    """As kustomize: `value` is a pattern that is found somewhere in it."""
    found = one.get(key) if key and isinstance(one, dict) else None if key else one
    return isinstance(found, str) and re.search(value, found) is not None
