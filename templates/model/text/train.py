"""Twenty sentences in, a classifier of their mood in the model store out. Expect 80 % and more."""

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path

from models.contract.job import Job, run

SENTENCES = Path(__file__).with_name("sentences.txt")


@dataclass(frozen=True)
class Sentences:
    """Texts, and 1 for a good mood."""

    x_train: list[str]
    y_train: list[int]
    x_test: list[str]
    y_test: list[int]
    sha256: str
    name: str = "sentences"

    @property
    def description(self) -> str:
        return f"{self.name} ({len(self.x_train)}/{len(self.x_test)})"


def load(seed: int) -> Sentences:
    from sklearn.model_selection import train_test_split

    text = SENTENCES.read_text(encoding="utf-8")
    labels, rows = zip(*(line.split(" ", 1) for line in text.splitlines()), strict=True)
    moods = [int(label) for label in labels]
    x_train, x_test, y_train, y_test = train_test_split(
        list(rows), moods, test_size=0.3, random_state=seed, stratify=moods
    )
    return Sentences(x_train, y_train, x_test, y_test, hashlib.sha256(text.encode()).hexdigest())


def main(job: Job) -> None:
    data = load(job.params.seed)
    if job.is_done(data):
        return
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import StringTensorType
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    from models.runtimes.export import OPSET, packed

    started = time.perf_counter()
    # ONNX and scikit-learn agree on this pattern.
    words, weights = TfidfVectorizer(token_pattern="[a-zA-Z]+"), LogisticRegression(C=10)  # noqa: S106
    model = make_pipeline(words, weights).fit(data.x_train, data.y_train)
    seconds = time.perf_counter() - started

    text = [("text", StringTensorType([None]))]
    options = {id(words): {"locale": "C"}, id(weights): {"zipmap": False}}  # slim images have no other locale
    graph = to_onnx(model, initial_types=text, target_opset=OPSET, options=options)
    job.save({"model.onnx": packed(graph)}, data, model.predict_proba(data.x_test), seconds=seconds)


if __name__ == "__main__":
    run(main)
