"""A jq program in, a filter out: the parser.

jq without variables, definitions, reduce, assignments and paths; these are refused by name.
Compare: github.com/itchyny/gojq, parser.go.y.
Over 300 lines because a grammar is one thing: its rules call each other, and are read side by side.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from argolane.languages.jq.calls import formatted, function
from argolane.languages.jq.filters import (
    Filter,
    array,
    attempt,
    binary,
    built,
    condition,
    constant,
    each,
    identity,
    member,
    part,
    pipe,
    signed,
    text,
)
from argolane.languages.jq.values import JqError, NotRunLocally, encode

_TOKEN = re.compile(
    r"(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(?P<field>\.[A-Za-z_]\w*)"
    r"|(?P<name>[A-Za-z_]\w*)|(?P<variable>\$[A-Za-z_]\w*)|(?P<format>@[A-Za-z0-9]+)"
    r"|(?P<sign>\?//|//=|//|\|=|[-+*/%]=|==|!=|<=|>=|\.\.|[.\[\](){}|,:;=+*/%<>?-])",
    re.ASCII,
)
_SKIPPED = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_ESCAPED = re.compile(r'(?:\\u[0-9a-fA-F]{4})+|\\["/\\bfnrt]')
_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
_LEFT = (("or",), ("and",), _COMPARISONS, ("+", "-"), ("*", "/", "%"))  # what binds most is last
_ABSENT = frozenset({"=", "|=", "+=", "-=", "*=", "/=", "%=", "//=", "?//"})
_ABSENT_WORDS = frozenset(
    ("as", "reduce", "foreach", "def", "label", "break", "import", "include", "module", "__loc__")
)
_WORDS = _ABSENT_WORDS | frozenset(
    ("or", "and", "if", "then", "elif", "else", "end", "try", "catch", "null", "true", "false")
)


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    pieces: tuple[str | Filter, ...] = ()


_END = _Token("end", "")


def parse(program: str) -> Filter:
    """A program as a function of the object; JqError if gojq does not understand it either."""
    parser = _Parser(program)
    if parser.token.kind == "end":
        raise JqError('missing query (try ".")')
    tree = parser.query()
    if parser.token.kind != "end":
        raise parser.wrong()
    return tree


class _Parser:
    def __init__(self, program: str, at: int = 0) -> None:
        self.program, self.at = program, at
        self.token = _END
        self.next()

    def next(self) -> _Token:
        """The token at hand; the one behind it is at hand then."""
        passed, self.token = self.token, self._read()
        return passed

    def _read(self) -> _Token:
        skipped = _SKIPPED.match(self.program, self.at)
        self.at = skipped.end() if skipped else self.at
        if self.at == len(self.program):
            return _END
        if self.program[self.at] == '"':
            begin = self.at
            pieces = tuple(self._string())
            return _Token("string", self.program[begin : self.at], pieces)
        found = _TOKEN.match(self.program, self.at)
        if not found:
            raise JqError(f"unexpected token {encode(self.program[self.at])}")
        self.at = found.end()
        token = _Token(str(found.lastgroup), found[0])
        if token.kind == "variable" or token.text in _ABSENT:
            raise NotRunLocally(f"{token.text} is not run locally")
        return token

    def _string(self) -> Iterator[str | Filter]:
        self.at += 1
        plain = ""
        while self.at < len(self.program):
            char = self.program[self.at]
            if char == '"':
                self.at += 1
                yield plain
                return
            if self.program.startswith("\\(", self.at):
                yield plain
                plain = ""
                inner = _Parser(self.program, self.at + 2)
                yield inner.query()
                if inner.token.text != ")":
                    raise inner.wrong()
                self.at = inner.at
            elif char == "\\":
                found = _ESCAPED.match(self.program, self.at)
                if not found:
                    shown = self.program[self.at : self.at + 2]
                    raise JqError(f'invalid escape sequence "{shown}" in string literal')
                plain += str(json.loads(f'"{found[0]}"'))
                self.at = found.end()
            else:
                plain += char
                self.at += 1
        raise JqError("unterminated string literal")

    def is_sign(self, *signs: str) -> bool:
        return self.token.kind in ("sign", "name") and self.token.text in signs

    def take(self, sign: str) -> bool:
        found = self.is_sign(sign)
        if found:
            self.next()
        return found

    def expect(self, sign: str) -> None:
        if not self.take(sign):
            raise self.wrong()

    def wrong(self) -> JqError:
        if self.token.kind == "end":
            return JqError("unexpected EOF")
        if self.token.text in _ABSENT_WORDS:
            return NotRunLocally(f"{self.token.text} is not run locally")
        return JqError(f"unexpected token {encode(self.token.text)}")

    def query(self) -> Filter:
        return self._right("|", self._comma)

    def _comma(self) -> Filter:
        left = self.expression()
        while self.take(","):
            left = binary(",", left, self.expression())
        return left

    def expression(self) -> Filter:
        return self._right("//", self._left)

    def _right(self, sign: str, inner: Callable[[], Filter]) -> Filter:
        left = inner()
        return binary(sign, left, self._right(sign, inner)) if self.take(sign) else left

    def _left(self, level: int = 0) -> Filter:
        if level == len(_LEFT):
            return self.postfix()
        left = self._left(level + 1)
        while self.is_sign(*_LEFT[level]):
            left = binary(self.next().text, left, self._left(level + 1))
            if _LEFT[level] is _COMPARISONS and self.is_sign(*_COMPARISONS):
                raise self.wrong()
        return left

    def postfix(self) -> Filter:
        """A term and its suffixes; `?` is about the last of them, or about the term where there is none."""
        term: Filter = self._term()
        last: Callable[[Filter], Filter] | None = None
        while True:
            if self.take("?"):
                term = pipe(term, attempt(last(identity))) if last else attempt(term)
                last = None
                continue
            if self.token.kind == "field":
                following: Callable[[Filter], Filter] = partial(member, key=constant(self.next().text[1:]))
            elif self.take("["):
                following = self._brackets()
            elif self.take("."):
                following = self._after_dot()
            else:
                return last(term) if last else term
            term, last = (last(term) if last else term), following

    def _after_dot(self) -> Callable[[Filter], Filter]:
        if self.token.kind == "string":
            return partial(member, key=text(self.next().pieces))
        self.expect("[")
        return self._brackets()

    def _brackets(self) -> Callable[[Filter], Filter]:
        """A suffix, as a function of what is before it; its brackets are about the whole's input."""
        if self.take("]"):
            return partial(pipe, right=each)
        start = None if self.is_sign(":") else self.query()
        if not self.take(":"):
            self.expect("]")
            return partial(member, key=start or identity)
        end = None if start and self.is_sign("]") else self.query()
        self.expect("]")
        return partial(part, start=start or constant(None), end=end or constant(None))

    def _term(self) -> Filter:
        kind, shown = self.token.kind, self.token.text
        if kind == "name":
            return self._named()
        if kind == "end" or (kind == "sign" and shown not in (".", "..", "(", "[", "{", "+", "-")):
            raise self.wrong()
        token = self.next()
        if kind == "number":
            return constant(int(shown) if shown.isdigit() else float(shown))
        if kind == "string":
            return text(token.pieces)
        if kind == "field":
            return member(identity, constant(shown[1:]))
        if kind == "format":
            if self.token.kind == "string":
                raise NotRunLocally(f"{shown} before a text is not run locally")
            return formatted(shown)
        if shown in ("+", "-"):
            return signed(shown, self.postfix())
        if shown == "(":
            inner = self.query()
            self.expect(")")
            return inner
        if shown == "[":
            return self._array()
        if shown == "{":
            return self._object()
        if shown == "..":
            return function("recurse", [])
        return self._after_dot()(identity) if self.token.kind == "string" or self.is_sign("[") else identity

    def _array(self) -> Filter:
        if self.take("]"):
            return lambda _: iter(([],))
        inner = self.query()
        self.expect("]")
        return array(inner)

    def _object(self) -> Filter:
        pairs: list[tuple[Filter, Filter]] = []
        while not self.take("}"):
            pairs.append(self._pair())
            if not self.is_sign("}"):
                self.expect(",")
        return built(pairs)

    def _pair(self) -> tuple[Filter, Filter]:
        if self.take("("):
            key = self.query()
            self.expect(")")
            self.expect(":")
            return key, self._value()
        if self.token.kind == "string":
            key = text(self.next().pieces)
        elif self.token.kind == "name":
            key = constant(self.next().text)
        else:
            raise self.wrong()
        return key, self._value() if self.take(":") else member(identity, key)

    def _value(self) -> Filter:
        return self._right("|", self.expression)

    def _named(self) -> Filter:
        name = self.token.text
        if name in ("true", "false", "null"):
            self.next()
            return constant({"true": True, "false": False, "null": None}[name])
        if name == "if":
            self.next()
            return self._condition()
        if name == "try":
            self.next()
            inner = self.postfix()
            return attempt(inner, self.postfix() if self.take("catch") else None)
        if name in _WORDS:
            raise self.wrong()
        self.next()
        arguments: list[Filter] = []
        if self.take("("):
            arguments.append(self.query())
            while self.take(";"):
                arguments.append(self.query())
            self.expect(")")
        return function(name, arguments)

    def _condition(self) -> Filter:
        test = self.query()
        self.expect("then")
        yes = self.query()
        if self.take("elif"):
            return condition(test, yes, self._condition())
        no = self.query() if self.take("else") else identity
        self.expect("end")
        return condition(test, yes, no)
