"""A jq program in, a filter out: the parser."""

import json
import re
from collections.abc import Iterator
from typing import Any

from argolane.workflow.local.jqfilters import (
    Filter,
    JqError,
    attempt,
    binary,
    cut,
    each,
    field,
    function,
    identity,
    index,
    pipe,
    recurse,
    tostring,
)

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<string>\"(?:\\.|[^\"\\])*\")|(?P<field>\.[A-Za-z_]\w*)"
    r"|(?P<name>[A-Za-z_]\w*)|(?P<sign>//|==|!=|<=|>=|\.\.|[.\[\](){}|,:;+*/%<>?-]))"
)
_BINARY = (
    ("|",),
    (",",),
    ("//",),
    ("or",),
    ("and",),
    ("==", "!=", "<", "<=", ">", ">="),
    ("+", "-"),
    ("*", "/", "%"),
)


def parse(program: str) -> Filter:
    """A program as a function of the object; JqError if it is not understood."""
    tokens = []
    position = 0
    while position < len(program.rstrip()):
        found = _TOKEN.match(program, position)
        if not found:
            raise JqError(f"the jqFilter {program!r} is not understood at {program[position:].strip()!r}")
        tokens.append((str(found.lastgroup), found[str(found.lastgroup)]))
        position = found.end()
    parser = _Parser(program, tokens)
    tree = parser.level(0)
    if parser.peek():
        raise parser.wrong()
    return tree


class _Parser:
    def __init__(self, program: str, tokens: list[tuple[str, str]]) -> None:
        self.program, self.tokens, self.at = program, tokens, 0

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def kind(self) -> str:
        return self.tokens[self.at][0] if self.at < len(self.tokens) else ""

    def next(self) -> str:
        text = self.peek()
        self.at += 1
        return text

    def take(self, text: str) -> bool:
        if self.peek() == text and self.kind() != "string":
            self.at += 1
            return True
        return False

    def expect(self, text: str) -> None:
        if not self.take(text):
            raise self.wrong()

    def wrong(self) -> JqError:
        return JqError(f'unexpected token "{self.peek() or "<EOF>"}" in the jqFilter {self.program!r}')

    def level(self, number: int) -> Filter:
        if number == len(_BINARY):
            return self.postfix()
        left = self.level(number + 1)
        while self.kind() != "string" and self.peek() in _BINARY[number]:
            operator = self.next()
            left = binary(operator, left, self.level(number + 1))
        return left

    def postfix(self) -> Filter:
        term = self.term()
        while True:
            if self.kind() == "field":
                term = pipe(term, field(self.next()[1:]))
            elif self.peek() == "." and self._follows("string"):
                self.next()
                term = pipe(term, field(self._text(self.next())))
            elif self.peek() == "." and self._follows_bracket():
                self.next()
            elif self.take("["):
                term = self.brackets(term)
            elif self.take("?"):
                term = attempt(term)
            else:
                return term

    def _follows(self, kind: str) -> bool:
        return self.at + 1 < len(self.tokens) and self.tokens[self.at + 1][0] == kind

    def _follows_bracket(self) -> bool:
        return self.at + 1 < len(self.tokens) and self.tokens[self.at + 1][1] == "["

    def brackets(self, term: Filter) -> Filter:
        if self.take("]"):
            return pipe(term, each)
        if self.take(":"):
            end = self.level(0)
            self.expect("]")
            return cut(term, None, end)
        inner = self.level(0)
        if self.take(":"):
            after = None if self.peek() == "]" else self.level(0)
            self.expect("]")
            return cut(term, inner, after)
        self.expect("]")
        return lambda body: (index(value, key) for value in term(body) for key in inner(body))

    def term(self) -> Filter:
        kind, text = self.kind(), self.next()
        if kind == "number":
            number = float(text) if "." in text else int(text)
            return lambda body: iter((number,))
        if kind == "string":
            return self.string(text)
        if kind == "field":
            return field(text[1:])
        if text == ".":
            if self.kind() == "string":
                return field(self._text(self.next()))
            return lambda body: iter((body,))
        if text == "..":
            return recurse
        if text == "-":
            inner = self.postfix()
            return lambda body: (-value for value in inner(body))
        if text == "(":
            inner = self.level(0)
            self.expect(")")
            return inner
        if text == "[":
            return self.array()
        if text == "{":
            return self.object()
        if kind == "name":
            return self.named(text)
        self.at -= 1
        raise self.wrong()

    def _text(self, token: str) -> str:
        return str(json.loads(token))

    def string(self, token: str) -> Filter:
        pieces = re.split(r"\\\(([^()]*(?:\([^()]*\)[^()]*)*)\)", token[1:-1])
        texts = [json.loads(f'"{piece}"') for piece in pieces[::2]]
        inner = [parse(piece.replace('\\"', '"')) for piece in pieces[1::2]]

        def fill(body: Any) -> Iterator[Any]:
            out = texts[0]
            for number, part in enumerate(inner):
                out += "".join(tostring(value) for value in part(body)) + texts[number + 1]
            yield out

        return fill

    def array(self) -> Filter:
        if self.take("]"):
            return lambda body: iter(([],))
        inner = self.level(0)
        self.expect("]")
        return lambda body: iter((list(inner(body)),))

    def object(self) -> Filter:
        pairs: list[tuple[Filter, Filter]] = []
        while not self.take("}"):
            kind, text = self.kind(), self.next()
            if text == "(":
                key = self.level(0)
                self.expect(")")
            elif kind == "string":
                key = self.string(text)
            elif kind == "name":
                key = (lambda name: lambda body: iter((name,)))(text)
            else:
                self.at -= 1
                raise self.wrong()
            value = self.level(2) if self.take(":") else field(self._text(text) if kind == "string" else text)
            pairs.append((key, value))
            if self.peek() != "}":
                self.expect(",")

        def build(body: Any, rest: int = 0) -> Iterator[Any]:
            if rest == len(pairs):
                yield {}
                return
            key, value = pairs[rest]
            for name in key(body):
                for found in value(body):
                    for others in build(body, rest + 1):
                        yield {name: found, **others}

        return build

    def named(self, name: str) -> Filter:
        if name in ("true", "false", "null"):
            literal = {"true": True, "false": False, "null": None}[name]
            return lambda body: iter((literal,))
        if name == "if":
            return self.condition()
        if name == "not":
            return lambda body: iter((body is None or body is False,))
        if name == "empty":
            return lambda body: iter(())
        arguments: list[Filter] = []
        if self.take("("):
            arguments.append(self.level(0))
            while self.take(";"):
                arguments.append(self.level(0))
            self.expect(")")
        return function(name, arguments)

    def condition(self) -> Filter:
        test = self.level(0)
        self._word("then")
        yes = self.level(0)
        if self.take("elif"):
            no = self.condition()
        elif self.take("else"):
            no = self.level(0)
            self._word("end")
        else:
            self._word("end")
            no = identity
        return lambda body: (
            found for value in test(body) for found in (no if value is None or value is False else yes)(body)
        )

    def _word(self, word: str) -> None:
        self.expect(word)
