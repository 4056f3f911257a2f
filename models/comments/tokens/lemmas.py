"""Plain text in, its lemmas out: words in lower case and in their basic form, as spaCy's tables have it.

The tokenizer and the tables come from packages of the lock: no model is loaded, and nothing is fetched.
"""

from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.language import Language

URL, NUMBER, USER = "-url-", "-number-", "-user-"
KEPT = frozenset("?!")  # the punctuation that tells how something is meant


def lemmas(texts: Iterable[str]) -> Iterator[list[str]]:
    """The lemmas of each text, in its order; a URL, a number and the name of a user are one word each."""
    # The tokenizer itself, not the pipeline: that refuses texts of more than a million characters.
    tokenizer = language().tokenizer
    for text in texts:
        yield [word for token in tokenizer(text) if (word := _word(token.text))]


@cache
def language() -> "Language":
    """English: a tokenizer by rules, and lemmas by a table."""
    import spacy

    nlp = spacy.blank("en")
    nlp.add_pipe("lemmatizer", config={"mode": "lookup"})
    nlp.initialize()
    return nlp


@lru_cache(maxsize=1 << 16)
def _word(text: str) -> str:
    """What is kept of a token: its lemma, a word that stands for its kind, or nothing.

    None of it hangs on the token's neighbours, so each different one is looked at once.
    """
    nlp = language()
    kind = nlp.vocab[text]
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
