"""Steps and tasks in, the names their outputs give to tags out; and tags against the names there are."""

import json
from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from argolane.languages.tags import SubstitutionError, check_closed
from argolane.workflow.lint.argo.base import Base, Check, Complaint, mapping, mappings, placeholder
from argolane.workflow.lint.argo.kinds import has_result, kind_of
from argolane.workflow.lint.argo.names import is_tag, tags, unresolved

# Go's order of fields decides which of several wrong tags is named first.
_ORDER = """
    name template inline inputs outputs arguments templateRef dependencies withItems withParam
    withSequence when continueOn onExit depends hooks nodeSelector affinity metadata daemon steps
    container containerSet script image command args workingDir ports envFrom env resource dag
    suspend data http plugin volumes initContainers sidecars resources volumeMounts source
""".split()  # noqa: SIM905
_RANK = {name: rank for rank, name in enumerate(_ORDER)}


# Fields that Go writes even where they are empty.
_ALWAYS: dict[str, dict[str, Any]] = {
    "templates": {"inputs": {}, "outputs": {}, "metadata": {}},
    "steps": {"arguments": {}},
    "tasks": {"arguments": {}},
    "container": {"name": "", "resources": {}},
    "script": {"name": "", "resources": {}},
    "sidecars": {"resources": {}},
    "initContainers": {"resources": {}},
}


def go_text(value: Any, kind: str) -> str:
    """`value` as Go writes it; `kind` is the field it is an entry of ("templates", "steps", "tasks").

    Order and empty fields matter: they say which of several tags comes first, and the braces of the JSON may
    close a tag that its author left open.
    """
    plain = json.dumps(_ordered(_complete(value, kind)), ensure_ascii=False, separators=(",", ":"))
    return plain.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _complete(value: Any, key: str) -> Any:
    if isinstance(value, Mapping):
        whole = {**_ALWAYS.get(key, {}), **value}
        return {name: _complete(item, name) for name, item in whole.items()}
    return [_complete(item, key) for item in value] if isinstance(value, list) else value


def _ordered(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _ordered(value[key]) for key in sorted(value, key=lambda k: _RANK.get(k, len(_ORDER)))}
    if isinstance(value, list):
        return [_ordered(item) for item in value]
    return value


def check_tags(
    check: Check, base: Base, prefix: str, scope: dict[str, Any], value: Any, place: str, *, kind: str = ""
) -> Iterator[Complaint]:
    """A fault for every tag in `value` that neither `scope` nor the globals know, or that is never closed."""
    text = value if isinstance(value, str) else go_text(value, kind)
    if "{{" not in text:
        return
    for tag in unresolved(
        tags(text), ChainMap[str, Any](scope, check.globals), template_only=check.template_only
    ):
        reason = f"failed to resolve {{{{{tag}}}}}"
        yield Complaint(prefix + reason, find(value, "{{" + tag + "}}", place), base, reason)
    try:
        check_closed(text)
    except SubstitutionError as error:
        yield Complaint(f"{prefix}{error}", find(value, "{{", place), base, "a tag {{ is never closed")


def find(value: Any, text: str, place: str) -> str:
    """The place below `place` of the first string that holds `text`."""
    pairs: Iterable[tuple[str, Any]] = ()
    if isinstance(value, Mapping):
        pairs = ((f"{place}.{key}", item) for key, item in value.items())
    elif isinstance(value, list):
        pairs = ((f"{place}[{index}]", item) for index, item in enumerate(value))
    for below, item in pairs:
        if isinstance(item, str):
            if text in item:
                return below
        elif (found := find(item, text, below)) != below:
            return found
    return place


def add_outputs(
    check: Check,
    template: Mapping[str, Any] | None,
    prefix: str,
    scope: dict[str, Any],
    *,
    aggregate: bool = False,
    ancestor: bool = False,
) -> None:
    """Puts what can be read of a step or task, `steps.a` or `tasks.a`, into `scope`."""
    for field in ("id", "startedAt", "finishedAt", "hostNodeName"):
        scope[f"{prefix}.{field}"] = True
    if template is None:
        return
    if template.get("daemon") is True:
        scope[f"{prefix}.ip"] = True
    if has_result(template):
        scope[f"{prefix}.outputs.result"] = True
        scope[f"{prefix}.exitCode"] = True
    outputs = mapping(template.get("outputs"))
    for field in ("parameters", "artifacts"):
        for output in mappings(outputs.get(field)):
            scope[f"{prefix}.outputs.{field}.{output.get('name')}"] = True
            if name := str(output.get("globalName") or ""):
                known = f"workflow.outputs.{field}.{'*' if is_tag(name) else name}"
                scope[known] = True
                if not is_tag(name):
                    check.globals[known] = placeholder()
    if aggregate:
        scope[f"{prefix}.outputs.parameters"] = True
        if kind_of(template) in ("script", "containerSet"):
            scope[f"{prefix}.outputs.result"] = True
            scope[f"{prefix}.exitCode"] = True
    if ancestor:
        scope[f"{prefix}.status"] = True


def add_items(holder: Mapping[str, Any], scope: dict[str, Any]) -> str:
    """Puts the names of `{{item}}` into `scope`; Argo's complaint about the loop, or ''."""
    items = holder.get("withItems")
    loops = [bool(items), bool(holder.get("withParam")), "withSequence" in holder]
    if sum(loops) > 1:
        return "only one of withItems, withParam, withSequence can be specified"
    if items and isinstance(items, list):
        for item in items:
            if isinstance(item, dict):
                scope.update({f"item.{key}": True for key in item})
            elif isinstance(item, list) or item is None:
                scope.update({f"item.[{index}]": True for index in range(len(item or ()))})
            else:
                scope["item"] = True
    elif holder.get("withParam"):
        scope["item"] = scope["item.*"] = True
    elif "withSequence" in holder:
        sequence = mapping(holder["withSequence"])
        if "count" in sequence and "end" in sequence:
            return "only one of count or end can be defined in withSequence"
        scope["item"] = True
    return ""
