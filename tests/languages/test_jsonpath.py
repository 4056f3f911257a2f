"""jsonPath as kubectl has it."""

from typing import Any

import pytest

from argolane.languages import jsonpath
from argolane.languages.jsonpath.parser import PathError


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
def test_jsonpath(path: str, text: str, body: dict[str, Any]) -> None:
    """What kubectl's own library makes of the templates."""
    assert jsonpath.render(path, body) == text


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
def test_jsonpath_errors(path: str, problem: str, body: dict[str, Any]) -> None:
    """In its words too."""
    with pytest.raises(PathError) as error:
        jsonpath.render(path, body)
    assert str(error.value).endswith(problem)
