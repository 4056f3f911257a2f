"""Text of a `when` in, govaluate's tokens out, in an order govaluate allows.

First of three stages: tokens, plan, evaluation. The texts of the errors are govaluate's, for Argo puts
them into the message of the node.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from argolane.languages.gotext import text_of
from argolane.languages.when.dates import moment

VALUES = frozenset({"NUMERIC", "BOOLEAN", "VARIABLE", "ACCESSOR", "STRING", "TIME", "CLAUSE"})
_AFTER_VALUE = frozenset({"MODIFIER", "COMPARATOR", "LOGICALOP", "CLAUSE_CLOSE", "SEPARATOR"})
# What may follow each kind of token.
_NEXT: dict[str, frozenset[str]] = {
    "UNKNOWN": VALUES | {"PREFIX", "PATTERN"},
    "CLAUSE": VALUES | {"PREFIX", "PATTERN", "CLAUSE_CLOSE"},
    "CLAUSE_CLOSE": _AFTER_VALUE | VALUES - {"ACCESSOR"} | {"PATTERN", "TERNARY"},
    "NUMERIC": _AFTER_VALUE | {"TERNARY"},
    "BOOLEAN": _AFTER_VALUE | {"TERNARY"},
    "STRING": _AFTER_VALUE | {"TERNARY"},
    "VARIABLE": _AFTER_VALUE | {"TERNARY"},
    "ACCESSOR": _AFTER_VALUE | {"TERNARY", "CLAUSE"},
    "TIME": _AFTER_VALUE,
    "PATTERN": _AFTER_VALUE,
    "MODIFIER": VALUES - {"TIME"} | {"PREFIX", "CLAUSE_CLOSE"},
    "COMPARATOR": VALUES | {"PREFIX", "CLAUSE_CLOSE", "PATTERN"},
    "LOGICALOP": VALUES | {"PREFIX", "CLAUSE_CLOSE"},
    "PREFIX": VALUES - {"STRING", "TIME"} | {"CLAUSE_CLOSE"},
    "TERNARY": VALUES | {"PREFIX", "SEPARATOR"},
    "SEPARATOR": VALUES | {"PREFIX"},
}  # fmt: skip
_MAY_END = frozenset(
    {"CLAUSE_CLOSE", "NUMERIC", "BOOLEAN", "STRING", "TIME", "PATTERN", "VARIABLE", "ACCESSOR"}
)

PREFIXES = {"-": "negate", "!": "not", "~": "invert"}
_SYMBOLS = (
    ("MODIFIER", frozenset({"+", "-", "*", "/", "%", "**", "&", "|", "^", ">>", "<<"})),
    ("LOGICALOP", frozenset({"&&", "||"})),
    ("COMPARATOR", frozenset({"==", "!=", ">", ">=", "<", "<=", "=~", "!~"})),
    ("TERNARY", frozenset({"?", ":", "??"})),
)


class Refused(Exception):
    """govaluate's own words about an expression it does not take."""


class InvalidToken(Refused):
    """A symbol that no token begins with."""


@dataclass(frozen=True)
class Token:
    """`value` is a number, truth value, text, pattern, list of names, or the operator's symbol."""

    kind: str
    value: Any = None
    text: str | None = None

    @property
    def shown(self) -> str:
        return self.text if self.text is not None else text_of(self.value)


def tokenize(expression: str) -> list[Token]:
    """The tokens of `expression`; Refused when it is no expression."""
    reader, found = _Reader(expression), list[Token]()
    while (token := reader.token(found[-1].kind if found else "UNKNOWN")) is not None:
        found.append(token)
    check(found)
    return found


def check(tokens: list[Token]) -> None:
    """Parentheses pair up and each token may follow the one before it."""
    kinds = [token.kind for token in tokens]
    if kinds.count("CLAUSE") != kinds.count("CLAUSE_CLOSE"):
        raise Refused("Unbalanced parenthesis")
    last = Token("UNKNOWN")
    for token in tokens:
        if token.kind not in _NEXT[last.kind]:
            if last.kind == "VARIABLE" and token.kind == "CLAUSE":
                raise Refused(f"Undefined function {last.value}")
            steps = f"from {last.kind} [{last.shown}] to {token.kind} [{token.shown}]"
            raise Refused(f"Cannot transition token types {steps}")
        last = token
    if last.kind not in _MAY_END:
        raise Refused("Unexpected end of expression")


