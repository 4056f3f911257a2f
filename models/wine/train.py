"""Red wines in, an estimator of their quality in the model store out, and in an MLflow registry where one is named.

Expect of the known file, split honest (1019/340): RMSE 0.621 and R2 0.44 from 300 randomised trees; the linear
model of the public example has 0.761 and 0.15 there.
"""

import time
from typing import Any

from models.contract.job import Job, run
from models.contract.version import load
from models.data import wine
from models.wine import tracking


def fit(job: Job, data: wine.Wines) -> tuple[Any, float]:
    """An estimator that has learned, and the seconds that it took."""
    from models.wine.estimators import build
    from models.wine.report import frame

    print(f"training {job.params.estimator} on {data.description}", flush=True)
    started = time.perf_counter()
    model = build(job.params).fit(frame(data.x_train), data.y_train)
    return model, time.perf_counter() - started


def save(job: Job, data: wine.Wines, model: Any, seconds: float) -> None:
    """Into the model store."""
    from models.runtimes.export import packed
    from models.wine import report
    from models.wine.convert import convert

    answers = model.predict(report.frame(data.x_test)).reshape(-1, 1)
    told = report.importances(model, data, seed=job.params.seed)
    job.save(
        {"model.onnx": packed(convert(model))},
        data,
        answers,
        seconds=seconds,
        scores=report.scores(model, data, answers) | report.other_split(model, data),
        details={"importances": told},
        drawings=report.drawings(answers, data, told),
    )


def main(job: Job) -> None:
    data = wine.load(cache=job.data_dir, split=job.params.split, split_seed=job.params.split_seed)
    registry = tracking.registry()
    if registry is not None:
        registry.check()  # before the training, not after it
    kept = job.is_done(data)
    if kept and (registry is None or registry.has(load(job.folder))):
        return
    model, seconds = fit(job, data)
    if not kept:
        save(job, data, model, seconds)
    if registry is not None:
        registry.publish(load(job.folder), job.folder, model, data)


if __name__ == "__main__":
    run(main)
