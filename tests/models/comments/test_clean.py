"""Texts of comments: what HTML, Markdown and wrong encodings did to them is undone, and nothing else."""

import pytest

from models.comments.clean.text import clean

CASES = {
    "entities, once and twice": ("&gt; a &amp;amp; b &#39;c&#39;", "> a & b 'c'"),
    "tags": ("<p>a<br/>b</p><!-- c --> 1 < 2", "a b 1 < 2"),
    "a link of Markdown": ("[the data](https://example.org/a) are", "the data https://example.org/a are"),
    "what R writes": ("it<U+2019>s", "it's"),
    "a code point that is none": ("a<U+FFFFFF>b", "a b"),
    "line ends": ("a\r\nb\rc\n\n\n\nd", "a\nb\nc\n\nd"),
    "UTF-8 read as cp1252": ("donâ€™t caf\u00c3\u00a9 â€œsoâ€\x9d", "don't caf\u00e9 \"so\""),
    "cp1252 read as Latin-1": ("don\x92t \x93so\x94", "don't \"so\""),
    "cp1252 read as UTF-8": ("don\ufffdt \ufffdso\ufffd", "don't so"),
    "letters of all scripts": ("\u00c2ge \u6f22\u5b57 \U0001f600", "\u00c2ge \u6f22\u5b57 \U0001f600"),
    "half a surrogate pair, zeros": ("a\ud800b\x00", "ab"),
    "nothing": ("", ""),
    "blanks": (" \t\u00a0\n ", ""),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_text_is_cleaned(case: str) -> None:
    """What is left are the words as they were meant, in their case and with their marks."""
    given, expected = CASES[case]
    assert clean(given) == expected


@pytest.mark.parametrize("case", CASES)
def test_clean_stays_clean(case: str) -> None:
    """A text that has been cleaned is not changed again."""
    once = clean(CASES[case][0])
    assert clean(once) == once


def test_long_texts_are_no_slower_by_letter() -> None:
    """Marks that are opened and never closed, a hundred thousand times, end within the test's time."""
    for piece in ("[", "[](", "[a](b", '[a](b "', "<a ", "&", "<!--", "<U+", "\u00c3", "\n "):
        clean(piece * 100_000)
