"""`{{=...}}`: values, the names an expression needs, and what is refused."""

from typing import Any

import pytest

from argolane.languages import expr
from argolane.languages.expr.values import Strings

ENV = {
    "n": "7",
    "m": {"a": [1, 2.5, "x"], "t": True},
    "gone": None,
    "steps": {"make-it": {"outputs": {"result": "32"}}},
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("asInt(n) + 1", 8),
        ("8 / 2", 4.0),
        ("2 ** 3 ** 2", 512.0),
        ("-2 ** 2", -4.0),
        ("'a' + 'b'", "ab"),
        ("'abcdef'[1:3]", "bc"),
        ("m.a[-1]", "x"),
        ("m['a'][0]", 1),
        ("m?.zz?.deep", None),
        ("gone ?? 'd'", "d"),
        ("steps['make-it'].outputs.result", "32"),
        ("n == '7' and not false", True),
        ("n not in ['8']", True),
        ("1 < asInt(n) < 8", True),
        ("[1, 2, 3] | filter(# > 1) | map(# * 2)", [4, 6]),
        ("reduce(1..4, #acc + #)", 10),
        ("sortBy([{'k': 2}, {'k': 1}], .k)[0].k", 1),
        ("groupBy(1..4, # % 2)[0]", [2, 4]),
        ("let x = 2; x * x", 4),
        ("if asInt(n) > 5 { 'big' } else { 'small' }", "big"),
        ("len('héé')", 3),
        ("toJSON({'b': 1})", '{\n  "b": 1\n}'),
        ("fromJSON('[1]')[0]", 1.0),
        ("max([1, 3], 2)", 3),
        ("median([3, 1, 2])", 2.0),
        ("1 // a comment", 1),
        ("`raw \\n`", "raw \\n"),
        ("'\\u00e9\\x41'", "éA"),
        ("0x1F + 0b11 + 1_000", 1034),
        ("jsonpath('{\"a\":{\"b\":[1,2]}}', '$.a.b[*]')", [1.0, 2.0]),
        ("jsonpath('{\"a\":[1,2,3]}', '$.a[0,2]')", [1.0, 3.0]),
        ("jsonpath('{\"a\":[1,2,3]}', '$.a.length')", 3),
        ("jsonpath('{\"a\":[{\"n\":1},{}]}', '$.a[*].n')", [1.0]),
        ("jsonpath('{\"a\":1,\"b\":2}', \"$['b','zz']\")", [2.0]),
        ("sprig.default('d', '')", "d"),
        (
            "sprig.dateInZone('Mon Jan _2 15:04:05.000 MST 2006', 1786752000, 'UTC')",
            "Sat Aug 15 00:00:00.000 UTC 2026",
        ),
        ("sprig.dateInZone('3:04 pm Z07:00', 1786752000, 'Asia/Kolkata')", "5:30 am +05:30"),
        ("sprig.htmlDate(1786752000)", "2026-08-15"),
        ("sprig.date('2006', 'no time stands for now') == sprig.date('2006', '')", True),
        ("sprig.ternary('yes', 'no', true)", "yes"),
        ("sprig.regexReplaceAll('a(b)', 'ab', '[${1}]')", "[b]"),
        ("sprig.int('012')", 10),
        ("sprig.int('1.9')", 1),
        ("sprig.addf(0.1, 0.2)", 0.3),
        ("sprig.regexSplit(',', 'a,b,c', 2)", Strings(["a", "b,c"])),
        ("sprig.round(2.345, 2)", 2.35),
        ("sprig.dict('a', 1).a", 1),
        ("sprig.splitn('/', 2, 'a/b/c')._1", "b/c"),
        ("sprig.indent(2, 'a')", "  a"),
    ],
)
def test_values(text: str, value: Any) -> None:
    """Operators, closures, functions of expr-lang, of Argo and of sprig."""
    found = expr.evaluate(text, ENV)
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("text", "first_line"),
    [
        ("asInt('x')", "invalid operation: int(x) (1:1)"),
        ("nosuch", "unknown name nosuch (1:1)"),
        ("true ? 1 : 'a' - 1", "invalid operation: - (mismatched types string and int) (1:16)"),
        ("m.a[9]", "index out of range: 9 (array length is 3) (1:4)"),
        ("gone.x", "type nil has no field x (1:6)"),
        ("upper(1)", "cannot use int as argument (type string) to call upper  (1:7)"),
        ("1 % 0", "integer divide by zero (1:3)"),
        ("sprig.upper(1)", "reflect: Call using int as type string (1:7)"),
        ("sprig.fail('no')", "no (1:7)"),
        ("jsonpath('{}', '$.a')", "key: invalid token key 'a' not found (1:1)"),
        (
            "jsonpath('{}', '$[0]')",
            "index: invalid token target. expected [array slice] got [map] (1:1)",
        ),
    ],
)
def test_failures(text: str, first_line: str) -> None:
    """A failure says what and where, as expr-lang does."""
    with pytest.raises(expr.ExprError) as caught:
        expr.evaluate(text, ENV)
    assert str(caught.value).splitlines()[0] == first_line


