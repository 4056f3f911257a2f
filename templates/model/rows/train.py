"""scikit-learn's irises in, a logistic regression in the model store out. Expect 93 % and more."""

import hashlib
import time
from dataclasses import dataclass

import numpy as np

from models.contract.job import Job, run


@dataclass(frozen=True)
class Irises:
    """Length and width of sepal and petal in centimetres; 0, 1 or 2 for the kind."""

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    sha256: str
    name: str = "irises"

    @property
    def description(self) -> str:
        return f"{self.name} ({len(self.x_train)}/{len(self.x_test)})"


def load(seed: int) -> Irises:
    from sklearn.datasets import load_iris
    from sklearn.model_selection import train_test_split

    rows, truth = load_iris(return_X_y=True)
    digest = hashlib.sha256(rows.tobytes() + truth.tobytes()).hexdigest()
    x_train, x_test, y_train, y_test = train_test_split(
        rows, truth, test_size=0.3, random_state=seed, stratify=truth
    )
    return Irises(x_train, y_train, x_test, y_test, digest)


def main(job: Job) -> None:
    data = load(job.params.seed)
    if job.is_done(data):
        return
    from skl2onnx import to_onnx
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from models.runtimes.export import OPSET, packed

    started = time.perf_counter()
    weights = LogisticRegression(C=job.params.c)
    model = make_pipeline(StandardScaler(), weights).fit(data.x_train, data.y_train)
    seconds = time.perf_counter() - started

    options = {id(weights): {"zipmap": False}}  # probabilities as numbers, not as a mapping
    graph = to_onnx(model, data.x_train[:1].astype(np.float32), target_opset=OPSET, options=options)
    job.save({"model.onnx": packed(graph)}, data, model.predict_proba(data.x_test), seconds=seconds)


if __name__ == "__main__":
    run(main)
