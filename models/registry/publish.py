"""A version of the model store in, a run and a registered version of MLflow out.

Only where MLFLOW_TRACKING_URI is set. The model store stays what gates, deployments and reports read; a
version in the registry bears its digest, by which one is found from the other. Registering is one call and
the last one: whatever fails before leaves a run that is marked as failed, and no version.
"""

import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from models.contract.errors import ModelError
from models.contract.version import FILE, Version
from models.registry.rest import PAUSES, Registry

# Our patience is around whole steps, and says what it waits for; MLflow's own is silent and takes minutes.
_SETTINGS = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "60",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "GIT_PYTHON_REFRESH": "quiet",
}
# Another attempt would be answered the same.
_FINAL = ("INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST", "PERMISSION_DENIED", "UNAUTHENTICATED")
_Value = TypeVar("_Value")
Write = Callable[[Path, Mapping[str, Any]], None]


def registry(model: str) -> Registry | None:
    """MLFLOW_TRACKING_URI, and REGISTERED_MODEL or `model`; None where the first is not set."""
    uri = os.environ.get("MLFLOW_TRACKING_URI")
    if not uri:
        return None
    if not uri.startswith(("http://", "https://")):
        raise ModelError(f"MLFLOW_TRACKING_URI is {uri!r}; expected http:// or https://.")
    return Registry(uri, os.environ.get("REGISTERED_MODEL") or model)


def tags(version: Version) -> dict[str, str]:
    """What a run and a registered version are known by."""
    return {
        "unit": version.unit,
        "version": version.version,
        "digest": f"sha256:{version.digest}",
        "metric": version.metric.name,
        "value": repr(float(version.metric.value)),
        "better": version.metric.better,
        "dataset": version.data.description,
        "data": version.data.sha256,
        # Two versions are compared where this is the same.
        "judged_on": f"{version.data.name} {version.data.sha256}",
        "commit": (version.commit or "") + ("-dirty" if version.dirty else ""),
        "code": version.code,
        "image": version.image or "",
    }


def publish(registry: Registry, version: Version, folder: Path, write: Write) -> str:
    """Log a run of the version and register it: its number. Raises ModelError; then nothing is registered.

    `write` makes a model in MLflow's format in a folder, from what mlflow.models.Model takes.
    """
    client = _client(registry)
    run = _again(registry, "begin a run", lambda: _begin(client, version))
    try:
        _again(registry, "take the run's numbers", lambda: _log(client, run, version, folder))
        model = _again(registry, "take the model", lambda: _upload(client, run, version, write))
        number = _again(
            registry, "register the version", lambda: _register(client, registry, run, model, version)
        )
    except BaseException:
        _end(client, run, "FAILED")
        raise
    _end(client, run, "FINISHED")
    print(f"registered: {registry.model} {number} at {registry.uri}, run {run}", flush=True)
    return number


def _begin(client: Any, version: Version) -> str:
    name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or version.unit
    run = client.create_run(
        _experiment(client, name), run_name=f"{version.unit} {version.version}", tags=tags(version)
    )
    return str(run.info.run_id)


def _experiment(client: Any, name: str) -> str:
    """Its id; two runs may be the first at once."""
    from mlflow.exceptions import MlflowException

    found = client.get_experiment_by_name(name)
    if found is None:
        try:
            return str(client.create_experiment(name))
        except MlflowException as error:
            found = client.get_experiment_by_name(name)
            if error.error_code != "RESOURCE_ALREADY_EXISTS" or found is None:
                raise
    if found.lifecycle_stage != "active":
        raise ModelError(
            f"The experiment {name!r} is deleted in MLflow: restore it there, or name another with"
            " MLFLOW_EXPERIMENT_NAME."
        )
    return str(found.experiment_id)


