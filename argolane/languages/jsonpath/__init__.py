"""kubectl's jsonPath template and an object in, text out: `{.data.state}-{.items[0].name}`.

As `kubectl get -o jsonpath` does it: a key that is missing is nothing, text outside of braces stays as it is.
Compare: k8s.io/client-go/util/jsonpath, whose errors these are. The members of a map come in their order
here, where Go has none.
"""

from collections.abc import Sequence
from typing import Any

from argolane.languages.gotext import quote, text_of, to_json
from argolane.languages.jsonpath import parser as node
from argolane.languages.jsonpath.parser import Node, Nodes, PathError, parse
from argolane.languages.values import COMPARE

Values = list[Any]


class _Nothing:
    """What `range` looks at where there is nothing: Go's zero reflect.Value, on which kubectl may panic."""

    def __str__(self) -> str:
        return "<invalid reflect.Value>"


_NOTHING = _Nothing()
_TYPES = {
    dict: "map[string]interface {}", list: "[]interface {}", str: "string", bool: "bool",
    int: "int64", float: "float64",
}  # fmt: skip


class _Stuck(PathError):
    """An error, with the values that were there: to `exists` they count as found."""

    def __init__(self, message: str, values: Values) -> None:
        super().__init__(message)
        self.values = values


def render(template: str, body: Any) -> str:
    """The template with every `{...}` replaced; several results are joined by a blank."""
    try:
        nodes = parse(template)
    except PathError as error:
        raise PathError(f"error: error parsing jsonpath {template}, {error}") from None
    try:
        results = _Walk(nodes).results(0, [body])
    except PathError as error:
        shown = f'"{quote(template)}"'
        raise PathError(
            f"error: error executing jsonpath {shown}: Error executing template: {error}"
        ) from None
    return "".join(" ".join(map(_text, values)) for values in results)


class _Walk:
    """One pass over the template; `range` runs what follows for each value, until `end`."""

    def __init__(self, nodes: Nodes) -> None:
        self.nodes = nodes
        self.begun = self.inside = self.ended = 0
        self.last_end = -1

    def results(self, first: int, values: Values) -> list[Values]:
        found: list[Values] = []
        i = first
        while i < len(self.nodes):
            got = self._walk(self.nodes[i], values)
            if 0 < self.ended <= self.inside:
                self.ended -= 1
                self.last_end = i
                break
            if self.begun:
                self.begun -= 1
                self.inside += 1
                for value in got:
                    found += self.results(i + 1, [_NOTHING if value is None else value])
                if not got:  # what is looked at in vain still finds the end
                    self.results(i + 1, [_NOTHING])
                self.inside -= 1
                i = max(i, self.last_end)
            else:
                found.append(got)
            i += 1
        return found

    def _list(self, nodes: Nodes, values: Values) -> Values:
        for each in nodes:
            values = self._walk(each, values)
        return values

    def _walk(self, what: Node, values: Values) -> Values:
        match what:
            case node.Action(nodes):
                return self._list(nodes, values)
            case node.Text(text):
                return [text]
            case node.Number(number):
                return [number] * len(values)
            case node.Field(name):
                return [value[name] for value in values if isinstance(value, dict) and name in value]
            case node.Wildcard():
                return [inner for value in values for inner in _members(value)]
            case node.Recursive():
                return [inner for value in values for inner in _below(value)]
            case node.Several(actions):
                return [found for nodes in actions for found in self._list(nodes, values)]
            case node.Slice():
                return _sliced(what, values)
            case node.Filter():
                return [item for value in values for item in self._filtered(what, value, values)]
            case node.Word(name):
                return self._word(name, values)

    def _word(self, name: str, values: Values) -> Values:
        if name == "range":
            self.begun += 1
            return values
        if name != "end":
            raise _Stuck(f"unrecognized identifier {name}", values)
        if not self.inside:
            raise _Stuck("not in range, nothing to end", [])
        self.ended += 1
        return []

    def _filtered(self, what: node.Filter, value: Any, values: Values) -> Values:
        if not isinstance(value, list):
            raise _Stuck(f"{text_of(value)} is not array or slice and cannot be filtered", values)
        return [item for item in value if self._passes(what, item, values)]

    def _passes(self, what: node.Filter, item: Any, values: Values) -> bool:
        try:
            left = self._list(what.left, [item])
        except _Stuck as error:
            if what.operator != "exists":
                raise
            left = error.values
        if what.operator == "exists" or not left:
            return bool(left)
        right = self._list(what.right, [item]) if len(left) == 1 else []
        if max(len(left), len(right)) > 1:
            raise _Stuck("can only compare one element at a time", values)
        return bool(right) and _compared(left[0], what.operator, right[0])


def _compared(left: Any, operator: str, right: Any) -> bool:
    if operator not in COMPARE:
        raise _Stuck(f"unrecognized filter operator {operator}", [])
    if not all(isinstance(side, (str, int, float)) for side in (left, right)):
        raise _Stuck("invalid type for comparison", [])
    if type(left) is not type(right):
        raise _Stuck("incompatible types for comparison", [])
    if isinstance(left, bool) and operator not in ("==", "!="):
        raise _Stuck("invalid type for comparison", [])
    return bool(COMPARE[operator](left, right))


def _sliced(what: node.Slice, values: Values) -> Values:
    found: Values = []
    for value in values:
        if value is None:
            continue
        if value is _NOTHING:
            raise _Stuck("reflect: call of reflect.Value.Type on zero Value", values)
        if not isinstance(value, list):
            raise _Stuck(f"{_TYPES[type(value)]} is not array or slice", values)
        length = len(value)
        start, end = what.start or 0, what.end
        alone = not what.colon
        if alone:
            end = start + 1
        if start < 0:
            start += length
        if end is None:
            end = length
        if end < 0 or (end == 0 and alone):
            end += length
        if start == end:
            return found
        if not 0 <= start < length:
            raise _Stuck(f"array index out of bounds: index {start}, length {length}", values)
        if not 0 <= end <= length:
            raise _Stuck(f"array index out of bounds: index {end - 1}, length {length}", values)
        if start > end:
            raise _Stuck(f"starting index {start} is greater than ending index {end}", values)
        if what.step is not None and what.step <= 0:
            raise _Stuck("step must be > 0", values)
        found += value[start : end : what.step or 1]
    return found


def _members(value: Any) -> Sequence[Any]:
    if isinstance(value, dict):
        return list(value.values())
    # To Go a text is a list of bytes.
    return list(value.encode()) if isinstance(value, str) else value if isinstance(value, list) else []


def _below(value: Any) -> Values:
    members = _members(value)
    return [value, *(found for inner in members for found in _below(inner))] if members else []


def _text(value: Any) -> str:
    if value is None:
        return "null"
    if value is _NOTHING:
        return "<no value>"
    return to_json(value) if isinstance(value, (dict, list)) else text_of(value)
