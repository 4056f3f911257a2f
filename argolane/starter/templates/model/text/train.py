"""sentences.txt in, a naive Bayes classifier of words out. Expect an accuracy of 0.8 and more."""

import math
import random
import re
from collections import Counter
from pathlib import Path
from typing import Any

from models.unit import Params, run

SENTENCES = Path(__file__).with_name("sentences.txt")


def data() -> list[tuple[str, str]]:
    """(label, text) for each line, whose first word is the label."""
    lines = SENTENCES.read_text(encoding="utf-8").splitlines()
    return [(label, text) for label, text in (line.split(" ", 1) for line in lines)]


def train(params: Params) -> tuple[dict[str, Any], float]:
    rows = data()
    random.Random(params["seed"]).shuffle(rows)
    test, rest = rows[: len(rows) // 4], rows[len(rows) // 4 :]
    labels = sorted({label for label, _ in rows})
    counts = {
        label: Counter(w for own, text in rest if own == label for w in words(text)) for label in labels
    }
    known = sorted(set().union(*counts.values()))
    total = {label: sum(counts[label].values()) + params["smoothing"] * len(known) for label in labels}
    weights = {
        word: [math.log((counts[label][word] + params["smoothing"]) / total[label]) for label in labels]
        for word in known
    }
    bias = [math.log(max(1, sum(own == label for own, _ in rest)) / len(rest)) for label in labels]
    model = {"weights": weights, "bias": bias, "names": labels}
    right = sum(labels[best(model, text)] == label for label, text in test)
    return model, right / len(test)


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def best(model: dict[str, Any], text: str) -> int:
    """The number of the likeliest class."""
    found = [model["weights"][word] for word in words(text) if word in model["weights"]]
    scores = [sum(column) for column in zip(model["bias"], *found, strict=True)]
    return scores.index(max(scores))


if __name__ == "__main__":
    run(train, __file__)
