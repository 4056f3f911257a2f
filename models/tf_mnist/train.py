"""MNIST in, a Keras convolutional network in the model store out.

Expect on mnist-t10k (8000/2000) 98.4 % after 5 epochs, a third of the time that the convnet of keras.io's
first example takes to 97.7 % there; 98.6 % with --epochs=15, 98.9 % with --augment=true besides.
"""

import os
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np

from models.contract.job import Job, cpus, run
from models.data import mnist

if TYPE_CHECKING:
    from keras import Sequential

# The libraries are imported where they are used: a version that the store has already needs none of them.


def start(seed: int) -> None:
    """TensorFlow with no more threads than processors, quiet, and with the same random numbers each time."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    print("loading TensorFlow", flush=True)
    import keras
    import tensorflow

    tensorflow.config.threading.set_intra_op_parallelism_threads(cpus())
    tensorflow.config.threading.set_inter_op_parallelism_threads(cpus())
    keras.utils.set_random_seed(seed)


def build() -> "Sequential":
    """Pixels [n, 784] in, probabilities [n, 10] out; 80,000 weights."""
    from keras import Sequential, layers

    return Sequential(
        [
            layers.Input((784,), name="pixels"),
            layers.Reshape((28, 28, 1)),
            layers.Conv2D(16, 5, strides=2, padding="same", use_bias=False),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
            layers.Conv2D(32, 3, use_bias=False),
            layers.MaxPooling2D(),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(64, activation="relu"),
            layers.Dropout(0.3),
            layers.Dense(10, activation="softmax"),
        ]
    )


def train(model: "Sequential", data: mnist.Dataset, params: SimpleNamespace) -> list[dict[str, float]]:
    """Fit in place, one epoch at a time; loss and test accuracy of each."""
    from keras import optimizers

    epochs, batch = params.epochs, params.batch_size
    steps = epochs * -(-len(data.x_train) // batch)
    rate = optimizers.schedules.CosineDecay(
        params.learning_rate / 10,
        decay_steps=steps - steps // 5,
        warmup_target=params.learning_rate,
        warmup_steps=steps // 5,
    )
    model.compile(
        optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"], steps_per_execution=25
    )
    random = np.random.default_rng(params.seed)
    curve = []
    for epoch in range(1, epochs + 1):
        rows = moved(data.x_train, random) if params.augment else data.x_train
        history = model.fit(rows, data.y_train, batch_size=batch, verbose=0).history
        _, accuracy = model.evaluate(data.x_test, data.y_test, batch_size=500, verbose=0)
        loss = history["loss"][-1]
        print(f"epoch {epoch}/{epochs}  loss {loss:.4f}  test accuracy {accuracy:.2%}", flush=True)
        curve.append({"loss": float(loss), "accuracy": float(accuracy)})
    return curve


def moved(rows: np.ndarray, random: np.random.Generator, *, most: int = 2) -> np.ndarray:
    """Each image [784] shifted by up to `most` pixels in both directions."""
    images = rows.reshape(-1, 28, 28).copy()
    shifts = random.integers(-most, most + 1, size=(len(images), 2))
    for shift in np.unique(shifts, axis=0):
        those = (shifts == shift).all(axis=1)
        images[those] = np.roll(images[those], shift, axis=(1, 2))
    return images.reshape(rows.shape)


def main(job: Job) -> None:
    data = mnist.load(job.dataset, cache=job.data_dir)
    if job.is_done(data):
        return
    start(job.params.seed)
    from models.runtimes.export import packed
    from models.tf_mnist.convert import convert

    model = build()
    print(f"training on {data.description}", flush=True)
    started = time.perf_counter()
    curve = train(model, data, job.params)
    seconds = time.perf_counter() - started

    probabilities = model.predict(data.x_test, batch_size=500, verbose=0)
    files = {"model.onnx": packed(convert(model))}
    job.save(files, data, probabilities, curve=curve, seconds=seconds)


if __name__ == "__main__":
    run(main)
