"""Scaled rows and what a ridge regression leaves in, the layers of a Keras network for it out."""

import os
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np

from models.contract.job import cpus

DROPOUT, DECAY = 0.3, 1e-3
Layer = tuple[np.ndarray, np.ndarray]  # weights [in, out] and biases [out]
Ask = Callable[[np.ndarray], np.ndarray]  # what the network answers to rows, as it is now


def sizes(params: SimpleNamespace) -> list[int]:
    """Nodes of each hidden layer: the first one's, each time multiplied by the scale factor."""
    return [max(2, round(params.first_layer_size * params.scale_factor**n)) for n in range(params.layers)]


def start(seed: int) -> None:
    """TensorFlow with no more threads than processors, quiet, and with the same random numbers each time."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # its sums differ from one processor to the next
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    print("loading TensorFlow", flush=True)
    import keras
    import tensorflow

    tensorflow.config.threading.set_intra_op_parallelism_threads(cpus())
    tensorflow.config.threading.set_inter_op_parallelism_threads(cpus())
    keras.utils.set_random_seed(seed)


def fit(
    x: np.ndarray,
    y: np.ndarray,
    params: SimpleNamespace,
    *,
    each: Callable[[int, float, Ask], None] = lambda epoch, loss, ask: None,
) -> list[Layer]:
    """Layers whose answers are of the size of y [n], for rows x [n, features]; `each` is told every epoch.

    The last layer begins with zeros: before it has learned anything, the network changes nothing.
    """
    import keras
    from keras import layers, optimizers, regularizers

    keras.utils.set_random_seed(params.seed)
    model = keras.Sequential([layers.Input((x.shape[1],))])
    for size in sizes(params):
        decay = regularizers.L2(DECAY)
        model.add(layers.Dense(size, activation="relu", kernel_regularizer=decay))
        model.add(layers.Dropout(DROPOUT))
    model.add(layers.Dense(1, kernel_initializer="zeros"))
    model.compile(optimizers.Adam(params.learning_rate), "mse", steps_per_execution=16)
    unit = float(np.std(y)) or 1.0
    rows, wanted = x.astype(np.float32), (y / unit).astype(np.float32)

    def ask(given: np.ndarray) -> np.ndarray:
        answers: np.ndarray = apply(_layers(model, unit), given)
        return answers

    for epoch in range(1, params.epochs + 1):
        history = model.fit(rows, wanted, batch_size=params.batch_size, verbose=0).history
        each(epoch, float(history["loss"][-1]), ask)
    return _layers(model, unit)


def apply(network: list[Layer], x: np.ndarray) -> np.ndarray:
    """The answers [n] of layers, by arithmetic alone."""
    values = np.asarray(x, np.float64)
    for number, (weights, biases) in enumerate(network, 1):
        values = values @ weights + biases
        if number < len(network):
            values = np.maximum(values, 0)
    answers: np.ndarray = values[:, 0]
    return answers


def _layers(model: object, size: float) -> list[Layer]:
    """The dense layers, the last of which answers in the unit of y."""
    dense = [layer.get_weights() for layer in model.layers if len(layer.get_weights()) == 2]  # type: ignore[attr-defined]
    network = [(np.asarray(w, np.float64), np.asarray(b, np.float64)) for w, b in dense]
    weights, biases = network[-1]
    return [*network[:-1], (weights * size, biases * size)]
