"""`when`: conditions that cannot be evaluated, or that compare what never is equal."""

import re
from collections.abc import Iterator

from argolane.languages import when
from argolane.workflow.lint.argo.base import Base, Library
from argolane.workflow.lint.beyond.walking import holders, say, templates
from argolane.workflow.lint.finding import Finding

_CLAUSES = re.compile(r"&&|\|\||[()]")
_COMPARED = re.compile(r"\s*(?P<left>.+?)\s*(?P<operator>==|!=|=~|!~)\s*(?P<right>.*?)\s*", re.S)
_TAG = re.compile(r"\{\{.*?\}\}", re.S)
_LITERAL = re.compile(r"-?[0-9.]+|true|false")
_QUOTED = re.compile(r"'[^'\"]*'|\"[^'\"]*\"", re.S)
_AMONG = re.compile(r"(?<!['\"])(\{\{[^{}]*\}\})(?!['\"])\s+in\s*\(([^)]*)\)", re.S)
# Words that Argo chooses itself, which need no quotes.
_PLAIN = re.compile(r"\{\{\s*([\w.-]+\.(status|exitCode|id)|retries)\s*\}\}")
_BARE = "{} stands without quotes: an empty value, or one with a hyphen, a slash or a blank, fails."
# What an unquoted tag may turn into: a word, a number, a truth value.
_STAND_INS = ("x", "0", "true")


def check(base: Base, library: Library) -> Iterator[Finding]:
    """Every `when` of a document."""
    for template, place in templates(base):
        for holder in holders(template, place):
            text = holder.body.get("when")
            if isinstance(text, str) and text.strip():
                yield from _check(base, text, f"{holder.place}.when")


def _check(base: Base, text: str, place: str) -> Iterator[Finding]:
    reason = _never_evaluates(text)
    if reason:
        yield say(base, place, "error", f"{reason} (at run time; Argo takes the manifest)")
        return
    yield from _check_among(base, text, place)
    for left, operator, right in _comparisons(text):
        for one, other in ((left, right), (right, left)):
            if _is_bare(one) and not _LITERAL.fullmatch(other):
                cure = f"'{one}' {operator} {_with_quotes(other)}"
                yield say(base, place, "warning", f"{_BARE.format(one)} Write {cure}.")
            quoted = one[:1] in "'\"" and _TAG.search(one)
            if quoted and _LITERAL.fullmatch(other) and operator in ("==", "!="):
                never = "never" if operator == "==" else "always"
                yield say(
                    base,
                    place,
                    "warning",
                    f"{one} is text and {other} is not: {operator} {never} holds. Quote both.",
                )


def _check_among(base: Base, text: str, place: str) -> Iterator[Finding]:
    for tag, values in _AMONG.findall(text):
        listed = [value.strip() for value in values.split(",")]
        if _is_bare(tag) and not all(_LITERAL.fullmatch(value) for value in listed):
            cure = f"'{tag}' in ({', '.join(map(_with_quotes, listed))})"
            yield say(base, place, "warning", f"{_BARE.format(tag)} Write {cure}.")


def _is_bare(operand: str) -> bool:
    """Whether this is a tag alone, of which nobody knows what it will hold."""
    return bool(_TAG.fullmatch(operand)) and not operand.startswith("{{=") and not _PLAIN.fullmatch(operand)


def _with_quotes(operand: str) -> str:
    return operand if operand[:1] in ("'", '"', "(", "") else f"'{operand}'"


def _never_evaluates(text: str) -> str:
    """Why no value of the tags makes `text` evaluate, or ''."""
    inside = _QUOTED.sub(lambda quoted: _TAG.sub("x", quoted[0]), text)
    reasons = []
    for stand_in in _STAND_INS if _TAG.search(inside) else ("",):
        try:
            when.evaluate(_TAG.sub(stand_in, inside))
            return ""
        except when.WhenError as error:
            reasons.append(str(error))
    return reasons[0]


def _comparisons(text: str) -> Iterator[tuple[str, str, str]]:
    # Tags and quoted texts may hold any of the marks that divide clauses.
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(match[0])
        return f"\x00{len(kept) - 1}\x00"

    def back(part: str) -> str:
        while "\x00" in part:
            part = re.sub(r"\x00(\d+)\x00", lambda number: kept[int(number[1])], part)
        return part

    plain = _QUOTED.sub(keep, _TAG.sub(keep, text))
    for clause in _CLAUSES.split(plain):
        if found := _COMPARED.fullmatch(clause):
            yield back(found["left"]), found["operator"], back(found["right"])
