"""The tree of an expression and the names in scope in, its type out: what expr-lang refuses before it runs.

expr-lang compiles first, so `true ? 1 : 'a' - 1` fails though the minus is never reached. Only as much is
known as expr-lang knows: values of maps, and so most of Argo's, have no type until they are there.
Over 300 lines because there is one rule for each kind of node, and every rule calls the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from argolane.languages.expr import nodes as n
from argolane.languages.expr.errors import ExprError, located
from argolane.languages.expr.signatures import OVERLOADS, validated
from argolane.languages.expr.types import (  # fmt: skip
    ANY,
    ARRAY,
    BOOL,
    FLOAT,
    GROUPS,
    INT,
    MAP,
    NIL,
    STRING,
    UNKNOWN,
    Type,
    array_of,
    assignable,
    type_of,
)
from argolane.languages.regex import PatternError, compile_pattern

_TEXTS = ("contains", "startsWith", "endsWith", "matches")
_SIGNATURES = {"jsonpath": ((STRING, STRING), ANY), "toJson": ((ANY,), STRING), "asInt": ((ANY,), ANY),
               "asFloat": ((ANY,), ANY)}  # fmt: skip
# What `#index` and `#acc` are known in.
_POINTERS = {"map": {"index": INT}, "reduce": {"acc": UNKNOWN, "index": INT}, "sum": {}}
_BOOLEAN = ("all", "none", "any", "one", "filter", "find", "findIndex", "findLast", "findLastIndex", "count")


class _Unfit(Exception):
    """These arguments are not those of this signature; another one of the function may take them."""


@dataclass
class _Scope:
    item: Type
    pointers: Mapping[str, Type]


def check(source: str, tree: n.Node, names: Mapping[str, Any]) -> None:
    """ExprError with expr-lang's words when `tree` does not compile over `names`."""
    _Checker(source, names).type(tree)


class _Typed:
    """The arguments of a call, each typed when it is asked for, and once."""

    def __init__(self, checker: _Checker, nodes: tuple[n.Node, ...]) -> None:
        self.nodes, self._checker = nodes, checker
        self._types: dict[int, Type] = {}

    def type(self, index: int) -> Type:
        if index not in self._types:
            self._types[index] = self._checker.type(self.nodes[index])
        return self._types[index]


