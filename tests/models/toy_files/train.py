"""Two clouds of points in, the nearest of their means in the model store out. Expect 95 % and more."""

import hashlib
import time
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper

from models.contract.job import Job, run
from models.runtimes.export import OPSET, packed


@dataclass(frozen=True)
class Clouds:
    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    name: str = "clouds"

    @property
    def description(self) -> str:
        return f"{self.name} ({len(self.x_train)}/{len(self.x_test)})"

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.x_train.tobytes() + self.x_test.tobytes()).hexdigest()


def load(params) -> Clouds:
    random = np.random.RandomState(params.seed)
    labels = random.randint(2, size=params.rows)
    spread = 2.0 if params.blur else 1.0
    rows = labels[:, None] * params.distance / 2 + random.randn(params.rows, 4) * spread
    rows = ((rows - rows.min()) / (rows.max() - rows.min())).astype(np.float32)
    half = params.rows // 2
    return Clouds(rows[:half], labels[:half], rows[half:], labels[half:])


def build(weights: np.ndarray, bias: np.ndarray) -> onnx.ModelProto:
    nodes = [
        helper.make_node("Gemm", ["x", "weights", "bias"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["probabilities"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 4])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, 2])],
        [onnx.numpy_helper.from_array(weights, "weights"), onnx.numpy_helper.from_array(bias, "bias")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])


def main(job: Job) -> None:
    data = load(job.params)
    if job.is_done(data):
        return
    started = time.perf_counter()
    means = np.stack([data.x_train[data.y_train == k].mean(axis=0) for k in (0, 1)])
    weights, bias = 20 * means.T, -10 * (means**2).sum(axis=1)
    seconds = time.perf_counter() - started

    scores = data.x_test @ weights + bias
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    accuracy = float((probabilities.argmax(axis=1) == data.y_test).mean())
    print(f"test accuracy {accuracy:.2%}", flush=True)  # noqa: T201
    curve = [{"loss": 1 - accuracy, "accuracy": accuracy}]
    files = {"model.onnx": packed(build(weights, bias))}
    job.save(files, data, probabilities, curve=curve, seconds=seconds)


if __name__ == "__main__":
    run(main)
