"""What expr-lang's own functions take and give, for the check before an expression runs."""

from __future__ import annotations

from argolane.languages.expr.types import (  # fmt: skip
    ANY,
    ARRAY,
    BOOL,
    FLOAT,
    GROUPS,
    INT,
    MAP,
    STRING,
    TEXTS,
    UNKNOWN,
    Type,
)

_S, _I = STRING, INT
_INTS, _FLOATS = Type("[]int", INT), Type("[]float64", FLOAT)

# Tried in this order; the complaint is that of the last.
OVERLOADS: dict[str, list[tuple[tuple[Type, ...], Type]]] = {
    "type": [((ANY,), _S)],
    "string": [((ANY,), _S)],
    "trim": [((_S,), _S), ((_S, _S), _S)],
    "trimPrefix": [((_S, _S), _S), ((_S,), _S)],
    "trimSuffix": [((_S, _S), _S), ((_S,), _S)],
    "upper": [((_S,), _S)],
    "lower": [((_S,), _S)],
    "split": [((_S, _S), TEXTS), ((_S, _S, _I), TEXTS)],
    "splitAfter": [((_S, _S), TEXTS), ((_S, _S, _I), TEXTS)],
    "replace": [((_S, _S, _S, _I), _S), ((_S, _S, _S), _S)],
    "repeat": [((_S, _I), _S)],
    "join": [((TEXTS, _S), _S), ((ARRAY, _S), _S), ((ARRAY,), _S), ((TEXTS, _S), _S), ((TEXTS,), _S)],
    "indexOf": [((_S, _S), _I)],
    "lastIndexOf": [((_S, _S), _I)],
    "hasPrefix": [((_S, _S), BOOL)],
    "hasSuffix": [((_S, _S), BOOL)],
    "toJSON": [((ANY,), _S)],
    "fromJSON": [((_S,), ANY)],
    "toBase64": [((_S,), _S)],
    "fromBase64": [((_S,), _S)],
    "sort": [
        *(((kind, _S), ARRAY) for kind in (ARRAY, _INTS, _FLOATS, TEXTS)),
        *(((kind,), ARRAY) for kind in (ARRAY, _FLOATS, TEXTS, _INTS)),
    ],
    "bitnot": [((_I,), _I)],
    **{
        name: [((_I, _I), _I)]
        for name in ("bitand", "bitor", "bitxor", "bitnand", "bitshl", "bitshr", "bitushr")
    },
}
_ONE = ("len", "abs", "ceil", "floor", "round", "int", "float", "first", "last", "keys", "values", "toPairs",
        "fromPairs", "reverse", "uniq", "flatten")  # fmt: skip
_COMPLAINTS = {
    "first": "cannot get first element from {}",
    "last": "cannot get last element from {}",
    "keys": "cannot get keys from {}",
    "values": "cannot get values from {}",
    "toPairs": "cannot transform {} to pairs",
    "fromPairs": "cannot transform {} from pairs",
    "reverse": "cannot reverse {}",
    "uniq": "cannot uniq {}",
    "flatten": "cannot flatten {}",
    "concat": "cannot concat {}",
    "take": "cannot take from {}",
}


def validated(name: str, given: list[Type]) -> tuple[Type, str]:
    """The type a function gives for these arguments, or expr-lang's complaint."""
    wanted = 1 if name in _ONE else 2 if name == "take" else len(given)
    if len(given) != wanted:
        return UNKNOWN, f"invalid number of arguments (expected {wanted}, got {len(given)})"
    if name in ("max", "min", "mean", "median"):
        if not given:
            return UNKNOWN, f"not enough arguments to call {name}"
        for kind in given:
            if kind.unknown or kind.element is not None:
                return ANY, ""
            if not kind.number:
                return UNKNOWN, f"invalid argument for {name} (type {_shown(kind)})"
        return given[0], ""
    for kind in given[:1] if name != "concat" else given:
        if not kind.unknown and not _takes(name, kind):
            complaint = _COMPLAINTS.get(name, f"invalid argument for {name} (type {{}})")
            return UNKNOWN, complaint.format(_shown(kind))
    if name == "take" and not (given[1].unknown or given[1] == INT):
        return UNKNOWN, f"cannot take {_shown(given[1])} elements"
    return _gives(name, given[0] if given else UNKNOWN), ""


def _shown(kind: Type) -> str:
    return "%!s(<nil>)" if kind.name == "nil" else kind.name


def _takes(name: str, kind: Type) -> bool:
    listed = kind.element is not None
    match name:
        case "len":
            return listed or kind in (STRING, MAP, GROUPS)
        case "abs" | "ceil" | "floor" | "round":
            return kind.number
        case "int" | "float":
            return kind.number or kind == STRING
        case "first" | "last" | "reverse" | "uniq" | "flatten" | "concat" | "take" | "fromPairs":
            return listed
        case "keys" | "values" | "toPairs":
            return kind in (MAP, GROUPS)
        case _:
            return True


def _gives(name: str, kind: Type) -> Type:
    match name:
        case "len" | "int":
            return INT
        case "abs":
            return UNKNOWN if kind.unknown else kind
        case "take":
            return ARRAY if kind.name == ARRAY.name else kind
        case "ceil" | "floor" | "round" | "float":
            return FLOAT
        case "first" | "last":
            return STRING if kind == TEXTS else ANY if kind.element is not None else UNKNOWN
        case "fromPairs":
            return MAP
        case "get":
            return UNKNOWN
        case _:
            return ARRAY
