"""Hera's models in, the table of Argo's fields out: `python -m argolane.workflow.lint.fields` writes it.

Hera takes more than a second to import, so lint reads the table (fields.json.gz) instead; a test compares the
two. Hera's models are Argo 4.0's; what 3.7 has beyond them is added here.
"""

import gzip
import json
import types
import typing
from pathlib import Path
from typing import Any

Table = dict[str, dict[str, str]]

TABLE = Path(__file__).with_name("fields.json.gz")
ROOTS = ("Workflow", "WorkflowTemplate", "ClusterWorkflowTemplate", "CronWorkflow")
# Types that read what their schema does not say.
_SPECIAL = {
    "IntOrString": "intOrString", "Quantity": "quantity", "Amount": "quantity", "Item": "any",
    "Plugin": "any", "FieldsV1": "any",
}  # fmt: skip
_ANY_TEXT = {("Parameter", "value"), ("Parameter", "default"), ("ValueFrom", "default")}
_ONLY_IN_3 = {
    "CronWorkflowSpec": {"schedule": "string"},
    "Synchronization": {"mutex": "Mutex", "semaphore": "SemaphoreRef"},
}


def load() -> Table:
    """Type -> field -> type: `[]X` a list, `{}X` a map, a capital names another entry of the table.

    The entry `kubernetes` names the types that are not Argo's own.
    """
    table: Table = json.loads(gzip.decompress(TABLE.read_bytes()))
    return table


def build() -> Table:
    """The table as Hera's models say it."""
    from hera.workflows import models

    table: Table = {"kubernetes": {}}
    for root in ROOTS:
        _add(getattr(models, root), table)
    table["ObjectMeta"] |= {"selfLink": "string"}
    for name, fields in _ONLY_IN_3.items():
        for field, kind in fields.items():
            table[name].setdefault(field, kind)
    # A name in 4.0, a name and a key in 3.7.
    table["Cache"]["configMap"] = "ConfigMapKeySelector"
    table["Parameter"]["enum"] = "[]anyText"
    for name, field in _ANY_TEXT:
        table[name][field] = "anyText"
    return table


def _add(model: Any, table: Table) -> None:
    if model.__name__ in table:
        return
    fields = table[model.__name__] = {}
    if ".k8s." in model.__module__:
        table["kubernetes"][model.__name__] = "v1"
    for name, field in model.model_fields.items():
        fields[field.alias or name] = _kind(field.annotation, table)


def _kind(annotation: Any, table: Table) -> str:
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        kinds = {_kind(arm, table) for arm in inner if arm is not type(None)}
        return kinds.pop() if len(kinds) == 1 else "any"
    if origin is typing.Annotated:
        return _kind(inner[0], table)
    if origin in (list, set):
        return "[]" + _kind(inner[0], table)
    if origin is dict:
        return "{}" + _kind(inner[1], table)
    if not isinstance(annotation, type):
        return "string" if origin is typing.Literal else "any"
    if annotation.__name__ in _SPECIAL:
        return _SPECIAL[annotation.__name__]
    simple = {str: "string", bool: "boolean", int: "integer", float: "number"}.get(annotation)
    if simple:
        return simple
    members = getattr(annotation, "model_fields", None)
    if members is None:
        return (
            "string"
            if annotation.__module__.startswith(("enum", "datetime")) or _is_enum(annotation)
            else "any"
        )
    if list(members) == ["root"]:
        return _kind(members["root"].annotation, table)
    _add(annotation, table)
    return annotation.__name__


def _is_enum(annotation: type) -> bool:
    return hasattr(annotation, "__members__")


if __name__ == "__main__":
    text = json.dumps(build(), sort_keys=True, separators=(",", ":"))
    TABLE.write_bytes(gzip.compress(text.encode(), mtime=0))