def test_the_place_is_marked() -> None:
    """The message shows the line and a caret below the place."""
    with pytest.raises(expr.ExprSyntaxError) as caught:
        expr.evaluate("1 +\n  )", {})
    assert str(caught.value) == 'unexpected token Bracket(")") (2:3)\n |   )\n | ..^'


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("asInt(steps['a-b'].outputs.result) + n", ["asInt", "steps", "steps.a-b", "steps.a-b.outputs",
                                                    "steps.a-b.outputs.result", "n"]),
        ("a.b ?? 'x'", ["a"]),
        ("a?.b", ["a"]),
    ],
)  # fmt: skip
def test_names(text: str, names: list[str]) -> None:
    """The names needed; what stands behind ?? or ?. may be missing."""
    assert expr.names(text) == names


def test_refused_names_what_argo_has_and_we_do_not() -> None:
    """Functions of dates, chance and keys are known and refused."""
    assert expr.refused("now() == sprig.uuidv4() + sprig.upper('a')") == ["sprig.uuidv4", "now"]


_PEOPLE = '{"e": [{"n": "A", "age": 1}, {"n": "B", "age": 43, "t": ["x"]}, {"n": "C"}], "b": {"age": 7}}'


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ('$.e[?(@.n=="B")].age', [43]),
        ("$..age", [7, 1, 43]),
        ("$..[0]", [{"n": "A", "age": 1}, "x"]),
        ("$.e[?(@.age > 1)].n", ["B"]),
        ("$.e[?(@.age)].n", ["A", "B"]),
        ("$.e[?(!@.age)].n", []),
        ("$.e[(@.length-1)].n", "C"),
        ("$.e[?(@.n =~ '^[AB]$')].n", ["A", "B"]),
        ('$.e[?(@.n=="A" || @.n=="C")].n', ["A", "C"]),
        ('$.e[?(@.age >= 1 && @.n != "A")].n', ["B"]),
        ("$.e[?(@.age == $.b.age)]", []),
        ("$.e[?(@.n in ['A','C'])].n", []),
        ("$.e[?(@.t)].t[0]", ["x"]),
    ],
)
def test_jsonpath_looks_for_what_a_filter_says(path: str, value: Any) -> None:
    """What the library that Argo uses gave for each path, where a list is JSON and so are its quotes."""
    assert expr.evaluate("jsonpath(d, p)", {"d": _PEOPLE, "p": path}) == value


def test_every_function_of_sprig_is_there_or_refused() -> None:
    """sprig 3's generic functions, less env and expandenv which Argo takes out, are all known by name."""
    assert {"upper", "b64enc", "now", "genPrivateKey", "mustRegexMatch", "osBase"} <= set(
        expr.FUNCTIONS["sprig"]
    )
    assert not {"env", "expandenv"} & set(expr.FUNCTIONS["sprig"])


def test_deep_calls_are_checked_in_no_time() -> None:
    """Arguments are typed once, however many signatures a function has: twenty levels took minutes."""
    text = "trim(" * 60 + "n" + ", 'a')" * 60
    assert expr.evaluate(text, ENV) == "7"
