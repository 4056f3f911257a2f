"""Lemmas and plain text in, a sparse row of numbers out: TF-IDF of words and word groups, then the style.

Learned is a table: each term with the weight that its rarity gives it, and mean and spread of each style
number. It is kept as JSON: lists of texts and numbers that a person can read, and whose loading runs no code.
ONNX has a node for TF-IDF, but none that takes logarithms of counts; skops would bring scikit-learn into the
server for ten lines of arithmetic.
"""

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from models.comments.stored import reading
from models.comments.tfidf.style import NAMES, style
from models.contract.errors import ModelError

FILE = "tfidf.json"  # in a version
FURTHEST = 6.0  # standard deviations that a style number may be from the middle
LONGEST = 5  # words in a term
Sparse = tuple[list[int], list[float]]  # columns, and what stands in them


@dataclass(frozen=True)
class Vectorizer:
    """Columns are the terms, in their order, then those of the style."""

    ngrams: tuple[int, int]
    terms: tuple[str, ...]
    rarity: tuple[float, ...]  # idf of each term
    middle: tuple[float, ...]  # mean of each style number over what was learned from
    spread: tuple[float, ...]  # and its standard deviation

    @property
    def columns(self) -> list[str]:
        return [*self.terms, *(f"style: {name}" for name in NAMES)]

    def row(self, lemmas: Sequence[str], text: str) -> Sparse:
        """Length 1 without the style. A text without a known word has the style alone."""
        index = self._index
        counts = Counter(index[term] for term in grams(lemmas, self.ngrams) if term in index)
        columns = sorted(counts)
        weights = [(1 + math.log(counts[column])) * self.rarity[column] for column in columns]
        length = math.sqrt(sum(weight * weight for weight in weights)) or 1.0
        numbers = zip(style(text), self.middle, self.spread, strict=True)
        # Cut off: an empty or an endless text is not more of what was learned from ordinary ones.
        scaled = [max(-FURTHEST, min((x - m) / s, FURTHEST)) for x, m, s in numbers]
        first = len(self.terms)
        return (
            [*columns, *range(first, first + len(scaled))],
            [round(value, 6) for value in (*(weight / length for weight in weights), *scaled)],
        )

    @cached_property
    def _index(self) -> dict[str, int]:
        return {term: column for column, term in enumerate(self.terms)}

    @property
    def text(self) -> str:
        """What `load` reads."""
        told = {
            "ngrams": self.ngrams, "terms": self.terms, "rarity": self.rarity,
            "style": NAMES, "middle": self.middle, "spread": self.spread,
        }  # fmt: skip
        return json.dumps(told, separators=(",", ":")) + "\n"


def fit(
    documents: Iterable[Sequence[str]], texts: Sequence[str], *, ngrams: tuple[int, int], max_features: int
) -> Vectorizer:
    """Learn the table. max_features: the terms kept, the most frequent ones first."""
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer

    counter = TfidfVectorizer(analyzer=lambda lemmas: list(grams(lemmas, ngrams)), max_features=max_features)
    try:
        counter.fit(documents)
    except ValueError:  # `empty vocabulary`
        raise ModelError("No comment to learn from has a word in it.") from None
    numbers = np.array([style(text) for text in texts])
    spread = numbers.std(axis=0)
    return Vectorizer(
        ngrams,
        tuple(counter.get_feature_names_out().tolist()),
        tuple(np.round(counter.idf_, 6).tolist()),
        tuple(np.round(numbers.mean(axis=0), 6).tolist()),
        # What never changes tells nothing, whatever it is divided by.
        tuple(np.where(spread > 1e-6, np.round(spread, 6), 1.0).tolist()),
    )


def load(path: Path) -> Vectorizer:
    """Raises ModelError for a file that `save` has not written."""
    with reading(path) as told:
        low, high = told["ngrams"]
        terms, rarity, middle, spread = (
            tuple(told[name]) for name in ("terms", "rarity", "middle", "spread")
        )
        if (
            len(terms) != len(rarity)
            or told["style"] != list(NAMES)
            or not len(middle) == len(spread) == len(NAMES)
        ):
            raise ValueError("its columns do not fit together")
    return Vectorizer((low, high), terms, rarity, middle, spread)


def ngrams(text: str) -> tuple[int, int]:
    """`1,2` as numbers. Raises ModelError."""
    parts = text.split(",")
    if len(parts) == 2 and all(part.strip().isdecimal() for part in parts):
        low, high = map(int, parts)
        if 1 <= low <= high <= LONGEST:
            return low, high
    raise ModelError(f"ngram-range is {text!r}; expected LOW,HIGH from 1 to {LONGEST}, such as 1,2.")


def grams(lemmas: Sequence[str], ngrams: tuple[int, int]) -> Iterator[str]:
    """Words, pairs of words and so on, each joined by blanks."""
    low, high = ngrams
    for count in range(low, high + 1):
        if count == 1:
            yield from lemmas
        else:
            yield from map(" ".join, zip(*(lemmas[start:] for start in range(count)), strict=False))
