"""govaluate's tokens in, a tree of operations out.

govaluate parses every chain of equal operators from the right and mirrors it afterwards; the mirroring is
kept as it is, since chains of operators of one precedence but different symbols show it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from argolane.languages.when.tokens import PREFIXES, Refused, Token

_LOGICAL = "Value '{}' cannot be used with the logical operator '{}', it is not a bool"
_MODIFIER = "Value '{}' cannot be used with the modifier '{}', it is not a number"
_COMPARATOR = "Value '{}' cannot be used with the comparator '{}', it is not a number"
_TERNARY = "Value '{}' cannot be used with the ternary operator '{}', it is not a bool"
_PREFIX = "Value '{}' cannot be used with the prefix '{}'"

# (token kind, symbols, what a wrong operand is told), loosest binding first.
_LEVELS: tuple[tuple[str, frozenset[str], str], ...] = (
    ("SEPARATOR", frozenset({","}), ""),
    ("TERNARY", frozenset({"?", ":", "??"}), _TERNARY),
    ("LOGICALOP", frozenset({"||"}), _LOGICAL),
    ("LOGICALOP", frozenset({"&&"}), _LOGICAL),
    ("COMPARATOR", frozenset({"==", "!=", ">", ">=", "<", "<=", "=~", "!~", "in"}), _COMPARATOR),
    ("MODIFIER", frozenset({"^", "&", "|"}), _MODIFIER),
    ("MODIFIER", frozenset({">>", "<<"}), _MODIFIER),
    ("MODIFIER", frozenset({"+", "-"}), _MODIFIER),
    ("MODIFIER", frozenset({"*", "/", "%"}), _MODIFIER),
    ("MODIFIER", frozenset({"**"}), _MODIFIER),
)
_GROUPS = [symbols for _, symbols, _ in _LEVELS] + [frozenset(PREFIXES.values())]


@dataclass
class Stage:
    """One operation; `symbol` is 'value', 'group', 'access', a prefix's word or an operator."""

    symbol: str
    left: Stage | None = None
    right: Stage | None = None
    value: Any = None
    complaint: str = ""

    def swap_with(self, other: Stage) -> None:
        mine = (self.symbol, self.value, self.complaint)
        self.symbol, self.value, self.complaint = other.symbol, other.value, other.complaint
        other.symbol, other.value, other.complaint = mine


def plan(tokens: list[Token]) -> Stage | None:
    """The tree of `tokens`, None for `()`-like emptiness."""
    root = _Planner(tokens).level(0)
    if root is not None:
        _reorder(root)
    return root


class _Planner:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens, self.at = tokens, 0

    def level(self, number: int) -> Stage | None:
        if self.at >= len(self.tokens) and number == 0:
            return None
        if number == len(_LEVELS):
            return self._value()
        left = self.level(number + 1)
        kind, symbols, complaint = _LEVELS[number]
        if self.at < len(self.tokens):
            token = self.tokens[self.at]
            if token.kind == kind and token.value in symbols:
                self.at += 1
                return Stage(str(token.value), left, self.level(number), complaint=complaint)
        return left

    def _value(self) -> Stage | None:
        if self.at >= len(self.tokens):
            return None
        token = self.tokens[self.at]
        self.at += 1
        if token.kind == "CLAUSE":
            inner = self.level(0)
            self.at += 1
            return Stage("group", None, inner)
        if token.kind == "CLAUSE_CLOSE":
            self.at -= 1
            return None
        if token.kind == "PREFIX":
            return Stage(PREFIXES[token.value], None, self._value(), complaint=_PREFIX)
        if token.kind == "ACCESSOR":
            if self.at < len(self.tokens) and self.tokens[self.at].kind == "CLAUSE":
                return Stage("access", None, self.level(0), value=token.value)
            return Stage("access", value=token.value)
        if token.kind in ("NUMERIC", "STRING", "PATTERN", "BOOLEAN", "TIME"):
            return Stage("value", value=token.value)
        raise Refused(f"Unable to plan token kind: '{token.kind}', value: '{token.shown}'")


def _group(stage: Stage) -> object:
    return next((number for number, symbols in enumerate(_GROUPS) if stage.symbol in symbols), stage.symbol)


def _right_spine(root: Stage) -> Iterator[Stage]:
    stage: Stage | None = root
    while stage is not None:
        following = stage.right
        yield stage
        stage = following


def _reorder(root: Stage) -> None:
    chain: list[Stage] = []
    for stage in _right_spine(root):
        if stage.left is not None:
            _reorder(stage.left)
        if chain and _group(stage) == _group(chain[0]):
            chain.append(stage)
            continue
        _mirror(chain)
        chain = [stage]
    _mirror(chain)


def _mirror(chain: list[Stage]) -> None:
    """Turns a chain that leans right, root first, into one that leans left."""
    if len(chain) < 2:
        return
    for stage in chain:
        stage.left, stage.right = stage.right, stage.left
    first, last = chain[0], chain[-1]
    last.left, first.right = first.right, last.left
    size = len(chain)
    for i in range((size - 2) // 2 + 1):
        front, back = chain[i + 1], chain[size - i - 1]
        front.right, back.right = back.right, front.right
    for i in range(size // 2):
        chain[i].swap_with(chain[size - i - 1])
