"""A version in the registry, or none: with a real MLflow and a real S3, which fail as they do."""

import json
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from models.contract.errors import ModelError
from models.registry.rest import NotRegistered, Registry
from tests.mlflow_site import SECRET, Site, site
from tests.models.conftest import ROOT, python_of, run
from tests.models.wine.rows import made_up
from workflows.parts.steps import contend, crown

pytestmark = [pytest.mark.heavy, pytest.mark.environments, pytest.mark.timeout(600)]
MODEL = "wine-quality"


@pytest.fixture(scope="session")
def mlflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("site")) as made:
        yield made


@pytest.fixture(scope="session")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rows")
    (folder / "wine.csv").write_text(made_up(200))
    told = (f"--in-path={folder}/wine.csv", f"--out-path={folder}/rows")
    assert run(python_of("wine/train.lock"), "-m", "models.wine.preprocess", *told).returncode == 0
    return folder / "rows"


class Training:
    """A process of models.wine.train that has an MLflow."""

    def __init__(self, store: Path, rows: Path, uri: str, model: str = MODEL) -> None:
        self.store, self.rows, self.uri, self.model = store, rows, uri, model

    def start(self, version: str, *flags: str, estimator: str = "elastic-net") -> subprocess.Popen[str]:
        told = [
            f"--{name}-file={self.store}/{version}.{name}"
            for name in ("metric", "version", "note", "charts", "links")
        ]
        argv = [python_of("wine/train.lock"), "-m", "models.wine.train", f"--version={version}", *told,
                f"--estimator={estimator}", *flags]  # fmt: skip
        env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "MODEL_STORE": str(self.store),
               "WINE_PARQUET": str(self.rows), "MLFLOW_TRACKING_URI": self.uri,
               "REGISTERED_MODEL": self.model,
               "HOME": str(self.store)}  # fmt: skip
        return subprocess.Popen(list(map(str, argv)), cwd=ROOT, env=env, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # fmt: skip

    def ends(self, version: str, *flags: str, **more: str) -> tuple[int, str]:
        process = self.start(version, *flags, **more)
        said, _ = process.communicate(timeout=300)
        return process.returncode, said

    @property
    def registry(self) -> Registry:
        return Registry(self.uri, self.model)

    def digest(self, version: str) -> str:
        return "sha256:" + json.loads((self.store / f"wine/{version}/version.json").read_text())["digest"]


@pytest.fixture
def training(tmp_path: Path, rows: Path, mlflow: Site, request: pytest.FixtureRequest) -> Training:
    """With a registered model of the test's own."""
    return Training(tmp_path, rows, mlflow.uri, request.node.name)


def step(main: Any, training: Training, out: Path, **environ: str) -> dict[str, str]:
    """Its outputs."""
    known = {"TRACKING_URI": training.uri, "REGISTERED_MODEL": training.model, "OUTPUTS": str(out),
             "ARTIFACTS": "s3://mlflow/artifacts", "FORCE": "false"}  # fmt: skip
    main(known | environ)
    return {path.name: path.read_text() for path in out.iterdir()}


def runs(training: Training, state: str) -> int:
    """How many runs of MLflow are in that state."""
    body = json.dumps({"experiment_ids": ["1"], "filter": f"attributes.status = '{state}'"}).encode()
    url = f"{training.uri}/api/2.0/mlflow/runs/search"
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return len(json.load(answer).get("runs", []))


def test_from_training_to_champion(training: Training, tmp_path: Path, mlflow: Site) -> None:
    """The first one serves, a worse one does not but by force, and the alias follows; deleted, it is none."""
    out = tmp_path / "out"
    code, said = training.ends("0.1", "--alpha=0.01")
    assert code == 0 and f"registered: {training.model} 1 at" in said, said
    links = json.loads((training.store / "0.1.links").read_text())
    run = next(training.registry.versions()).run
    assert links == {
        "run in MLflow": f"{training.uri}/#/experiments/1/runs/{run}",
        f"version 1 of {training.model}": f"{training.uri}/#/models/{training.model}/versions/1",
    }
    good = {"VERSION": "0.1", "DIGEST": training.digest("0.1")}
    found = step(contend.main, training, out, **good)
    assert found["champion"] == "" and found["uri"].startswith("s3://mlflow/artifacts/1/models/m-")
    place = mlflow.folder / "s3" / found["uri"].removeprefix("s3://")
    assert {"MLmodel", "model.onnx", "model.skops", "input_example.json"} <= {p.name for p in place.iterdir()}
    step(crown.main, training, out, NUMBER="1", BEFORE="", WORKFLOW="wine-x")
    champion = training.registry.champion()
    assert champion and champion.number == "1" and champion.tags["verified_by"] == "wine-x"

    assert training.ends("0.2", "--alpha=5")[0] == 0
    worse = {"VERSION": "0.2", "DIGEST": training.digest("0.2")}
    with pytest.raises(SystemExit, match=r"is worse than .* of champion 1"):
        step(contend.main, training, out, **worse)
    assert step(contend.main, training, out, **worse, FORCE="true")["forced"] == "true"
    second = training.registry.find("0.2", training.digest("0.2"))
    assert second and "is worse than" in second.tags["forced"]
    with pytest.raises(SystemExit, match=r"no version 0\.2 with the digest sha256:000000000000"):
        step(contend.main, training, out, VERSION="0.2", DIGEST="sha256:" + "0" * 64)

    delete(training, "registered-models/alias", name=training.model, alias="champion")
    assert training.registry.champion() is None
    found = step(contend.main, training, out, **worse)
    assert (found["champion"], found["forced"]) == ("", "false")
    step(crown.main, training, out, NUMBER="1", BEFORE="1", WORKFLOW="wine-y")
    delete(training, "model-versions/delete", name=training.model, version="1")
    assert training.registry.champion() is None
    assert step(contend.main, training, out, **worse)["champion"] == ""
    with pytest.raises(SystemExit, match=r"Version 1 of .* the alias champion does not say so"):
        step(crown.main, training, out, NUMBER="1", BEFORE="", WORKFLOW="wine-z")


def test_two_that_write_at_once(training: Training, tmp_path: Path) -> None:
    """What MLflow's database refuses to the second of them is tried again; the alias is there."""
    assert training.ends("0.1")[0] == 0
    with ThreadPoolExecutor(8) as pool:
        told = [pool.submit(step, crown.main, training, tmp_path / f"out{number}", NUMBER="1", BEFORE="",
                            WORKFLOW=f"wine-{number}") for number in range(8)]  # fmt: skip
    assert [each.result()["champion"] for each in told] == ["1"] * 8
    champion = training.registry.champion()
    assert champion and champion.tags["verified_by"].startswith("wine-")


def delete(training: Training, path: str, **values: str) -> None:
    url = f"{training.uri}/api/2.0/mlflow/{path}"
    request = urllib.request.Request(
        url, json.dumps(values).encode(), {"Content-Type": "application/json"}, method="DELETE"
    )
    urllib.request.urlopen(request, timeout=30).close()


def test_the_second_training_registers_what_was_lost(training: Training) -> None:
    """What the store has and the registry has not is made again, to the byte, and registered; once."""
    assert training.ends("0.1")[0] == 0
    digest = training.digest("0.1")
    assert "kept: " in training.ends("0.1")[1] and [one.number for one in training.registry.versions()] == [
        "1"
    ]
    delete(training, "registered-models/delete", name=training.model)
    code, said = training.ends("0.1")
    assert code == 0 and "kept: " in said and f"registered: {training.model} 1" in said
    assert training.registry.find("0.1", digest)


def test_two_that_register_at_once(training: Training) -> None:
    """Each is a version of its own, also where both are the first."""
    processes = [training.start(version) for version in ("a", "b")]
    said = [process.communicate(timeout=300)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    found = {one.number: one.tags["version"] for one in training.registry.versions()}
    assert found.keys() == {"1", "2"} and set(found.values()) == {"a", "b"}


def nothing_registered(training: Training, said: str) -> None:
    assert "Traceback" not in said and "Nothing was registered" in said, said
    assert list(training.registry.versions()) == []


@pytest.mark.parametrize("fault", ["no writes", "another key"])
def test_an_s3_that_refuses(training: Training, mlflow: Site, fault: str) -> None:
    """Half a minute of attempts, then a failure that says where to look; the next run registers."""
    failed = runs(training, "FAILED")
    mlflow.stop("s3")
    if fault == "no writes":
        mlflow.start_s3("--read-only")
    else:
        mlflow.start_s3(secret=f"{SECRET}-expired")
    try:
        code, said = training.ends("0.1")
    finally:
        mlflow.stop("s3")
        mlflow.start_s3()
    assert code == 1 and "cannot write a file to its artifact store" in said
    nothing_registered(training, said)
    assert runs(training, "FAILED") == failed + 1
    code, said = training.ends("0.1")
    assert code == 0 and "kept: " in said and "registered: " in said, said


def test_a_key_that_expires_in_the_middle(training: Training, mlflow: Site) -> None:
    """Good for the first files and refused after them: no version; with a key that is good all is made."""
    failed, bucket = runs(training, "FAILED"), mlflow.folder / "s3" / "mlflow"
    before = set(bucket.rglob("version.json"))
    process = training.start("0.1")
    end = time.monotonic() + 120
    while set(bucket.rglob("version.json")) == before:
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.02)
    mlflow.stop("s3")
    mlflow.start_s3(secret=f"{SECRET}-renewed")
    try:
        said, _ = process.communicate(timeout=300)
    finally:
        mlflow.stop("s3")
        mlflow.start_s3()
    assert process.returncode == 1 and "it cannot write a file to its artifact store" in said, said
    nothing_registered(training, said)
    assert runs(training, "FAILED") == failed + 1 and SECRET not in said
    assert training.ends("0.1")[0] == 0 and training.registry.find("0.1", training.digest("0.1"))


class Gate:
    """A port before MLflow's that lets `connections` through, and after a `pause` all others, if at all."""

    def __init__(self, port: int, connections: int, pause: float | None) -> None:
        self.target, self.left, self.pause = port, connections, pause
        self.shut: float | None = None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.uri = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if self._open():
                threading.Thread(target=self._forward, args=(client,), daemon=True).start()
            else:
                client.close()

    def _open(self) -> bool:
        self.left -= 1
        if self.left >= 0:
            return True
        self.shut = self.shut or time.monotonic()
        return self.pause is not None and time.monotonic() - self.shut > self.pause

    def _forward(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self.target)) as server:
            back = threading.Thread(target=self._copy, args=(server, client), daemon=True)
            back.start()
            self._copy(client, server)
            back.join()

    @staticmethod
    def _copy(source: socket.socket, target: socket.socket) -> None:
        try:
            while block := source.recv(65536):
                target.sendall(block)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


