"""Tokens in, the tree of an expression out: a Pratt parser with expr-lang's precedences and complaints.

Over 300 lines because a grammar is one thing: its rules call each other, and are read side by side.
"""

from functools import lru_cache

from argolane.languages.expr import nodes as n
from argolane.languages.expr.errors import ExprSyntaxError, located
from argolane.languages.expr.lexer import WORDS, Token, tokenize

_UNARY = {"not": 50, "!": 50, "-": 90, "+": 90}
_BINARY = {
    "|": 0, "or": 10, "||": 10, "and": 15, "&&": 15, "==": 20, "!=": 20, "<": 20, ">": 20, ">=": 20, "<=": 20,
    "in": 20, "matches": 20, "contains": 20, "startsWith": 20, "endsWith": 20, "..": 25, "+": 30, "-": 30,
    "*": 60, "/": 60, "%": 60, "**": 100, "^": 100, "??": 500,
}  # fmt: skip
_RIGHT_FIRST = ("**", "^")
_COMPARISONS = ("<", ">", "<=", ">=")
_NEGATABLE = ("contains", "matches", "startsWith", "endsWith", "in")
# name -> arguments after the list: p = predicate, e = expression, a capital may be left out.
PREDICATES = {
    "all": "p", "none": "p", "any": "p", "one": "p", "filter": "p", "map": "p", "count": "P", "sum": "P",
    "find": "p", "findIndex": "p", "findLast": "p", "findLastIndex": "p", "groupBy": "p", "sortBy": "pE",
    "reduce": "pE",
}  # fmt: skip
BUILTINS = frozenset(
    """
    len type abs ceil floor round int float string trim trimPrefix trimSuffix upper lower split
    splitAfter replace repeat join indexOf lastIndexOf hasPrefix hasSuffix max min mean median
    toJSON fromJSON toBase64 fromBase64 now duration date timezone first last get take keys values
    toPairs fromPairs reverse uniq concat flatten sort bitand bitor bitxor bitnand bitshl bitshr
    bitushr bitnot
    """.split()  # noqa: SIM905
)


@lru_cache(maxsize=1024)
def parse(source: str) -> n.Node:
    """The tree of `source`; ExprSyntaxError with expr-lang's text."""
    return _Parser(source).run()


