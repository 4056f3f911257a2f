"""Days in, a forecast in the model store out: a ridge regression and a network for what it leaves.

Expect of target range on the known days (2403/611), over seeds 0 to 4, a RMSE of the log range of 0.497 to
0.500; of the ridge regression alone 0.506, of the simple forecast (EWMA) 0.537. Target next-close beats
nothing, and so it is not accepted.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from models.bitcoin import linear, network, source, windows
from models.contract.charts import Chart, bars, curves
from models.contract.job import Job, run

MOST_WEIGHTS = 15  # that are drawn
VALIDATED = 0.8  # of the training rows: those before the ones that a search is judged by


Told = Callable[[int, float, float], None]  # an epoch, its loss, and the RMSE on the rows that test


@dataclass(frozen=True)
class Learned:
    """What was learned; its answers are those of the exported graph."""

    ridge: linear.Linear
    layers: list[network.Layer]
    anchor: int | None

    def answers(self, x: np.ndarray) -> np.ndarray:
        """[n, 1]."""
        found = self.ridge.predict(x)
        if self.layers:
            found = found + network.apply(self.layers, self.ridge.scaled(x))
        return _out(found, x, self.anchor)[:, None]


def fit(
    x: np.ndarray,
    y: np.ndarray,
    params: SimpleNamespace,
    anchor: int | None,
    *,
    test: tuple[np.ndarray, np.ndarray],
    told: Told,
) -> Learned:
    """The estimator of the params, on rows in the order of time; `told` hears of each epoch."""
    wanted = _in(y[:, 0], x, anchor)
    # Three prices tell a fourth without any doubt that a penalty would be needed for.
    ridge = linear.fit(x, wanted, penalty=params.penalty if x.shape[1] > 3 else 0.0, without=anchor)
    if params.estimator == "ridge":
        return Learned(ridge, [], anchor)

    def each(epoch: int, loss: float, ask: network.Ask) -> None:
        found = _out(ridge.predict(test[0]) + ask(ridge.scaled(test[0])), test[0], anchor)
        told(epoch, loss, rmse(found, test[1][:, 0]))

    layers = network.fit(ridge.scaled(x), wanted - ridge.predict(x), params, each=each)
    return Learned(ridge, layers, anchor)


def rmse(answers: np.ndarray, truth: np.ndarray) -> float:
    return float(np.sqrt(np.mean((np.ravel(answers) - np.ravel(truth)) ** 2)))


def _in(y: np.ndarray, x: np.ndarray, anchor: int | None) -> np.ndarray:
    """What is learned: the number itself, or the logarithm of its ratio to the column `anchor`."""
    return y if anchor is None else np.log(y / x[:, anchor])


def _out(found: np.ndarray, x: np.ndarray, anchor: int | None) -> np.ndarray:
    answers: np.ndarray = found if anchor is None else np.exp(found) * x[:, anchor]
    return answers


def charts(data: windows.Rows, learned: Learned) -> list[Chart]:
    """The days that test it, and what the ridge regression goes by."""
    told = {"true": data.y_test, "predicted": learned.answers(data.x_test)}
    weights = dict(zip(data.features, learned.ridge.weights.tolist(), strict=True))
    most = sorted(weights, key=lambda name: -abs(weights[name]))[:MOST_WEIGHTS]
    return [
        curves(
            f"{data.answer} of the days that test it",
            {name: enumerate(np.ravel(values).tolist()) for name, values in told.items()},
            x=f"days from {data.test_from} on",
            y=data.answer,
        ),
        bars(
            "What the ridge regression goes by",
            {name: weights[name] for name in most},
            x="weight of the scaled column",
        ),
    ]


def main(job: Job) -> None:
    params = job.params
    prices = source.load(job.dataset, url=params.csv_url, digest=params.csv_sha256, cache=job.data_dir)
    data = windows.rows(prices, params.target)
    if job.is_done(data):
        return
    from models.bitcoin.graph import convert
    from models.runtimes.export import packed

    if params.estimator == "dnn":
        network.start(params.seed)
    print(f"training on {data.description}, tested from {data.test_from} on", flush=True)
    # A search must not look at the test rows: it is judged by the end of the training rows, learned without.
    first = int(len(data.x_train) * VALIDATED)
    validated = (data.x_train[first:], data.y_train[first:])
    before = fit(data.x_train[:first], data.y_train[:first], params, data.anchor, test=validated,
                 told=lambda epoch, _, error: job.reached(epoch, error))  # fmt: skip

    curve: list[dict[str, float]] = []

    def told(epoch: int, loss: float, error: float) -> None:
        print(f"epoch {epoch}/{params.epochs}  loss {loss:.4f}  test rmse {error:.6g}", flush=True)
        curve.append({"loss": loss, "rmse": error})

    started = time.perf_counter()
    learned = fit(data.x_train, data.y_train, params, data.anchor, test=(data.x_test, data.y_test), told=told)
    seconds = time.perf_counter() - started
    alone = Learned(learned.ridge, [], data.anchor)
    job.save(
        {
            "model.onnx": packed(
                convert(learned.ridge, learned.layers, answer=data.answer, anchor=data.anchor)
            )
        },
        data,
        learned.answers(data.x_test),
        seconds=seconds,
        curve=curve,
        scores={
            "validation_rmse": rmse(before.answers(validated[0]), validated[1]),
            "ridge_rmse": rmse(alone.answers(data.x_test), data.y_test),
        },
        details={"features": list(data.features), "test_from": data.test_from},
        charts=charts(data, learned),
        baseline=data.baseline,
    )


if __name__ == "__main__":
    run(main)
