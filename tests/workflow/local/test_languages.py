"""Small languages of resource templates and values: jq, jsonPath, selectors, patches, durations, merging."""

import re
from typing import Any

import pytest

from argolane.kubernetes import selectors
from argolane.languages import jq, jsonpath
from argolane.languages.jsonpathparser import PathError
from argolane.languages.values import any_string, go_json_error, parse_duration
from argolane.workflow.merge import join

BODY = {
    "metadata": {"name": "x", "labels": {"a.b/c": "d"}},
    "status": {
        "state": "Available",
        "n": 3,
        "items": [{"k": "a", "v": 1}, {"k": "b", "v": 2.5}],
        "none": None,
    },
}


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
def test_jq(program: str, text: str) -> None:
    """A filter's results, texts bare and other values as JSON, one a line."""
    assert jq.run(program, BODY) == text


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
def test_jq_errors(program: str, problem: str) -> None:
    """What goes wrong is said as gojq says it."""
    with pytest.raises(jq.JqError) as error:
        jq.run(program, BODY)
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
def test_jq_that_is_not_run_here(program: str, name: str) -> None:
    """What gojq could do and this cannot is refused by name."""
    with pytest.raises(jq.NotRunLocally, match=f"^{re.escape(name)} is not run locally$"):
        jq.run(program, BODY)
    if not program.startswith("recurse"):
        assert jq.refusal(program) == f"{name} is not run locally"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("{.status.state}", "Available"),
        (".status.state", ".status.state"),
        ("a {.status.state} b", "a Available b"),
        ("{.status.items[*].k}", "a b"),
        ("{.status.items[-1:].k}", "b"),
        ("{.status.items[::2].k}", "a"),
        ("{.status.items[0,1].k}", "a b"),
        ("{.metadata['name','labels']}", 'x {"a.b/c":"d"}'),
        ("{.metadata.labels['a\\.b/c']}-{.status.n}", "d-3"),
        ("{.metadata.labels.a\\.b/c}", "d"),
        ('{range .status.items[*]}{.k}={.v}{"\\n"}{end}', "a=1\nb=2.5\n"),
        ("{range .missing[*]}{.k}{end}.", "."),
        ("{range .status.items[*]}{range .none[*]}x{end}{.k}{end}", "ab"),
        ('{.status.items[?(@.k=="b")].v}', "2.5"),
        ("{.status.items[?(@.missing)].k}", ""),
        ("{..k}", "a b"),
        ("{.status.none}", "null"),
        ("{.status.missing}", ""),
        ("{1}{-2.5}{true}", "1-2.5true"),
    ],
)
def test_jsonpath(path: str, text: str) -> None:
    """What kubectl's own library makes of the templates."""
    assert jsonpath.render(path, BODY) == text


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("{.status", "error: error parsing jsonpath {.status, unclosed action"),
        ("{.status.items[x]}", "invalid array index x"),
        ("{%}", "unrecognized character in action: U+0025 '%'"),
        ('{"a}', "unterminated quoted string"),
        ("{.status.state[0]}", "Error executing template: string is not array or slice"),
        ("{.status.items[7].k}", "array index out of bounds: index 7, length 2"),
        ("{.status.items[1:0]}", "starting index 1 is greater than ending index 0"),
        ("{.status.items[?(@.v>1)].k}", "incompatible types for comparison"),
        ("{foo}", "unrecognized identifier foo"),
        ("{end}", "not in range, nothing to end"),
    ],
)
def test_jsonpath_errors(path: str, problem: str) -> None:
    """In its words too."""
    with pytest.raises(PathError) as error:
        jsonpath.render(path, BODY)
    assert str(error.value).endswith(problem)


