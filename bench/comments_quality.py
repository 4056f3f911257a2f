"""The known comments in, scores and processor time out: our chain beside the public pipeline, split by split.

Runs in the environment of models/comments/unit.lock, alone in its process. The public pipeline is lemmas,
TF-IDF of 10,000 terms of one to three words, and a logistic regression with C=0.1 at the threshold 0.5.
"""

import dataclasses
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from models.comments import chain
from models.comments.clean.text import clean
from models.comments.tokens.lemmas import language
from models.contract.metric import auc, log_loss
from models.data import comments

Scores = tuple[float, float, float, float]  # AUC, accuracy, log loss, processor seconds


def ours(data: comments.Comments) -> Scores:
    started = time.process_time()
    given = {"ngrams": (1, 2), "max_features": 30_000, "c_param": 2.0, "seed": data.seed}
    learned = chain.fit(data.x_train, data.y_train, **given)
    seconds = time.process_time() - started
    return (*_scores(learned.answers(data.x_test), data.y_test, learned.classifier.threshold), seconds)


def public(data: comments.Comments) -> Scores:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    started = time.process_time()
    learned = _lemmas(data.x_train)
    terms = TfidfVectorizer(analyzer=_terms, max_features=10_000)
    model = LogisticRegression(C=0.1, solver="sag").fit(terms.fit_transform(learned), data.y_train)
    seconds = time.process_time() - started
    answers = model.predict_proba(terms.transform(_lemmas(data.x_test))).tolist()
    return (*_scores(answers, data.y_test, 0.5), seconds)


def _lemmas(texts: Sequence[str]) -> list[list[str]]:
    """By spaCy's own pipeline, each token that is no punctuation."""
    documents = language().pipe(map(clean, texts))
    return [
        [t.lemma_.lower() for t in document if not t.is_punct and not t.is_space] for document in documents
    ]


def _terms(words: Sequence[str]) -> list[str]:
    return [" ".join(words[i : i + n]) for n in (1, 2, 3) for i in range(len(words) - n + 1)]


def _scores(
    answers: Sequence[Sequence[float]], truth: Sequence[int], threshold: float
) -> tuple[float, float, float]:
    right = sum((row[1] > threshold) == bool(label) for row, label in zip(answers, truth, strict=True))
    return auc(answers, truth), right / len(truth), log_loss(answers, truth)


def main(cache: str, seeds: int = 3) -> None:
    known = comments.load("comments", cache=Path(cache))
    language()
    found: dict[str, list[Scores]] = {"ours": [], "public": []}
    for seed in range(seeds):
        data = dataclasses.replace(known, seed=seed)
        found["ours"].append(ours(data))
        found["public"].append(public(data))
    means = {
        name: [statistics.mean(column) for column in zip(*rows, strict=True)] for name, rows in found.items()
    }
    for name, (area, accuracy, loss, seconds) in means.items():
        scores = f"AUC {area:.3f}  accuracy {accuracy:.3f}  log loss {loss:.3f}"
        print(f"  {name:6}  {scores}  {seconds:.1f} s of processor")
    ratio = means["ours"][3] / means["public"][3]
    print(f"  ratio of processor time, {seeds} splits: {ratio:.2f} (goal: at most 1.5)")


if __name__ == "__main__":
    main(sys.argv[1])
