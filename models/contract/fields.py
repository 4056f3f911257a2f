"""A YAML file in, its values out, or its faults in the words of who wrote it: what fields are."""

from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

_SNAKE = r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$"
_KEBAB = r"^[a-z0-9]+(-[a-z0-9]+)*$"
_QUANTITY = r"^[0-9]+(\.[0-9]+)?(m|k|[KMGT]i?)?$"
_PATTERNS = {
    _SNAKE: "a name in snake_case",
    _KEBAB: "a name in kebab-case",
    _QUANTITY: "a quantity such as 500m or 1Gi",
}

Text = Annotated[
    str, Field(min_length=1), BeforeValidator(lambda v: " ".join(v.split()) if isinstance(v, str) else v)
]
Snake = Annotated[str, Field(pattern=_SNAKE)]
Kebab = Annotated[str, Field(pattern=_KEBAB)]
Quantity = Annotated[
    str,
    Field(pattern=_QUANTITY),
    BeforeValidator(lambda v: str(v) if isinstance(v, int | float) and not isinstance(v, bool) else v),
]


class Strict(BaseModel):
    """What a file says: no field that is not known, no value of another type, never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def text_of(path: Path) -> str:
    """The text of the file. Raises ValueError where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"cannot be read: {error}.") from None


def loads(text: str) -> Any:
    """What the text says. Raises ValueError where it is not YAML."""
    try:
        return yaml.load(text, _UniqueKeys)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        raise ValueError(f"not valid YAML: {' '.join(str(error).split())}.") from None


def fault(error: Any) -> str:
    """pydantic's words in ours: `params.seed is 'abc'; expected int.`"""
    place = [str(part) for part in error["loc"] if part not in ("int", "float", "str", "bool", "[key]")]
    where, found = ".".join(place) or "the file", error["input"]
    if error["type"] == "missing":
        return f"{where} is missing."
    if error["type"] == "extra_forbidden":
        return f"{where} is not a field; remove it or look for a misspelling."
    if error["type"] == "value_error" and place[:1] == ["params"]:  # its message says what was expected
        shown = found.get("value") if isinstance(found, dict) else found
        return f"{where} is {shown!r}; expected {error['ctx']['error']}."
    if error["type"] == "value_error":
        return f"{where} {error['ctx']['error']}"
    return f"{where} is {found!r}; expected {_expected(error)}."


def _expected(error: Any) -> str:
    if error["type"] in ("model_type", "mapping_type", "dict_type"):
        return "a mapping"
    if error["type"] in ("string_type", "string_too_short"):
        return "text"
    if error["type"] == "string_pattern_mismatch":
        return _PATTERNS[error["ctx"]["pattern"]]
    return str(error["msg"]).removeprefix("Input should be ")


class _UniqueKeys(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """A key given twice is a mistake, not an update. By libyaml where PyYAML was built with it."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.YAMLError(f"line {key.start_mark.line + 1}: {key.value!r} is given twice")
            seen.add(key.value)
        found: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return found