def _log(client: Any, run: str, version: Version, folder: Path) -> None:
    """Params, metrics, version.json and drawings; may be done again."""
    from mlflow.entities import Metric, Param

    now = int(time.time() * 1000)
    numbers = {version.metric.name: version.metric.value, **version.scores, "seconds": version.seconds}
    metrics = [Metric(name, float(value), now, 0) for name, value in numbers.items()]
    metrics += [
        Metric(name, float(value), now, epoch)
        for epoch, point in enumerate(version.curve, 1)
        for name, value in point.items()
    ]
    params = [Param(name, str(value)) for name, value in version.params.items()]
    client.log_batch(run, metrics=metrics, params=params)
    client.log_artifact(run, str(folder / FILE))
    for name in sorted(name for name in version.files if name.endswith(".png")):
        client.log_artifact(run, str(folder / name), "drawings")


def _upload(client: Any, run: str, version: Version, write: Write) -> Any:
    """The logged model, whole in the artifact store."""
    experiment = client.get_run(run).info.experiment_id
    model = client.create_logged_model(experiment, name=version.unit, source_run_id=run, tags=tags(version))
    told = {name: tags(version)[name] for name in ("unit", "version", "digest", "dataset")}
    try:
        with tempfile.TemporaryDirectory(prefix="mlflow-") as place:
            content = Path(place, "model")
            write(
                content,
                {"run_id": run, "model_id": model.model_id, "artifact_path": "model", "metadata": told},
            )
            client.log_model_artifacts(model.model_id, str(content))
    except BaseException:
        _quietly(lambda: client.finalize_logged_model(model.model_id, "FAILED"))
        raise
    return client.finalize_logged_model(model.model_id, "READY")


def _register(client: Any, registry: Registry, run: str, model: Any, version: Version) -> str:
    """The version's number. A call that was taken and not answered is found, and not made twice."""
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(registry.model)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    for one in registry.versions():
        if one.run == run:
            return one.number
    made = client.create_model_version(
        registry.model, model.artifact_location, run, tags=tags(version), model_id=model.model_id,
        description=version.described, await_creation_for=0,
    )  # fmt: skip
    return str(made.version)


def _client(registry: Registry) -> Any:
    os.environ |= {name: value for name, value in _SETTINGS.items() if name not in os.environ}
    from mlflow import MlflowClient

    logging.getLogger("mlflow").setLevel(logging.ERROR)
    return MlflowClient(tracking_uri=registry.uri, registry_uri=registry.uri)


def _again(registry: Registry, what: str, step: Callable[[], _Value]) -> _Value:
    """The step's value, after as many attempts as are worth it. Raises ModelError."""
    from mlflow.exceptions import MlflowException

    attempts = 0
    for pause in (*PAUSES, None):
        attempts += 1
        try:
            return step()
        except (MlflowException, OSError) as error:
            said = _said(error)
            if pause is None or getattr(error, "error_code", "") in _FINAL:
                break
            print(f"MLflow at {registry.uri}: {said}; again in {pause} s", file=sys.stderr, flush=True)
            time.sleep(pause)
    raise ModelError(
        f"MLflow at {registry.uri} does not {what} ({attempts} attempts): {said}\nNothing was registered. The"
        " version is in the model store: run it again, and only this is done again."
    )


def _said(error: Exception) -> str:
    """What is wrong, without the URL of the request; where it is a file, who knows more."""
    text = " ".join(str(error).split())
    cause = text.partition("(Caused by ")[2].removesuffix(")") or text[:300]
    if "/mlflow-artifacts/" not in text:
        return cause
    return f"it cannot write a file to its artifact store ({cause}); its log says why: keys, bucket, room"


def _end(client: Any, run: str, state: str) -> None:
    _quietly(lambda: client.set_terminated(run, state))


def _quietly(step: Callable[[], Any]) -> None:
    """The state of a run is not worth an error of its own."""
    from mlflow.exceptions import MlflowException

    try:
        step()
    except (MlflowException, OSError) as error:
        print(
            f"a state could not be written: {' '.join(str(error).split())[:200]}", file=sys.stderr, flush=True
        )
