"""Go's patterns: what ../languages/answers/regex.json, Go's own answers, does not say."""

import pytest

from argolane.languages.regex import PatternError, compile_pattern


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("[[:^alpha:]]+", "ab12cd", ["12"]),
        ("(?U)a+", "aa", ["a", "a"]),
        (r"\pL+", "aé1", ["aé"]),
        (r"\p{Greek}", "aλ", ["λ"]),
        ("(?i)K", "\u212a", ["\u212a"]),
        ("a*", "baac", ["", "aa", ""]),
        (r"\B", "K\u017fx", []),
        (r"\d", "٣", []),
        ("b$", "b\n", []),
        (".", "\ud800", ["\ufffd"]),
    ],
)
def test_patterns(pattern: str, text: str, found: list[str]) -> None:
    """Negated POSIX classes, (?U), Unicode classes, folding and empty matches are Go's."""
    assert compile_pattern(pattern).find_all(text) == found


@pytest.mark.parametrize(
    ("pattern", "fault"),
    [
        ("a++", "invalid nested repetition operator: `++`"),
        ("a*+", "invalid nested repetition operator: `*+`"),
        ("a{1001}", "invalid repeat count: `{1001}`"),
        ("(a", "missing closing ): `(a`"),
        ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
        ("x(?<=a)y", "invalid named capture: `(?<=a)y`"),
        (r"(a)\1", r"invalid escape sequence: `\1`"),
        (r"a\C", r"invalid escape sequence: `\C`"),
        ("(?P<é>a)", "invalid named capture: `(?P<é>`"),
    ],
)
def test_refusals(pattern: str, fault: str, capfd: pytest.CaptureFixture[str]) -> None:
    """What Go does not compile is refused with its words, and RE2 prints nothing of its own."""
    with pytest.raises(PatternError) as caught:
        compile_pattern(pattern)
    assert str(caught.value) == f"error parsing regexp: {fault}"
    assert capfd.readouterr().err == ""


def test_a_long_repetition_of_a_large_class_compiles() -> None:
    """RE2's bound of 8 MiB would refuse what Go compiles."""
    assert compile_pattern(r"^\pL{500}$").matches("é" * 500)


def test_a_pattern_that_eats_all_time_elsewhere() -> None:
    """Matching takes time in proportion to the text, whatever the pattern."""
    assert not compile_pattern("(a+)+$").matches("a" * 50_000 + "b")


def test_parts_are_counted() -> None:
    """Split stops after so many parts; groups are had by number and by name."""
    assert compile_pattern(",").split("a,b,c", 2) == ["a", "b,c"]
    named = compile_pattern("(?P<first>.)(.)?")
    assert named.replace_all("ab", lambda match: f"{match[2]}{match['first']}") == "ba"