class _Reader:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def token(self, last: str) -> Token | None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        if self.at >= len(self.text):
            return None
        char = self.text[self.at]
        if _numeric(char):
            return self._number()
        if char == ",":
            self.at += 1
            return Token("SEPARATOR", ",")
        if char == "[":
            self.at += 1
            name, closed = self._until(lambda c: c != "]", blanks=True)
            if not closed:
                raise Refused("Unclosed parameter bracket")
            self.at += 1
            return Token("VARIABLE", name)
        if char.isalpha():
            return self._word()
        if char in "'\"":
            return self._string()
        if char in "()":
            self.at += 1
            # govaluate prints the parenthesis as the number of its character.
            return Token("CLAUSE" if char == "(" else "CLAUSE_CLOSE", char, str(ord(char)))
        return self._symbol(last)

    def _number(self) -> Token:
        if self.text.startswith("0x", self.at) and self.at + 2 < len(self.text):
            self.at += 2
            digits, _ = self._until(lambda c: c.lower() in "abcdef" or c.isdecimal())
            try:
                return Token("NUMERIC", float(int(digits, 16)))
            except ValueError:
                raise Refused(f"Unable to parse hex value '{digits}' to uint64\n") from None
        digits, _ = self._until(_numeric)
        try:
            return Token("NUMERIC", float(digits))
        except ValueError:
            raise Refused(f"Unable to parse numeric value '{digits}' to float64\n") from None

    def _word(self) -> Token:
        word, _ = self._until(lambda c: c.isalpha() or c.isdecimal() or c in "_.")
        if word.find(".") > 0:
            if word.endswith("."):
                raise Refused(f"Hanging accessor on token '{word}'")
            names = word.split(".")
            for name in names[1:]:
                if name and name[0].upper() != name[0]:
                    raise Refused(f"Unable to access unexported field '{name}' in token '{word}'")
            return Token("ACCESSOR", tuple(names))
        if word in ("true", "false"):
            return Token("BOOLEAN", word == "true")
        if word in ("in", "IN"):
            return Token("COMPARATOR", "in")
        return Token("VARIABLE", word)

    def _string(self) -> Token:
        self.at += 1
        text, closed = self._until(lambda c: c not in "'\"", blanks=True)
        if not closed:
            raise Refused("Unclosed string literal")
        self.at += 1
        when = moment(text)
        return Token("TIME", when.seconds, when.shown) if when else Token("STRING", text)

    def _symbol(self, last: str) -> Token:
        symbol, _ = self._until(lambda c: not (c.isdecimal() or c.isalpha() or c in "()[]'\""))
        if "PREFIX" in _NEXT[last] and symbol in PREFIXES:
            return Token("PREFIX", symbol)
        for kind, symbols in _SYMBOLS:
            if symbol in symbols:
                return Token(kind, symbol)
        raise InvalidToken(f"Invalid token: '{symbol}'")

    def _until(self, wanted: Callable[[str], bool], *, blanks: bool = False) -> tuple[str, bool]:
        """Reads on while `wanted`; a backslash takes the next character as it is. False: the text ended."""
        read: list[str] = []
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == "\\":
                if self.at + 1 >= len(self.text):
                    size = len(self.text)
                    raise Refused(f"runtime error: index out of range [{size}] with length {size}")
                read.append(self.text[self.at + 1])
                self.at += 2
                continue
            if char.isspace() and not blanks:
                if read:
                    return "".join(read), True
                self.at += 1
                continue
            if not wanted(char):
                return "".join(read), True
            read.append(char)
            self.at += 1
        return "".join(read), False


def _numeric(char: str) -> bool:
    return char.isdecimal() or char == "."
