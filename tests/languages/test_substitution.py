"""Tags in whole templates; answers/tags.json holds the rules for single texts."""

from typing import Any

import pytest

from argolane.languages.expr import ExprUnsupported
from argolane.languages.tags import EVERYTHING, SubstitutionError, nested, substitute


def test_a_value_may_hold_anything_that_prints() -> None:
    """Quotes, backslashes and newlines of a value do not disturb the text around it."""
    template = {"args": ["<{{inputs.parameters.v}}>"], "n": 1}
    value = 'it\'s "q" \\ \n\té'
    assert substitute(template, {"inputs.parameters.v": value}) == {"args": [f"<{value}>"], "n": 1}


def test_a_control_character_breaks_the_json() -> None:
    """A control character that Go's quoting writes as \\x01 makes the template invalid, with Argo's words."""
    with pytest.raises(SubstitutionError, match="because the result was invalid JSON"):
        substitute(["{{v}}"], {"v": "\x01"})


def test_tags_in_keys_are_replaced_too() -> None:
    """Substitution is textual, keys included."""
    assert substitute({"a-{{v}}": "{{v}}"}, {"v": "x"}) == {"a-x": "x"}


def test_one_pass_replaces_one_level() -> None:
    """A value that looks like a tag is expanded by the next pass only."""
    values = {"a": "{{b}}", "b": "c"}
    once = substitute("{{a}}", values)
    assert (once, substitute(once, values)) == ("{{b}}", "c")


def test_without_tags_nothing_is_copied() -> None:
    """A tree without tags comes back as it is."""
    tree = {"a": [1, None]}
    assert substitute(tree, {}) is tree


@pytest.mark.parametrize(
    ("strict", "text", "missing"),
    [
        (("tasks",), "{{tasks.a.outputs.result}}", True),
        (("tasks",), "{{=tasks.a.outputs.result}}", True),
        (EVERYTHING, "{{anything}}", True),
        (("tasks",), "{{tasks.gone}}", False),
    ],
)
def test_strict_roots(strict: tuple[str, ...], text: str, missing: bool) -> None:
    """A missing value of a strict root is an error; Argo would wait for it, a skipped one it would not."""
    with pytest.raises(SubstitutionError) as caught:
        substitute(text, {"tasks.gone": None}, strict=strict)
    assert caught.value.missing is missing


def test_artifact_tags_may_stay() -> None:
    """References to artifacts are resolved elsewhere and stay, even where their root is strict."""
    text = "{{tasks.a.outputs.artifacts.x}}"
    assert substitute(text, {}, strict=("tasks",)) == text


def test_expressions_can_be_left_alone() -> None:
    """expressions=False leaves every {{=...}}, right or wrong."""
    assert substitute("{{=1 +}} {{a}}", {"a": "b"}, expressions=False) == "{{=1 +}} b"


def test_an_open_tag_in_a_lone_text_is_an_error() -> None:
    """A lone text with {{ and no }} is refused; within a template the template's own braces end the tag."""
    with pytest.raises(SubstitutionError, match=r'Cannot find end tag="}}"'):
        substitute("a {{ b", {})
    assert substitute({"args": ["a {{ b"]}, {}) == {"args": ["a {{ b"]}


def test_what_we_lack_is_refused_by_name() -> None:
    """A function of sprig that is not supported is named, never left as if it had failed."""
    with pytest.raises(ExprUnsupported, match=r"sprig\.uuidv4"):
        substitute("{{=sprig.uuidv4()}}", {})
    with pytest.raises(ExprUnsupported, match="'now'"):
        substitute("{{=now()}}", {})


@pytest.mark.parametrize(
    ("values", "tree"),
    [
        ({"a.b": 1, "a.c.d": 2}, {"a": {"b": 1, "c": {"d": 2}}}),
        ({"a": 1, "a.b": 2}, {"a": {"b": 2}}),
        ({"item": "{}", "item.k": "1"}, {"item": {"k": "1"}}),
    ],
)
def test_dotted_names_nest(values: dict[str, Any], tree: dict[str, Any]) -> None:
    """A name gives way to the names below it."""
    assert nested(values) == tree
