"""Red wines in, an estimator of their quality in the model store out, and in the registry that is named.

Expect of the known file, split honest (1019/340): RMSE 0.621 and R2 0.44 from 300 randomised trees; the
linear model of the public example has 0.761 and 0.15 there. An MLflow registry is named by
MLFLOW_TRACKING_URI.
"""

import time
from contextlib import suppress
from functools import partial
from typing import Any

from models.contract.errors import ModelError
from models.contract.job import Job, run
from models.contract.version import load
from models.data import wine
from models.registry.publish import publish, registry
from models.registry.rest import Registered, Registry

REGISTERED_MODEL = "wine-quality"


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
        charts=report.charts(told),
    )


def register(job: Job, known: Registry, data: wine.Wines, model: Any) -> None:
    """As a version of the registered model, with what the model store has of it."""
    from models.wine.flavours import write

    version = load(job.folder)
    publish(
        known,
        version,
        job.folder,
        partial(write, model=model, version=version, folder=job.folder, data=data),
    )
    with suppress(ModelError):  # it is registered: a link is not worth another training
        _link(job, known)


def main(job: Job) -> None:
    data = wine.load(cache=job.data_dir, split=job.params.split, split_seed=job.params.split_seed)
    known = registry(REGISTERED_MODEL)
    if known is not None:
        known.check()  # before the training, not after it
    kept = job.is_done(data)
    if kept and (known is None or _is_registered(job, known)):
        return
    model, seconds = fit(job, data)
    if not kept:
        save(job, data, model, seconds)
    if known is not None:
        register(job, known, data, model)


def _is_registered(job: Job, known: Registry) -> bool:
    found = _link(job, known)
    if found is not None:
        print(f"registered: {known.model} {found.number} at {known.uri}, run {found.run}", flush=True)
    return found is not None


def _link(job: Job, known: Registry) -> Registered | None:
    """It as a registered version, if it is one; where that is to be seen is told with the run."""
    version = load(job.folder)
    found = known.find(version.version, f"sha256:{version.digest}")
    if found is not None:
        job.link(known.pages(found))
    return found


if __name__ == "__main__":
    run(main)
