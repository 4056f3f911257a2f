"""Texts in, probabilities out: the four steps one after the other, in one process.

What the served chain of four nodes has to answer: the training measures it, and tests hold the nodes to it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from models.comments.classify import logistic
from models.comments.clean.text import clean
from models.comments.tfidf import vectors
from models.comments.tokens.lemmas import lemmas


@dataclass(frozen=True)
class Chain:
    """What was learned by the two steps that learn."""

    vectorizer: vectors.Vectorizer
    classifier: logistic.Classifier

    def answers(self, texts: Iterable[str]) -> list[list[float]]:
        """Probability of each of logistic.CLASSES, for each text."""
        return [self.answer(text) for text in texts]

    def answer(self, text: str) -> list[float]:
        text = clean(text)
        (words,) = lemmas([text])
        return self.classifier.probabilities(self.vectorizer.row(words, text))


def load(folder: Path) -> Chain:
    """The chain of a version's folder. Raises ModelError."""
    return fitting(vectors.load(folder / vectors.FILE), logistic.load(folder / logistic.FILE))


def fitting(vectorizer: vectors.Vectorizer, classifier: logistic.Classifier) -> Chain:
    """The two as one. Raises ModelError where the weights are not for these columns."""
    logistic.check_columns(classifier, len(vectorizer.columns))
    return Chain(vectorizer, classifier)


def fit(
    texts: Sequence[str],
    labels: Sequence[int],
    *,
    ngrams: tuple[int, int],
    max_features: int,
    c_param: float,
    seed: int,
) -> Chain:
    """Learn both from texts as they were sent."""
    cleaned = [clean(text) for text in texts]
    words = list(lemmas(cleaned))
    vectorizer = vectors.fit(words, cleaned, ngrams=ngrams, max_features=max_features)
    rows = [vectorizer.row(one, text) for one, text in zip(words, cleaned, strict=True)]
    columns = len(vectorizer.columns)
    return Chain(vectorizer, logistic.fit(rows, labels, columns=columns, c_param=c_param, seed=seed))
