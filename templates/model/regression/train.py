"""scikit-learn's diabetes in, a ridge regression in the model store out. Expect an RMSE of 54 to 60."""

import hashlib
import time
from dataclasses import dataclass

import numpy as np

from models.contract.job import Job, run


@dataclass(frozen=True)
class People:
    """Ten measurements, centred and scaled; what is told is how the illness went on in a year."""

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    sha256: str
    name: str = "diabetes"

    @property
    def description(self) -> str:
        return f"{self.name} ({len(self.x_train)}/{len(self.x_test)})"


def load(seed: int) -> People:
    from sklearn.datasets import load_diabetes
    from sklearn.model_selection import train_test_split

    rows, truth = load_diabetes(return_X_y=True)
    digest = hashlib.sha256(rows.tobytes() + truth.tobytes()).hexdigest()
    x_train, x_test, y_train, y_test = train_test_split(rows, truth, test_size=0.2, random_state=seed)
    return People(x_train, y_train, x_test, y_test, digest)


def main(job: Job) -> None:
    data = load(job.params.seed)
    if job.is_done(data):
        return
    from skl2onnx import to_onnx
    from sklearn.linear_model import Ridge

    from models.runtimes.export import OPSET, packed

    started = time.perf_counter()
    model = Ridge(job.params.alpha).fit(data.x_train, data.y_train)
    seconds = time.perf_counter() - started

    graph = to_onnx(model, data.x_train[:1].astype(np.float32), target_opset=OPSET)
    job.save({"model.onnx": packed(graph)}, data, model.predict(data.x_test)[:, None], seconds=seconds)


if __name__ == "__main__":
    run(main)
