"""Plain text in, its lemmas out: words in lower case and in their basic form, as spaCy's tables have it.

The tokenizer and the tables come from packages of the lock: no model is loaded, and nothing is fetched.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.language import Language

LONGEST = 60  # letters without a blank that the tokenizer gets at once: its time grows with their square
STRINGS = 1_000_000  # that spaCy has seen, and never forgets: then it starts anew, which takes half a second
URL, NUMBER, USER = "-url-", "-number-", "-user-"
KEPT = frozenset("?!")  # the punctuation that tells how something is meant
_RUN = re.compile(rf"\S{{{LONGEST + 1},}}")
_SYMBOLS = re.compile(r"[^\w\s]{5,}")


def lemmas(texts: Iterable[str]) -> Iterator[list[str]]:
    """The lemmas of each text, in its order; a URL, a number and the name of a user are one word each."""
    for text in texts:
        if len(language().vocab.strings) > STRINGS:
            language.cache_clear()
            _word.cache_clear()
        # The tokenizer itself, not the pipeline: that refuses texts of more than a million characters.
        tokens = language().tokenizer(_with_blanks(text)).to_array("ORTH").tolist()
        yield [word for token in tokens if (word := _word(token))]


def _with_blanks(text: str) -> str:
    """The text with no run in it that would take seconds: five thousand exclamation marks take fifteen."""
    return _RUN.sub(_cut, _SYMBOLS.sub(lambda run: run[0][:4], text))


def _cut(run: re.Match[str]) -> str:
    """An address by its beginning, which tells what it is; anything else in pieces."""
    first = run[0][:LONGEST]
    if "://" in first or "www." in first:
        return first
    return " ".join(run[0][start : start + LONGEST] for start in range(0, len(run[0]), LONGEST))


@cache
def language() -> "Language":
    """English: a tokenizer by rules, and lemmas by a table."""
    import spacy

    nlp = spacy.blank("en")
    nlp.add_pipe("lemmatizer", config={"mode": "lookup"})
    nlp.initialize()
    return nlp


@lru_cache(maxsize=1 << 16)
def _word(token: int) -> str:
    """What is kept of a token, by spaCy's number for its text: its lemma, a word for its kind, or nothing.

    None of it hangs on the token's neighbours, so each different one is looked at once.
    """
    nlp = language()
    kind = nlp.vocab[token]
    text = str(kind.text)
    if kind.is_space:
        return ""
    if kind.like_url:
        return URL
    if kind.like_num:
        return NUMBER
    if text in KEPT:
        return text
    if not any(letter.isalnum() for letter in text):
        return ""
    lower = text.lower()
    if lower.startswith(("/u/", "u/")):
        return USER
    # The table knows words in lower case; where it has several lemmas the first is the usual one.
    return str(nlp.get_pipe("lemmatizer").lookups.get_table("lemma_lookup").get(lower, lower))
