"""A param of model.yaml in, its one rule out: a workflow's guard and the trainer hold the same text to it."""

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from models.contract.fields import Strict, Text
from models.contract.rules import BOOL, fits

Value = int | float | str | bool


class Param(Strict):
    """One thing a user may turn when the unit is trained."""

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
    def rule(self) -> dict[str, Any]:
        """For the guard and for `fits`: `{"type": "int", "low": 1, "expected": ...}` or `{"enum": [...]}`."""
        if self.type in ("choice", "bool"):
            return {"enum": list(self.choices or BOOL)}
        bounds = {"low": self.minimum, "high": self.maximum}
        given = {end: bound for end, bound in bounds.items() if bound is not None}
        return {"type": self.type, **given, "expected": self.expected}

    @property
    def expected(self) -> str:
        """What a value must be, in words: `int of at least 1`."""
        if self.type in ("choice", "bool"):
            return f"one of {', '.join(self.choices or BOOL)}"
        named = (("at least", self.minimum), ("at most", self.maximum))
        bounds = " and ".join(f"{words} {bound:.15g}" for words, bound in named if bound is not None)
        return f"{self.type} of {bounds}" if bounds else self.type

    @property
    def text(self) -> str:
        """The default as a command line or a workflow has it."""
        return _text(self.value)

    def allows(self, value: object) -> bool:
        """Whether a value, as model.yaml has it, is of the type, and its text is what the rule asks for."""
        kinds = {"int": (int,), "float": (int, float), "bool": (bool,)}.get(self.type, (str,))
        if not isinstance(value, kinds) or (isinstance(value, bool) and self.type != "bool"):
            return False
        return fits(_text(value), self.rule)

    def parse(self, text: str) -> Value:
        """The value a command line means by `text`. Raises ValueError that says what was expected."""
        if not fits(text, self.rule):
            raise ValueError(f"is {text!r}; expected {self.expected}.")
        if self.type == "bool":
            return text == "true"
        return int(text) if self.type == "int" else float(text) if self.type == "float" else text


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
