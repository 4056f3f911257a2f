"""An expression in, expr-lang's tokens out."""

import re
import unicodedata
from dataclasses import dataclass

from argolane.languages.expr.errors import ExprSyntaxError, located
from argolane.languages.gotext import quote

WORDS = frozenset(
    {"in", "or", "and", "matches", "contains", "startsWith", "endsWith", "let", "if", "else", "not"}
)
_NEGATED = frozenset({"in", "matches", "contains", "startsWith", "endsWith"})
_DOUBLES = ("||", "::", "?.", "??", "..")
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\"}
_NUMBER = re.compile(
    r"0[xX][0-9a-fA-F_]*|0[oO][0-7_]*|0[bB][01_]*|[0-9_]*(?:\.(?!\.)[0-9_]*)?(?:[eE][+-]?[0-9_]*)?"
)


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is Identifier, Number, String, Operator, Bracket or EOF; `at` its place in the source."""

    kind: str
    value: str
    at: int

    def __str__(self) -> str:
        return f'{self.kind}("{quote(self.value)}")' if self.value else self.kind

    def is_(self, kind: str, value: str) -> bool:
        return self.kind == kind and self.value == value


def tokenize(source: str) -> tuple[list[Token], ExprSyntaxError | None]:
    """The tokens of `source`, the last one EOF, and what is wrong after them if it ends before its end.

    The parser speaks of the fault only when it gets there, as expr-lang's does.
    """
    lexer = _Lexer(source)
    try:
        lexer.run()
    except ExprSyntaxError as error:
        return lexer.tokens, error
    return lexer.tokens, None


class _Lexer:
    def __init__(self, source: str) -> None:
        self.source, self.at, self.tokens = source, 0, list[Token]()

    def fail(self, message: str, at: int) -> ExprSyntaxError:
        return ExprSyntaxError(located(self.source, max(at, 0), message))

    def add(self, kind: str, end: int, value: str | None = None) -> None:
        self.tokens.append(Token(kind, self.source[self.at : end] if value is None else value, self.at))
        self.at = end

    def run(self) -> None:
        while self.at < len(self.source):
            self.one(self.source[self.at])
        self.tokens.append(Token("EOF", "", max(len(self.source) - 1, 0)))

    def one(self, char: str) -> None:
        rest = self.source[self.at : self.at + 2]
        if char.isspace():
            self.at += 1
        elif char in "'\"":
            self.string(char)
        elif char == "`":
            self.raw_string()
        elif char.isdigit() and char.isascii():
            self.number()
        elif rest == "//":
            end = self.source.find("\n", self.at)
            self.at = len(self.source) if end < 0 else end + 1
        elif rest == "/*":
            end = self.source.find("*/", self.at + 2)
            if end < 0:
                raise self.fail("unclosed comment", len(self.source))
            self.at = end + 2
        elif char == ".":
            if len(rest) == 2 and rest[1] in "0123456789":
                self.number()
            else:
                self.add("Operator", self.at + (2 if rest == ".." else 1))
        elif rest in _DOUBLES:
            self.add("Operator", self.at + 2)
        elif char == "#":
            self.add("Operator", self.at + (2 if rest == "##" else 1))
            end = self.word_end(self.at)
            if end > self.at:
                self.add("Identifier", end)
        elif char in "([{)]}":
            self.add("Bracket", self.at + 1)
        elif char in "&!=*<>":
            self.add("Operator", self.at + (2 if len(rest) == 2 and rest[1] in "&=*" else 1))
        elif char in ",;%+-^/|:?":
            self.add("Operator", self.at + 1)
        elif _alphanumeric(char):
            self.identifier()
        else:
            code = f"U+{ord(char):04X}"
            shown = f"{code} '{char}'" if char.isprintable() else code
            raise self.fail(f"unrecognized character: {shown}", self.at)

    def word_end(self, at: int) -> int:
        while at < len(self.source) and _alphanumeric(self.source[at]):
            at += 1
        return at

    def identifier(self) -> None:
        end = self.word_end(self.at)
        word = self.source[self.at : end]
        self.add("Operator" if word in WORDS else "Identifier", end)
        if word == "not":
            start = end + len(self.source[end:]) - len(self.source[end:].lstrip(" "))
            following = self.word_end(start)
            if self.source[start:following] in _NEGATED:
                self.at = start
                self.add("Operator", following)

    def number(self) -> None:
        found = _NUMBER.match(self.source, self.at)
        end = found.end() if found else self.at + 1
        if end < len(self.source) and _alphanumeric(self.source[end]):
            raise self.fail(f'bad number syntax: "{quote(self.source[self.at : end + 1])}"', end)
        self.add("Number", end)

    def raw_string(self) -> None:
        found = re.compile(r"`((?:[^`]|``)*)`").match(self.source, self.at)
        if not found:
            raise self.fail("literal not terminated", len(self.source))
        self.add("String", found.end(), found[1].replace("``", "`"))

    def string(self, mark: str) -> None:
        at, out = self.at + 1, list[str]()
        while True:
            if at >= len(self.source):
                raise self.fail("literal not terminated", len(self.source))
            char = self.source[at]
            if char == mark:
                break
            if char == "\n":
                raise self.fail("literal not terminated", at)
            if char != "\\":
                out.append(char)
                at += 1
                continue
            piece, at = self.escape(at + 1, mark)
            out.append(piece)
        self.add("String", at + 1, "".join(out))

    def escape(self, at: int, mark: str) -> tuple[str, int]:
        char = self.source[at : at + 1]
        if char and (char in _ESCAPES or char == mark):
            return _ESCAPES.get(char, char), at + 1
        for pattern, base in (
            (r"[0-7]{3}", 8),
            (r"x([0-9a-fA-F]{2})", 16),
            (r"u\{([0-9a-fA-F]{1,6})\}", 16),
            (r"u([0-9a-fA-F]{4})", 16),
            (r"U([0-9a-fA-F]{8})", 16),
        ):
            if found := re.compile(pattern).match(self.source, at):
                digits = found[1] if found.lastindex else found[0]
                return chr(int(digits, base)), found.end()
        raise self.fail("invalid char escape", at)


def _alphanumeric(char: str) -> bool:
    return char in "_$" or unicodedata.category(char)[0] == "L" or unicodedata.category(char) == "Nd"