class _Checker:
    def __init__(self, source: str, names: Mapping[str, Any]) -> None:
        self.source, self.names = source, names
        self.variables: dict[str, Type] = {}
        self.scopes: list[_Scope] = []

    def fail(self, node: n.Node, message: str) -> ExprError:
        return ExprError(located(self.source, node.at, message))

    def unfit(self, node: n.Node, message: str) -> _Unfit:
        return _Unfit(located(self.source, node.at, message))

    def type(self, node: n.Node) -> Type:
        found: Type = getattr(self, "_" + type(node).__name__.lower())(node)
        return found

    def _literal(self, node: n.Literal) -> Type:
        return type_of(node.value)

    def _name(self, node: n.Name) -> Type:
        if node.name in self.variables:
            return self.variables[node.name]
        if node.name not in self.names:
            raise self.fail(node, f"unknown name {node.name}")
        return type_of(self.names[node.name])

    def _pointer(self, node: n.Pointer) -> Type:
        scope = self.scopes[-1]
        if not node.name:
            return scope.item
        if node.name not in scope.pointers:
            raise self.fail(node, f"unknown pointer #{node.name}")
        return scope.pointers[node.name]

    def _unary(self, node: n.Unary) -> Type:
        operand = self.type(node.operand)
        if operand.unknown or (operand == BOOL if node.operator in ("!", "not") else operand.number):
            if node.operator in ("!", "not"):
                return BOOL
            return UNKNOWN if operand.unknown else operand
        raise self.fail(node, f"invalid operation: {node.operator} (mismatched type {operand})")

    def _binary(self, node: n.Binary) -> Type:
        left, right = self.type(node.left), self.type(node.right)
        if node.operator == "in":
            self._in(node, left, right)
            return BOOL
        if node.operator == "??":
            return right if left == NIL else left if right == NIL or assignable(right, left) else UNKNOWN
        if node.operator == "matches" and isinstance(node.right, n.Literal) and right == STRING:
            try:
                compile_pattern(node.right.value)
            except PatternError as error:
                raise self.fail(node, str(error)) from None
        result = _result(node.operator, left, right)
        if result is None:
            raise self.fail(node, f"invalid operation: {node.operator} (mismatched types {left} and {right})")
        return result

    def _in(self, node: n.Binary, left: Type, right: Type) -> None:
        if right == MAP:
            if not left.unknown and left != STRING:
                raise self.fail(node, f"cannot use {left} as type string in map key")
        elif right.element is not None:
            if not _comparable(left, right.element):
                raise self.fail(node, f"cannot use {left} as type {right.element} in array")
        elif right != GROUPS and not right.unknown and not (left.unknown and right == STRING):
            raise self.fail(node, f"invalid operation: in (mismatched types {left} and {right})")

    def _chain(self, node: n.Chain) -> Type:
        return self.type(node.inner)

    def _member(self, node: n.Member) -> Type:
        base, key = self.type(node.of), self.type(node.key)
        named = node.key.value if isinstance(node.key, n.Literal) and key == STRING else None
        if base.unknown:
            return UNKNOWN
        if base == NIL and named is not None:
            raise self.fail(node, f"type nil has no field {named}")
        if base == GROUPS:
            return ARRAY
        if base == MAP:
            if key != STRING and not key.unknown:
                raise self.fail(node.key, f"cannot use {key} to get an element from {base}")
            return ANY
        if base.element is not None:
            if key != INT and not key.unknown:
                raise self.fail(node.key, f"array elements can only be selected using an integer (got {key})")
            return base.element
        if named is not None:
            raise self.fail(node, f"type {base} has no field {named}")
        raise self.fail(node, f"type {base}[{key}] is undefined")

    def _slice(self, node: n.Slice) -> Type:
        base = self.type(node.of)
        if base.unknown:
            return UNKNOWN
        if base != STRING and base.element is None:
            raise self.fail(node, f"cannot slice {base}")
        for bound in (node.start, node.end):
            kind = self.type(bound) if bound is not None else INT
            if bound is not None and kind != INT and not kind.unknown:
                raise self.fail(bound, f"non-integer slice index {kind}")
        return base

    def _call(self, node: n.Call) -> Type:
        # What is called on a map of functions has no type, and so its arguments are not looked at.
        if not isinstance(node.callee, n.Name):
            callee = self.type(node.callee)
        elif node.callee.name in _SIGNATURES and node.callee.name not in self.variables:
            wanted, result = _SIGNATURES[node.callee.name]
            try:
                return self._arguments(node, node.callee.name, _Typed(self, node.arguments), wanted, result)
            except _Unfit as unfit:
                raise ExprError(str(unfit)) from None
        else:
            callee = self.type(node.callee)
        if callee.unknown:
            return UNKNOWN
        if callee == NIL:
            name = node.callee.name if isinstance(node.callee, n.Name) else "function"
            raise self.fail(node, f"{name} is nil; cannot call nil as function")
        raise self.fail(node, f"{callee} is not callable")

    def _arguments(
        self, node: n.Node, name: str, given: _Typed, wanted: tuple[Type, ...], result: Type
    ) -> Type:
        if len(given.nodes) != len(wanted):
            for i in range(len(given.nodes)):
                given.type(i)
            few = "too many" if len(given.nodes) > len(wanted) else "not enough"
            raise self.unfit(node, f"{few} arguments to call {name}")
        for i, (argument, kind) in enumerate(zip(given.nodes, wanted, strict=True)):
            found = given.type(i)
            if kind == ANY or found.unknown or (kind == FLOAT and found == INT):
                continue
            if found == NIL:
                raise self.unfit(argument, f"cannot use nil as argument (type {kind}) to call {name}")
            if str(found) != str(kind):
                raise self.unfit(argument, f"cannot use {found} as argument (type {kind}) to call {name} ")
        return result

    def _builtin(self, node: n.Builtin) -> Type:
        if node.name in _BOOLEAN or node.name in ("map", "sum", "groupBy", "sortBy", "reduce"):
            return self._predicated(node)
        if node.name in OVERLOADS:
            last: _Unfit | None = None
            given = _Typed(self, node.arguments)
            for wanted, result in OVERLOADS[node.name]:
                try:
                    return self._arguments(node, node.name, given, wanted, result)
                except _Unfit as error:
                    last = error
            if last is not None:
                raise ExprError(str(last))
        kinds = [self.type(argument) for argument in node.arguments]
        result, reason = validated(node.name, kinds)
        if reason:
            raise self.fail(node, reason)
        return result

    def _predicated(self, node: n.Builtin) -> Type:
        collection = self.type(node.arguments[0])
        if collection.element is None and not collection.unknown:
            raise self.fail(node.arguments[0], f"builtin {node.name} takes only array (got {collection})")
        item = collection.element or UNKNOWN
        result = item
        if len(node.arguments) > 1:
            self.scopes.append(_Scope(item, _POINTERS.get(node.name, {})))
            result = self.type(node.arguments[1])
            self.scopes.pop()
            if result == NIL:
                message = "predicate should has one input and one output param"
                raise self.fail(node.arguments[1], message)
            if node.name in _BOOLEAN and result != BOOL and not result.unknown:
                raise self.fail(node.arguments[1], f"predicate should return boolean (got {result})")
        for extra in node.arguments[2:]:
            self.type(extra)
        match node.name:
            case "all" | "none" | "any" | "one":
                return BOOL
            case "filter" | "sortBy":
                return array_of(item)
            case "map":
                return array_of(result)
            case "count" | "findIndex" | "findLastIndex":
                return INT
            case "find" | "findLast":
                return item
            case "sum":
                return result
            case "groupBy":
                return GROUPS
            case _:
                return UNKNOWN

    def _predicate(self, node: n.Predicate) -> Type:
        return self.type(node.body)

    def _conditional(self, node: n.Conditional) -> Type:
        condition = self.type(node.condition)
        if condition != BOOL and not condition.unknown:
            raise self.fail(node.condition, f"non-bool expression (type {condition}) used as condition")
        then, otherwise = self.type(node.then), self.type(node.otherwise)
        if NIL in (then, otherwise):
            return otherwise if then == NIL else then
        if not assignable(then, otherwise):
            return UNKNOWN
        one, other = then.element, otherwise.element
        if one and other and not (assignable(one, other) and assignable(other, one)):
            return ARRAY
        return then

    def _let(self, node: n.Let) -> Type:
        if node.name in self.names:
            raise self.fail(node, f"cannot redeclare {node.name}")
        if node.name in self.variables:
            raise self.fail(node, f"cannot redeclare variable {node.name}")
        self.variables[node.name] = self.type(node.value)
        found = self.type(node.body)
        del self.variables[node.name]
        return found

    def _sequence(self, node: n.Sequence) -> Type:
        return [self.type(part) for part in node.parts][-1]

    def _array(self, node: n.Array) -> Type:
        kinds = [self.type(item) for item in node.items]
        alike = kinds and all(kind.go_kind == kinds[0].go_kind for kind in kinds)
        return array_of(kinds[-1]) if alike else ARRAY

    def _map(self, node: n.Map) -> Type:
        for key, value in node.pairs:
            self.type(key)
            self.type(value)
        return MAP


