"""jqFilter: gojq's values, functions and complaints."""

import re
from typing import Any

import pytest

from argolane.languages import jq


@pytest.mark.parametrize(
    ("program", "text"),
    [
        (".status.state", "Available"),
        (".status.items[1].v", "2.5"),
        (".status.items[-1].k", "b"),
        (".status.items[].k", "a\nb"),
        (".status.items | length", "2"),
        ("[.status.items[] | select(.v > 1) | .k]", '["b"]'),
        ('.status.missing // "none"', "none"),
        ('.metadata.labels["a.b/c"]', "d"),
        ('"\\(.status.state) \\(.status.n + 1)"', "Available 4"),
        (".status.items | map(.v) | add", "3.5"),
        ("{name: .metadata.name, n: .status.n}", '{"n":3,"name":"x"}'),
        ('if .status.n >= 3 then "big" else "small" end', "big"),
        ('.status | keys | join(",")', "items,n,none,state"),
        ('.status.items[0] | has("k") and (has("z") | not)', "true"),
        (".status.items[5]?.k", "null"),
        (".status.n * 2 - 1 == 5", "true"),
        ("[.status.items[].v] | add / length", "1.75"),
        (".status.n / 2, .status.n * 1e21, -.status.n", "1.5\n3e+21\n-3"),
        ("[[1, [2]], [[3]]] | flatten, flatten(1)", "[1,2,3]\n[1,[2],[3]]"),
        ("[.status.none, 1, false] | map(values)", "[1,false]"),
        ('{a: "<é>"} | tojson', '{"a":"<é>"}'),
        ('{a: "<é>"}', '{"a":"\\u003cé\\u003e"}'),
        (".status.items | group_by(.v > 1) | map(length)", "[1,1]"),
        (".status.items | max_by(.v).k, (min_by(.v) | .k)", "b\na"),
        ('.status | with_entries(select(.value | type == "number"))', '{"n":3}'),
        (".status.items | to_entries[1].key", "1"),
        ('"aGk=" | @base64d', "hi"),
        ("[..|numbers]", "[1,2.5,3]"),
        ('.status.state | test("^avail"; "i"), .[:3], .[-1:]', "true\nAva\ne"),
        ('[.status.items[] | .v > 1 and .k == "b"] | any, all', "true\nfalse"),
        ('try error("x") catch ., (.status.state.x?, "rest")', "x\nrest"),
        ('"\\(1, 2)-\\(3, 4)"', "1-3\n2-3\n1-4\n2-4"),
        ('{a: (1, 2), "b": 3} | .a + .b', "4\n5"),
        ('.metadata | {name, "labels"} | length', "2"),
    ],
)
def test_jq(program: str, text: str, body: dict[str, Any]) -> None:
    """A filter's results, texts bare and other values as JSON, one a line."""
    assert jq.run(program, body) == text


@pytest.mark.parametrize(
    ("program", "problem"),
    [
        (".status.none | tonumber", "tonumber cannot be applied to: null"),
        (".metadata.name.x", 'expected an object but got: string ("x")'),
        ("nosuch", "function not defined: nosuch/0"),
        (".a |", "unexpected EOF"),
        ("1 2", 'unexpected token "2"'),
        ("", 'missing query (try ".")'),
        (".status | keys | keys | .x", "expected an object but got: array ([0,1,2,3])"),
        (".status.state | keys", 'keys cannot be applied to: string ("Available")'),
        (".status.state / 0", 'cannot divide: string ("Available") and number (0)'),
        (".status.n % 0", "cannot modulo number (3) by: number (0)"),
        (".metadata | tonumber", 'tonumber cannot be applied to: object ({"labels":{"a.b/c":"d"}," ...})'),
        (
            '.status.state | test("(")',
            'invalid regular expression "(": error parsing regexp: missing closing )',
        ),
        ("error({a: 1})", 'error: {"a":1}'),
        ("1e400", "json: unsupported value: +Inf"),
    ],
)
def test_jq_errors(program: str, problem: str, body: dict[str, Any]) -> None:
    """What goes wrong is said as gojq says it."""
    with pytest.raises(jq.JqError) as error:
        jq.run(program, body)
    assert str(error.value).startswith(problem)


@pytest.mark.parametrize(
    ("program", "name"),
    [
        (".a as $x | $x", "as"),
        ("$ENV", "$ENV"),
        ("reduce .[] as $x (0; 1)", "reduce"),
        ("def f: 1; f", "def"),
        (".a |= 1", "|="),
        ("limit(1; .)", "limit/2"),
        ("@csv", "@csv"),
        ("recurse(.)", "recurse with more than 100,000 values"),
    ],
)
def test_jq_that_is_not_run_here(program: str, name: str, body: dict[str, Any]) -> None:
    """What gojq could do and this cannot is refused by name."""
    with pytest.raises(jq.NotRunLocally, match=f"^{re.escape(name)} is not run locally$"):
        jq.run(program, body)
    if not program.startswith("recurse"):
        assert jq.refusal(program) == f"{name} is not run locally"
