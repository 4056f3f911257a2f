"""A model.yaml in, a Spec out: the model's name, its params, its resources and its lowest accuracy.

The trainer makes its flags of it (models/job.py), the workflow programs their parameters.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from models.errors import ModelError

FILE = "model.yaml"
MODELS = Path(__file__).parent
# Names that training and the workflows have for parameters of their own.
RESERVED = frozenset(
    {"accuracy_file", "build", "data_dir", "dataset", "deploy", "help", "metrics_file", "min_accuracy"}
    | {"model_store", "overwrite", "ratio", "registry", "repo", "revision", "version"}
)
_SNAKE = r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$"

Value = int | float | str | bool
Text = Annotated[
    str, Field(min_length=1), BeforeValidator(lambda v: " ".join(v.split()) if isinstance(v, str) else v)
]
Quantity = Annotated[
    str,
    Field(pattern=r"^[0-9]+(\.[0-9]+)?(m|k|[KMGT]i?)?$"),
    BeforeValidator(lambda v: str(v) if isinstance(v, int | float) and not isinstance(v, bool) else v),
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Param(_Strict):
    """One thing a user may turn when the model is trained."""

    type: Literal["int", "float", "str", "bool", "choice"]
    value: Value
    description: Text
    choices: tuple[str, ...] = Field(default=(), strict=False)
    minimum: float | None = None
    maximum: float | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.type == "choice") != bool(self.choices):
            raise ValueError("a list of choices for type choice, and none for the other types")
        if self.type not in ("int", "float") and (self.minimum, self.maximum) != (None, None):
            raise ValueError("minimum and maximum only for type int or float")
        if not self.allows(self.value):
            raise ValueError(self.expected)
        return self

    @property
    def expected(self) -> str:
        """What a value must be, in words: `int of at least 1`."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        named = (("at least", self.minimum), ("at most", self.maximum))
        bounds = " and ".join(f"{words} {bound:.15g}" for words, bound in named if bound is not None)
        return f"{self.type} of {bounds}" if bounds else self.type

    def allows(self, value: object) -> bool:
        kinds = {"int": (int,), "float": (int, float), "bool": (bool,)}.get(self.type, (str,))
        if not isinstance(value, kinds) or (isinstance(value, bool) and self.type != "bool"):
            return False
        if isinstance(value, str):
            return not self.choices or value in self.choices
        # written so that NaN is refused where there are bounds
        return (self.minimum is None or value >= self.minimum) and (
            self.maximum is None or value <= self.maximum
        )

    def parse(self, text: str) -> Value:
        """The value a command line means by `text`. Raises ValueError that says what was expected."""
        try:
            value = _PARSERS.get(self.type, str)(text)
        except ValueError:
            value = text
        if not self.allows(value):
            raise ValueError(f"is {text!r}; expected {self.expected}.")
        return float(value) if self.type == "float" else value


class Resources(_Strict):
    """A container's resources, as Kubernetes writes them."""

    requests: Mapping[str, Quantity]
    limits: Mapping[str, Quantity]


class Needs(_Strict):
    """What the two containers of a model need."""

    train: Resources
    serve: Resources


class Spec(_Strict):
    """What model.yaml says."""

    name: str = Field(pattern=_SNAKE)
    title: Text
    description: Text
    params: Mapping[Annotated[str, Field(pattern=_SNAKE)], Param]
    resources: Needs
    min_accuracy: float = Field(ge=0, le=1)

    @property
    def kebab(self) -> str:
        """The model's name in Kubernetes."""
        return self.name.replace("_", "-")


class SpecError(ModelError):
    """A model.yaml is wrong: every fault in it, one a line."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(faults))


def read(folder: Path) -> Spec:
    """The spec of the model in `folder`. Raises SpecError with every fault at once."""
    path = folder / FILE
    where = _shown(path)
    try:
        tree = yaml.load(path.read_text(encoding="utf-8"), _UniqueKeys)  # noqa: S506 - a SafeLoader
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError([f"{where}: cannot be read: {error}."]) from None
    except yaml.YAMLError as error:
        raise SpecError([f"{where}: not valid YAML: {' '.join(str(error).split())}."]) from None
    faults = []
    if isinstance(tree, dict):
        if isinstance(tree.get("name"), str) and tree["name"] != folder.name:
            faults.append(f"name is {tree['name']!r}; expected {folder.name!r}, the folder's name.")
        params = tree.get("params")
        taken = sorted(RESERVED & set(params)) if isinstance(params, dict) else []
        faults += [f"params.{name} is taken; give the param another name." for name in taken]
    try:
        spec = Spec.model_validate(tree)
    except ValidationError as errors:
        faults += dict.fromkeys(_fault(error) for error in errors.errors())
    if faults:
        raise SpecError([f"{where}: {fault}" for fault in faults])
    return spec


def read_all(models: Path = MODELS) -> list[Spec]:
    """The specs of all model folders, by name."""
    return [read(path.parent) for path in sorted(models.glob(f"*/{FILE}"))]


def kebab(param: str) -> str:
    """A param's name as a flag or a workflow parameter."""
    return param.replace("_", "-")


class _UniqueKeys(yaml.SafeLoader):
    """A key given twice is a mistake, not an update."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.YAMLError(f"line {key.start_mark.line + 1}: {key.value!r} is given twice")
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def _fault(error: Any) -> str:
    """pydantic's words in ours: `params.seed is 'abc'; expected int.`"""
    place = [str(part) for part in error["loc"] if part not in ("int", "float", "str", "bool", "[key]")]
    where, found = ".".join(place) or "the file", error["input"]
    if error["type"] == "missing":
        return f"{where} is missing."
    if error["type"] == "extra_forbidden":
        return f"{where} is not a field; remove it or look for a misspelling."
    if error["type"] == "value_error":  # Param._consistent: its message says what was expected
        shown = found.get("value") if isinstance(found, dict) else found
        return f"{where} is {shown!r}; expected {error['ctx']['error']}."
    return f"{where} is {found!r}; expected {_expected(error)}."


def _expected(error: Any) -> str:
    if error["type"] in ("model_type", "mapping_type", "dict_type"):
        return "a mapping"
    if error["type"] in ("string_type", "string_too_short"):
        return "text"
    if error["type"] == "string_pattern_mismatch":
        return (
            "a name in snake_case" if error["ctx"]["pattern"] == _SNAKE else "a quantity such as 500m or 1Gi"
        )
    return str(error["msg"]).removeprefix("Input should be ")


def _bool(text: str) -> bool:
    try:
        return {"true": True, "false": False}[text.lower()]
    except KeyError:
        raise ValueError from None


_PARSERS: Mapping[str, Callable[[str], Value]] = {"int": int, "float": float, "bool": _bool}


def _shown(path: Path) -> str:
    """Relative to the working folder where it is below it."""
    resolved = path.resolve()
    return str(resolved.relative_to(Path.cwd())) if resolved.is_relative_to(Path.cwd()) else str(path)
