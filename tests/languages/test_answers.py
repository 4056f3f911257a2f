"""Every question in answers/ is answered as Argo's own libraries answered it; ask.py asks them again."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from argolane.languages import when
from argolane.languages.regex import Match, PatternError, compile_pattern
from argolane.languages.tags import EVERYTHING, SubstitutionError, substitute

_HERE = Path(__file__).parent
_spec = importlib.util.spec_from_file_location("ask", _HERE / "ask.py")
assert _spec is not None and _spec.loader is not None
ask = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(ask)

VALUES = json.loads((_HERE / "answers" / "values.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("entry", ask.load("when"), ids=lambda entry: entry["When"][:40])
def test_when_is_decided_as_govaluate_decides_it(entry: dict[str, Any]) -> None:
    """A `when` gives the controller's truth value, or fails with the controller's words."""
    try:
        found = (when.evaluate(entry["When"]), "")
    except when.WhenError as error:
        found = (False, str(error))
    assert found == (entry["r"], entry["e"])


@pytest.mark.parametrize("entry", ask.load("tags"), ids=lambda entry: entry["Text"][:40])
def test_tags_are_replaced_as_argo_replaces_them(entry: dict[str, Any]) -> None:
    """Tags and expressions give Argo's text, or fail with Argo's words, as strictly as the caller asks."""
    strict = entry["Strict"] if entry["Strict"] != [] else EVERYTHING
    try:
        found = (substitute(entry["Text"], VALUES, strict=strict), "")
    except SubstitutionError as error:
        found = ("", str(error))
    assert found == (entry["r"], entry["e"])


@pytest.mark.parametrize(
    "entry", ask.load("regex"), ids=lambda entry: f"{entry['Pattern']} {entry['In'][:5]}"
)
def test_patterns_find_what_go_finds(entry: dict[str, Any]) -> None:
    """A pattern finds, replaces and splits as Go's regexp does, or is refused in its words."""
    text = entry["In"]
    try:
        pattern = compile_pattern(entry["Pattern"])
    except PatternError as error:
        assert (None, str(error)) == (entry["r"], entry["e"])
        return
    groups: list[list[str]] = []

    def note(match: Match) -> str:
        groups.append([match[i] or "" for i in range(pattern.groups + 1)])
        return f"<{match[0]}>"

    replaced = pattern.replace_all(text, note)
    found = {"found": groups or None, "replaced": replaced, "split": pattern.split(text)}
    assert entry["e"] == ""
    assert found == entry["r"]
    assert pattern.find_all(text) == [whole for whole, *_ in groups]
    assert pattern.matches(text) is bool(groups)
