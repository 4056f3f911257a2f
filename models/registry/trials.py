"""The trials of a search in, a run of MLflow with a run for each of them below it out.

As MLflow's pages and Optuna's users have a search: the parent has the best, each child its params, its score
and what it reached on its way. Standard library only: a trainer that is searched needs no MLflow. What cannot
be written there is said and is no fault of the search.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from models.contract.errors import ModelError
from models.registry.rest import NotRegistered, Registry

STATES = {"complete": "FINISHED", "pruned": "KILLED", "failed": "FAILED"}
SWEEP = "sweep"  # the tag by which the runs of one search are found again
_BATCH = 1000  # metrics that MLflow takes in one call


class Tried(Protocol):
    """A trial, as models/contract/study.py has it."""

    @property
    def number(self) -> int: ...
    @property
    def state(self) -> str: ...
    @property
    def params(self) -> Mapping[str, Any]: ...
    @property
    def value(self) -> float | None: ...
    @property
    def seconds(self) -> float | None: ...
    @property
    def reason(self) -> str: ...
    @property
    def curve(self) -> Sequence[tuple[int, float]]: ...


def log(
    uri: str, name: str, document: Mapping[str, Any], params: Mapping[str, Any], trials: Sequence[Tried]
) -> dict[str, str]:
    """Where they are written: `uri`, `experiment` and `run`; {} where they are not, which is said.

    `name` is the study's, `document` what is told of it, `params` all those of the best trial. A study that
    is there is kept.
    """
    if not uri:
        print("MLflow: no server is named, so nothing is logged there", flush=True)
        return {}
    server = Registry(uri, "")
    if silent := server.silence():
        print(f"MLflow at {uri} does not answer, so nothing is logged there: {silent}", flush=True)
        return {}
    try:
        experiment = _experiment(server, f"sweep-{document['unit']}")
        run = _kept(server, experiment, name)
        if not run:
            run = _parent(server, experiment, name, document, params)
            for one in trials:
                _child(server, experiment, name, run, document, one)
            _end(server, run, "FINISHED")
    except ModelError as error:
        print(f"MLflow at {uri} has not taken all trials; they are in report.json: {error}", flush=True)
        return {}
    print(f"MLflow at {uri}: run {run} with {len(trials)} trials, experiment {experiment}", flush=True)
    return {"uri": uri, "experiment": experiment, "run": run}


def _experiment(server: Registry, name: str) -> str:
    try:
        told = server.call("GET", "experiments/get-by-name", experiment_name=name)
    except NotRegistered:
        return str(server.call("POST", "experiments/create", name=name)["experiment_id"])
    return str(told["experiment"]["experiment_id"])


def _kept(server: Registry, experiment: str, name: str) -> str:
    """The run of a study that was written whole; what is left of one that was not, is deleted."""
    asked = {"experiment_ids": [experiment], "filter": f"tags.{SWEEP} = '{name}'", "max_results": 1000}
    while found := server.call("POST", "runs/search", **asked).get("runs", []):
        for one in found:
            tags = {tag["key"] for tag in one["data"].get("tags", [])}
            if "mlflow.parentRunId" not in tags and one["info"]["status"] == "FINISHED":
                return str(one["info"]["run_id"])
        for one in found:
            server.call("POST", "runs/delete", run_id=one["info"]["run_id"])
    return ""


def _parent(
    server: Registry, experiment: str, name: str, document: Mapping[str, Any], params: Mapping[str, Any]
) -> str:
    metric, best = document["metric"], document["best"]
    tags = {
        SWEEP: name,
        "unit": document["unit"],
        "metric": metric["name"],
        "better": metric["better"],
        "best_trial": best["number"],
        "dataset": document["data"].get("description", ""),
        "data": document["data"].get("sha256", ""),
        "commit": document["commit"] or "",
        "mlflow.note.content": document["title"],
    }
    run = _begin(server, experiment, name, tags)
    numbers = {metric["name"]: metric["value"], **{f"trials_{k}": n for k, n in document["counts"].items()}}
    _write(server, run, params, [(key, float(value), 0) for key, value in numbers.items()])
    return run


def _child(
    server: Registry, experiment: str, name: str, parent: str, document: Mapping[str, Any], one: Tried
) -> None:
    by = document["metric"]["name"]
    tags = {SWEEP: name, "mlflow.parentRunId": parent, "trial": one.number, "state": one.state}
    run = _begin(
        server,
        experiment,
        f"trial {one.number}",
        tags | ({"reason": one.reason[:5000]} if one.reason else {}),
    )
    numbers = [(by, value, step) for step, value in one.curve]
    if one.value is not None:  # last, so that it is what MLflow shows and sorts by
        numbers.append((by, one.value, 1 + max((step for step, _ in one.curve), default=-1)))
    numbers += [("seconds", one.seconds, 0)] if one.seconds is not None else []
    _write(server, run, one.params, numbers)
    _end(server, run, STATES.get(one.state, "FAILED"))


def _begin(server: Registry, experiment: str, name: str, tags: Mapping[str, Any]) -> str:
    told = server.call(
        "POST", "runs/create", experiment_id=experiment, run_name=name, start_time=_now(),
        tags=[{"key": key, "value": str(value)} for key, value in tags.items()],
    )  # fmt: skip
    return str(told["run"]["info"]["run_id"])


def _write(
    server: Registry, run: str, params: Mapping[str, Any], numbers: Sequence[tuple[str, float, int]]
) -> None:
    told = [{"key": key, "value": str(value)} for key, value in params.items()]
    metrics = [{"key": k, "value": value, "step": step, "timestamp": _now()} for k, value, step in numbers]
    for start in range(0, max(1, len(metrics)), _BATCH - len(told)):
        part = metrics[start : start + _BATCH - len(told)]
        server.call("POST", "runs/log-batch", run_id=run, params=[] if start else told, metrics=part)


def _end(server: Registry, run: str, status: str) -> None:
    server.call("POST", "runs/update", run_id=run, status=status, end_time=_now())


def _now() -> int:
    return int(time.time() * 1000)