def _comparable(left: Type, right: Type) -> bool:
    if left.unknown or right.unknown or NIL in (left, right):
        return True
    alike = (left.number and right.number) or (left.element is not None and right.element is not None)
    return alike or str(left) == str(right)


def _result(operator: str, left: Type, right: Type) -> Type | None:
    """The type of `left operator right`, None if it has none."""

    def fits(*kinds: Type) -> bool:
        """Both of one of `kinds`, or one of them unknown."""
        if left.unknown and right.unknown:
            return True
        if left.unknown or right.unknown:
            return (right if left.unknown else left) in kinds
        return left in kinds and right in kinds and (left == right or (left.number and right.number))

    unknown = left.unknown or right.unknown
    match operator:
        case "==" | "!=":
            return BOOL if _comparable(left, right) else None
        case "and" | "&&" | "or" | "||":
            return BOOL if fits(BOOL) else None
        case "<" | ">" | "<=" | ">=":
            return BOOL if fits(INT, FLOAT, STRING) else None
        case "+" | "-" | "*":
            if not fits(INT, FLOAT, *((STRING,) if operator == "+" else ())):
                return None
            return UNKNOWN if unknown else FLOAT if FLOAT in (left, right) else left
        case "/" | "**" | "^":
            return FLOAT if fits(INT, FLOAT) else None
        case "%":
            return INT if fits(INT) else None
        case "..":
            return array_of(INT) if fits(INT) else None
        case _ if operator in _TEXTS:
            return BOOL if fits(STRING) else None
        case _:
            return UNKNOWN