@pytest.mark.parametrize("pause", [5.0, None])
def test_mlflow_goes_away_in_the_middle(training: Training, mlflow: Site, pause: float | None) -> None:
    """After the training has begun: what comes back is waited for; what does not ends in one clear line."""
    gate = Gate(mlflow.port, 1, pause)  # the first asks whether it is there
    cut = Training(training.store, training.rows, gate.uri, training.model)
    try:
        code, said = cut.ends("0.1")
    finally:
        gate.listener.close()
    assert "again in 1 s" in said and (training.store / "wine/0.1/version.json").is_file()
    if pause:
        assert code == 0 and len(list(training.registry.versions())) == 1, said
    else:
        assert code == 1
        nothing_registered(training, said)


def test_no_mlflow_is_said_before_the_training(tmp_path: Path, rows: Path) -> None:
    """Nothing is trained, nothing is in the store."""
    code, said = Training(tmp_path, rows, "http://127.0.0.1:9").ends("0.1")
    assert code == 1 and "MLflow at http://127.0.0.1:9 does not answer (6 attempts)" in said
    assert "training " not in said and not (tmp_path / "wine").exists()


def test_what_is_no_mlflow(mlflow: Site) -> None:
    """An answer in another form is said; a name that it does not know is none."""
    with pytest.raises(ModelError):
        Registry(f"{mlflow.s3}", MODEL).check()
    with pytest.raises(NotRegistered):
        Registry(mlflow.uri, "nobody").crown("1")
    assert Registry(mlflow.uri, "nobody").champion() is None