class _Parser:
    def __init__(self, source: str) -> None:
        self.source, self.position, self.depth = source, 0, 0
        self.tokens, self.fault = tokenize(source)
        self.check_read()

    def check_read(self) -> None:
        if self.fault is not None and self.position >= len(self.tokens):
            raise self.fault

    @property
    def current(self) -> Token:
        return self.tokens[self.position]

    def fail(self, message: str, token: Token | None = None) -> ExprSyntaxError:
        return ExprSyntaxError(located(self.source, (token or self.current).at, message))

    def unexpected(self, token: Token | None = None) -> ExprSyntaxError:
        return self.fail(f"unexpected token {token or self.current}", token)

    def next(self) -> Token:
        token = self.current
        if token.kind == "EOF":
            raise self.fail("unexpected end of expression")
        self.position += 1
        self.check_read()
        return token

    def at(self, kind: str, value: str) -> bool:
        return self.current.is_(kind, value)

    def expect(self, kind: str, value: str | None = None) -> Token:
        if self.current.kind != kind or (value is not None and self.current.value != value):
            raise self.unexpected()
        return self.next()

    def run(self) -> n.Node:
        node = self.sequence()
        if self.current.kind != "EOF":
            raise self.unexpected()
        return node

    def sequence(self) -> n.Node:
        parts = [self.expression(0)]
        while self.at("Operator", ";"):
            self.next()
            if self.current.kind == "EOF":
                break
            parts.append(self.expression(0))
        return parts[0] if len(parts) == 1 else n.Sequence(parts[0].at, tuple(parts))

    def expression(self, precedence: int) -> n.Node:
        if precedence == 0 and self.at("Operator", "let"):
            return self.let()
        if precedence == 0 and self.at("Operator", "if"):
            return self.if_else()
        left, previous = self.primary(), ""
        while self.current.kind == "Operator":
            token, negation = self.current, None
            if token.value == "not":
                self.next()
                following = self.current
                if following.value not in _NEGATABLE:
                    raise self.unexpected(following)
                if _BINARY[following.value] < precedence:
                    self.position -= 1
                    break
                token = negation = following
            binding = _BINARY.get(token.value)
            if binding is None or binding < precedence:
                break
            self.next()
            if token.value == "|":
                left = self.call(self.expect("Identifier"), [left])
            elif previous == "??" and token.value != "??":
                raise self.fail(
                    f"Operator ({token.value}) and coalesce expressions (??) cannot be mixed. "
                    "Wrap either by parentheses.",
                    token,
                )
            elif token.value in _COMPARISONS:
                left = self.comparisons(left, token)
            else:
                right = self.expression(binding if token.value in _RIGHT_FIRST else binding + 1)
                left = n.Binary(token.at, token.value, left, right)
                if negation is not None:
                    left = n.Unary(negation.at, "not", left)
            previous = token.value
        return self.conditional(left) if precedence == 0 else left

    def comparisons(self, left: n.Node, token: Token) -> n.Node:
        root: n.Node | None = None
        while True:
            right = self.expression(_BINARY[token.value] + 1)
            one = n.Binary(token.at, token.value, left, right)
            root = one if root is None else n.Binary(token.at, "&&", root, one)
            token = self.current
            if token.kind != "Operator" or token.value not in _COMPARISONS:
                return root
            self.next()
            left = right

    def let(self) -> n.Node:
        self.next()
        name = self.expect("Identifier")
        self.expect("Operator", "=")
        value = self.expression(0)
        self.expect("Operator", ";")
        return n.Let(name.at, name.value, value, self.sequence())

    def if_else(self) -> n.Node:
        self.next()
        condition = self.expression(0)
        then = self.block()
        self.expect("Operator", "else")
        otherwise = self.if_else() if self.at("Operator", "if") else self.block()
        return n.Conditional(0, condition, then, otherwise)  # expr-lang gives it no place

    def block(self) -> n.Node:
        self.expect("Bracket", "{")
        inner = self.sequence()
        self.expect("Bracket", "}")
        return inner

    def conditional(self, node: n.Node) -> n.Node:
        while self.at("Operator", "?"):
            self.next()
            if self.at("Operator", ":"):
                self.next()
                then, otherwise = node, self.expression(0)
            else:
                then = self.expression(0)
                self.expect("Operator", ":")
                otherwise = self.expression(0)
            node = n.Conditional(self.current.at, node, then, otherwise)
        return node

    def primary(self) -> n.Node:
        token = self.current
        if token.kind == "Operator" and token.value in _UNARY:
            self.next()
            return self.postfix(n.Unary(token.at, token.value, self.expression(_UNARY[token.value])))
        if token.is_("Bracket", "("):
            self.next()
            inner = self.sequence()
            self.expect("Bracket", ")")
            return self.postfix(inner)
        if self.depth and token.kind == "Operator" and token.value in ("#", "."):
            name = ""
            if token.value == "#":
                self.next()
                if self.current.kind == "Identifier":
                    name = self.next().value
            return self.postfix(n.Pointer(token.at, name))
        if token.is_("Operator", "::"):
            self.next()
            return self.postfix(self.call(self.expect("Identifier"), []))
        return self.secondary()

    def secondary(self) -> n.Node:
        token = self.current
        if token.kind == "Identifier":
            self.next()
            if token.value in ("true", "false", "nil"):
                return n.Literal(token.at, {"true": True, "false": False, "nil": None}[token.value])
            if self.at("Bracket", "("):
                return self.postfix(self.call(token, []))
            return self.postfix(n.Name(token.at, token.value))
        if token.kind == "Number":
            self.next()
            return n.Literal(token.at, self.number(token))
        if token.kind == "String":
            self.next()
            return self.postfix(n.Literal(token.at, token.value))
        if token.is_("Bracket", "["):
            return self.postfix(n.Array(token.at, tuple(self.listed("[", "]"))))
        if token.is_("Bracket", "{"):
            return self.postfix(self.map_())
        raise self.unexpected()

    def number(self, token: Token) -> int | float:
        text = token.value.replace("_", "")
        lowered = text.lower()
        kind = {"0x": "hex", "0b": "binary", "0o": "octal"}.get(lowered[:2], "integer")
        try:
            if kind != "hex" and ("." in lowered or "e" in lowered):
                kind = "float"
                return float(text)
            value = int(text, 10 if kind == "integer" else 0)
        except ValueError:
            reader = "strconv.ParseFloat" if kind == "float" else "strconv.ParseInt"
            raise self.fail(f'invalid {kind} literal: {reader}: parsing "{text}": invalid syntax') from None
        if value >= 1 << 63:
            reason = f'strconv.ParseInt: parsing "{text}": value out of range'
            raise self.fail(f"invalid {kind} literal: {reason}")
        return value

    def listed(self, opening: str, closing: str) -> list[n.Node]:
        self.expect("Bracket", opening)
        found: list[n.Node] = []
        while not self.at("Bracket", closing):
            if found:
                self.expect("Operator", ",")
                if self.at("Bracket", closing):
                    break
            found.append(self.expression(0))
        self.expect("Bracket", closing)
        return found

    def map_(self) -> n.Node:
        at, pairs = self.next().at, list[tuple[n.Node, n.Node]]()
        while not self.at("Bracket", "}"):
            if pairs:
                self.expect("Operator", ",")
                if self.at("Bracket", "}"):
                    break
            token = self.current
            if token.kind in ("Number", "String", "Identifier"):
                self.next()
                key: n.Node = n.Literal(token.at, token.value)
            elif token.is_("Bracket", "("):
                key = self.expression(0)
            else:
                raise self.fail(
                    "a map key must be a quoted string, a number, a identifier, or an expression enclosed in "
                    f"parentheses (unexpected token {token})"
                )
            self.expect("Operator", ":")
            pairs.append((key, self.expression(0)))
        self.expect("Bracket", "}")
        return n.Map(at, tuple(pairs))

    def call(self, name: Token, first: list[n.Node]) -> n.Node:
        if name.value in PREDICATES:
            return n.Builtin(name.at, name.value, tuple(self.predicate_arguments(name.value, first)))
        arguments = (*first, *self.listed("(", ")"))
        if name.value in BUILTINS:
            return n.Builtin(name.at, name.value, arguments)
        return n.Call(name.at, n.Name(name.at, name.value), arguments)

    def predicate_arguments(self, name: str, found: list[n.Node]) -> list[n.Node]:
        wanted = ("e" + PREDICATES[name])[len(found) :]
        self.expect("Bracket", "(")
        for i, kind in enumerate(wanted):
            if self.at("Bracket", ")"):
                if kind.isupper():
                    break
                raise self.fail(f"expected at least {len(wanted)} arguments")
            if i:
                self.expect("Operator", ",")
            found = [*found, self.predicate() if kind in "pP" else self.expression(0)]
        if self.at("Operator", ","):
            self.next()
        self.expect("Bracket", ")")
        return found

    def predicate(self) -> n.Node:
        at = self.current.at
        self.depth += 1
        if self.at("Bracket", "{"):
            body = self.block()
        else:
            body = self.expression(0)
            if self.at("Operator", ";"):
                raise self.fail("wrap predicate with brackets { and }")
        self.depth -= 1
        return n.Predicate(at, body)

    def postfix(self, node: n.Node) -> n.Node:
        while True:
            token = self.current
            optional = token.is_("Operator", "?.")
            if optional or token.is_("Operator", "."):
                self.next()
                if not (optional and self.at("Bracket", "[")):
                    node = self.property(node, optional=optional)
                    continue
                token = self.current
            if not token.is_("Bracket", "["):
                return node
            node = self.index(node, optional=optional)

    def property(self, node: n.Node, *, optional: bool) -> n.Node:
        name = self.next() if self.current.kind != "EOF" else self.current
        if name.kind != "Identifier" and not (name.kind == "Operator" and name.value in WORDS):
            raise self.fail("expected name")
        inside = node.inner if isinstance(node, n.Chain) else node
        member: n.Node = n.Member(name.at, inside, n.Literal(name.at, name.value), optional)
        if self.at("Bracket", "("):
            member = n.Call(name.at, member, tuple(self.listed("(", ")")))
        return n.Chain(name.at, member) if optional or isinstance(node, n.Chain) else member

    def index(self, node: n.Node, *, optional: bool) -> n.Node:
        at = self.next().at
        start = None if self.at("Operator", ":") else self.expression(0)
        if self.at("Operator", ":"):
            self.next()
            end = None if self.at("Bracket", "]") else self.expression(0)
            self.expect("Bracket", "]")
            return n.Slice(at, node, start, end)
        self.expect("Bracket", "]")
        member = n.Member(at, node, start or n.Literal(at, None), optional)
        return n.Chain(at, member) if optional else member
