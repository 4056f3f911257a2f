"""The text of a kubectl jsonPath template in, its nodes out; errors are client-go's own words.

Compare: k8s.io/client-go/util/jsonpath.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile


class PathError(Exception):
    """The template is none, or leads nowhere."""


@dataclass(frozen=True)
class Text:
    text: str


@dataclass(frozen=True)
class Number:
    """A number or a truth value that stands for itself."""

    value: float | bool


@dataclass(frozen=True)
class Field:
    name: str


@dataclass(frozen=True)
class Wildcard:
    """`.*`: each member."""


@dataclass(frozen=True)
class Recursive:
    """`..`: each value below, and the value itself."""


@dataclass(frozen=True)
class Word:
    """`range` or `end`."""

    name: str


@dataclass(frozen=True)
class Slice:
    """`[start:end:step]`; None is left out. `[3]` has no `colon`, and its end is the next index."""

    start: int | None
    end: int | None
    step: int | None
    colon: bool


@dataclass(frozen=True)
class Several:
    """`[0,2]`, `['a','b']`: the results of each, one after the other."""

    actions: tuple["Nodes", ...]


@dataclass(frozen=True)
class Filter:
    """`[?(@.a == 1)]`; `exists` has nothing on its right."""

    left: "Nodes"
    operator: str
    right: "Nodes"


@dataclass(frozen=True)
class Action:
    """What stands between braces."""

    nodes: "Nodes"


Node = Text | Number | Field | Wildcard | Recursive | Word | Slice | Several | Filter | Action
Nodes = tuple[Node, ...]

_COMPARISON = re.compile(r"([^!<>=]+)([!<>=]+)(.+)")
_KEY = re.compile(r"'([^']*)'")
_SLICE = re.compile(r"(-?[0-9]*)(:-?[0-9]*)?(:-?[0-9]*)?")
_NUMBER = re.compile(r"[+-]?[0-9.]*")
_ESCAPE = re.compile(
    r"\\x(?P<x>[0-9a-fA-F]{2})|\\(?P<o>[0-3][0-7]{2})|\\u(?P<u>[0-9a-fA-F]{4})|\\U(?P<U>[0-9a-fA-F]{8})"
    r"|\\(?P<c>[abfnrtv\\'\"])|(?P<plain>[^\\])"
)
_SHORT = dict(zip("abfnrtv", "\a\b\f\n\r\t\v", strict=True))
_ENDS = frozenset(" \t\r\n.,[]$@{}")


def parse(template: str) -> Nodes:
    """The nodes of a template: texts and actions."""
    return tuple(_Parser(template).texts())


class _Parser:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def texts(self) -> Iterator[Node]:
        while self.at < len(self.text):
            begin = self.text.find("{", self.at)
            end = begin if begin >= 0 else len(self.text)
            if end > self.at:
                yield Text(self.text[self.at : end])
            self.at = end
            if begin >= 0:
                self.at += 1
                yield Action(tuple(self._action()))

    def _action(self) -> Iterator[Node]:
        last: Node | None = None
        while not self._ahead("}"):
            if self._ahead("[?("):
                nodes: Nodes = (self._filter(),)
            elif self._ahead(".."):
                if isinstance(last, Recursive):
                    raise PathError("invalid multiple recursive descent")
                nodes = (Recursive(), self._field()) if re.match(r"\w", self._peek()) else (Recursive(),)
            else:
                nodes = self._one()
            yield from nodes
            last = nodes[-1] if nodes else last

    def _one(self) -> Nodes:
        char = self._peek()
        if char in ("", "\n", "\r"):
            raise PathError("unclosed action")
        if char in "+-" or char.isdecimal():
            return (self._number(),)
        if char == "_" or char.isalnum():
            word = self._until_end()
            return (Number(word == "true") if word in ("true", "false") else Word(word),)
        self.at += 1
        if char in " @$":
            return ()
        if char == "[":
            return self._array()
        if char in "\"'":
            return (self._quoted(char),)
        if char == ".":
            return (self._field(),)
        shown = f" '{char}'" if char.isprintable() else ""
        raise PathError(f"unrecognized character in action: U+{ord(char):04X}{shown}")

    def _number(self) -> Number:
        found = _NUMBER.match(self.text, self.at)
        text = found[0] if found else ""
        self.at += len(text)
        try:
            return Number(float(text) if "." in text or abs(int(text)) >= 2**63 else int(text))
        except ValueError:
            raise PathError(f"cannot parse number {text}") from None

    def _field(self) -> Node:
        name = self._until_end()
        return Wildcard() if name == "*" else Field(name.replace("\\", ""))

    def _until_end(self) -> str:
        begin = self.at
        while (char := self._peek()) and char not in _ENDS:
            self.at += 2 if char == "\\" else 1
        return self.text[begin : self.at]

    def _array(self) -> Nodes:
        inner = "".join(takewhile(lambda c: c not in "]\n", self.text[self.at :]))
        self.at += len(inner)
        if not self._ahead("]"):
            raise PathError("unterminated array")
        parts = inner.split(",")
        if len(parts) > 1:
            return (Several(tuple(_inner(f"[{part.strip(' ')}]") for part in parts)),)
        if key := _KEY.fullmatch(inner):
            return _inner(f".{key[1]}")
        found = _SLICE.fullmatch(":" if inner == "*" else inner)
        if not found:
            raise PathError(f"invalid array index {inner}")
        start, end, step = (_index((part or "").removeprefix(":")) for part in found.groups())
        return (Slice(start, end, step, colon=found[2] is not None),)

    def _filter(self) -> Filter:
        begin, pair, closed = self.at, "", False
        while closed != bool(pair) or self._peek() != ")":
            char = self._peek()
            if char in ("", "\n"):
                raise PathError("unterminated filter")
            if char in "\"'" and not pair:
                pair = char
            elif char == pair and self.text[self.at - 1] != "\\":
                closed = True
            self.at += 1
        inner = self.text[begin : self.at]
        self.at += 1
        if not self._ahead("]"):
            raise PathError("unclosed array expect ]")
        found = _COMPARISON.fullmatch(inner)
        if not found:
            return Filter(_inner(inner), "exists", ())
        return Filter(_inner(found[1]), found[2], _inner(found[3]))

    def _quoted(self, mark: str) -> Text:
        begin = self.at
        while (char := self._peek()) != mark or self.text[self.at - 1] == "\\":
            if char in ("", "\n"):
                raise PathError("unterminated quoted string")
            self.at += 1
        self.at += 1
        return Text(_unquoted(self.text[begin : self.at - 1], mark))

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _ahead(self, text: str) -> bool:
        """Whether the text is next; then it is passed."""
        found = self.text.startswith(text, self.at)
        self.at += len(text) if found else 0
        return found


def _index(text: str) -> int | None:
    if text == "-" or len(text) > 19:
        raise PathError(f"array index {text} is not a number")
    return int(text) if text else None


def _inner(text: str) -> Nodes:
    action = next(_Parser("{" + text + "}").texts())
    return action.nodes if isinstance(action, Action) else ()


def _unquoted(text: str, mark: str) -> str:
    out, at = b"", 0
    while at < len(text):
        found = _ESCAPE.match(text, at)
        if not found or (found["c"] in ("'", '"') and found["c"] != mark):
            raise PathError(f"unquote string {mark}{text}{mark} error invalid syntax")
        at = found.end()
        if found["x"] or found["o"]:
            out += bytes([int(found["x"], 16) if found["x"] else int(found["o"], 8)])
        elif code := found["u"] or found["U"]:
            out += chr(int(code, 16)).encode(errors="replace")
        else:
            out += (found["plain"] or _SHORT.get(found["c"], found["c"])).encode(errors="surrogatepass")
    return out.decode(errors="replace")