@pytest.mark.parametrize(
    ("selector", "holds"),
    [
        ("status.state == Available", True),
        ("status.state = Available, status.n > 2", True),
        ("status.n < 3", False),
        ("status.state in (Creating, Available)", True),
        ("status.state notin (Creating)", True),
        ("status.missing != x", True),
        ("status.none", True),
        ("status.state notin (Available,)", False),
        ("status.state in (,)", False),
        ("status.items.1.v = 2.5", True),
        ("status.items.1.v > 2", False),
        ("!status.missing", True),
        ("status.items.0.k == a", True),
    ],
)
def test_conditions(selector: str, holds: bool) -> None:
    """successCondition and failureCondition are label selectors over paths into the object."""
    assert all(requirement.matches(BODY) for requirement in selectors.parse(selector)) is holds


@pytest.mark.parametrize(
    ("selector", "problem"),
    [
        (
            "status.items.#",
            "'123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
        ),
        ("status.state == not ready", "found 'ready', expected: ',' or 'end of string'"),
        (
            "status.n > x",
            "values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer",
        ),
        ("status.n >= 1", "unable to parse requirement: found '=', expected: identifier"),
        ("status.n in 1", "unable to parse requirement: found '1' expected: '('"),
        ("status.state,", "found '', expected: identifier after ','"),
    ],
)
def test_condition_errors(selector: str, problem: str) -> None:
    """What is no selector of labels is refused in Kubernetes' words."""
    with pytest.raises(selectors.SelectorError) as error:
        selectors.parse(selector)
    assert str(error.value).endswith(problem)


def test_the_condition_that_failed_is_the_first_by_name() -> None:
    """Kubernetes sorts what it reads, so that is the order in which conditions are looked at."""
    assert [requirement.key for requirement in selectors.parse("b, a=1, !c")] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.10, "1.1"),
        (True, "true"),
        (1000.0, "1000"),
        (12345678901234567890, "12345678901234567000"),
        ("x", "x"),
    ],
)
def test_values_become_text_by_way_of_json(value: Any, text: str) -> None:
    """Unquoted YAML values of parameters read as Argo reads them."""
    assert any_string(value) == text


def test_durations() -> None:
    """A bare number is seconds, else Go's units; anything else is refused with Go's words."""
    assert [parse_duration(text) for text in ("5", "1m30s", "1.5h", "200ms", "0")] == [5, 90, 5400, 0.2, 0]
    with pytest.raises(ValueError, match='unable to parse soon as a duration: time: invalid duration "soon"'):
        parse_duration("soon")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "unexpected end of JSON input"),
        ("text", "invalid character 'e' in literal true (expecting 'r')"),
        ("a,b", "invalid character 'a' looking for beginning of value"),
        ("5 x", "invalid character 'x' after top-level value"),
        ("[1 2]", "invalid character '2' after array element"),
    ],
)
def test_json_errors_are_gos(text: str, problem: str) -> None:
    """What is no JSON is complained about in the words of Go's encoding/json."""
    assert go_json_error(text) == problem


def test_a_workflow_beats_its_template() -> None:
    """-p beats the Workflow's arguments, those beat the WorkflowTemplate's; hooks and volumes are joined."""
    template = {
        "entrypoint": "main",
        "onExit": "bye",
        "arguments": {"parameters": [{"name": n, "value": "t"} for n in ("one", "two", "three")]},
        "volumes": [{"name": "v"}],
        "suspend": True,
    }
    workflow = {
        "entrypoint": "other",
        "workflowTemplateRef": {"name": "x"},
        "arguments": {"parameters": [{"name": "two", "value": "w"}, {"name": "three", "value": "w"}]},
        "volumes": [{"name": "w"}],
    }
    spec = join(workflow, template, {"three": "p"})
    values = {p["name"]: p["value"] for p in spec["arguments"]["parameters"]}
    assert values == {"one": "t", "two": "w", "three": "p"}
    assert (spec["entrypoint"], spec["onExit"]) == ("other", "bye")
    assert [v["name"] for v in spec["volumes"]] == ["w", "v"]
    assert "suspend" not in spec
