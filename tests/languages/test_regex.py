"""Go's patterns."""

import pytest

from argolane.languages.regex import PatternError, compile_pattern


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("^a.c$", "abc", True),
        ("b$", "b\n", False),
        (r"\d", "٣", False),
        ("[[:alpha:]]+", "ab", True),
        ("^[^]]$", "x", True),
        (r"\Qa.b\E", "a.b", True),
        (r"\Qa.b\E", "axb", False),
        ("(?i)ABC", "abc", True),
        ("(?P<n>a)(?<m>b)", "ab", True),
        (r"a\z", "a", True),
    ],
)
def test_patterns(pattern: str, text: str, found: bool) -> None:
    """$ is the very end, classes are ASCII, POSIX classes and \\Q work."""
    assert (compile_pattern(pattern).search(text) is not None) is found


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("[", "error parsing regexp: missing closing ]: `[`"),
        ("(", "error parsing regexp: missing closing ): `(`"),
        ("a)", "error parsing regexp: unexpected ): `a)`"),
        ("*", "error parsing regexp: missing argument to repetition operator: `*`"),
        ("(?=a)", "error parsing regexp: invalid or unsupported Perl syntax: `(?=`"),
        (r"(a)\1", "error parsing regexp: invalid escape sequence: `\\1`"),
        (r"\pL", "the pattern '\\\\pL' uses Unicode classes, which are not supported here"),
    ],
)
def test_refusals(pattern: str, message: str) -> None:
    """What RE2 refuses is refused with Go's words; what Python lacks is said to be missing here."""
    with pytest.raises(PatternError) as caught:
        compile_pattern(pattern)
    assert str(caught.value) == message
