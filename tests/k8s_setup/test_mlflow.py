"""MLflow with its registry and S3 beside it: as it is applied, and what it does with no cluster."""

import base64
import contextlib
import json
import os
import shutil
import socket
import stat
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from argolane.containers import images
from argolane.kubernetes.kustomize import build, build_here
from argolane.project import Project, find
from argolane.serving.apiserver import ApiServer
from tests.mlflow_site import command

ROOT = Path(__file__).resolve().parents[2]
COMPONENT = Path("k8s_setup/components/mlflow")
KEY = "hush-hush-hush"
OWN = {"S3_ENDPOINT": "http://s3.example.com", "S3_ACCESS_KEY_ID": "mine", "S3_SECRET_ACCESS_KEY": KEY}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the component, without what somebody has prepared in it."""
    return Path(
        shutil.copytree(ROOT / COMPONENT, tmp_path / COMPONENT, ignore=shutil.ignore_patterns("*.env"))
    )


def prepare(folder: Path, **given: str) -> dict[str, dict[str, str]]:
    """The values in each file that `prepare` writes."""
    subprocess.run([folder / "prepare"], env={"PATH": "/usr/bin:/bin", **given}, check=True, timeout=60)
    return {
        file.stem: dict(line.split("=", 1) for line in file.read_text().splitlines())
        for file in folder.glob("*.env")
    }


def documents(folder: Path) -> dict[tuple[str, str], dict[str, Any]]:
    return {(d.body["kind"], d.body["metadata"]["name"]): d.body for d in build(folder)}


def test_keys_are_made_up_once(folder: Path) -> None:
    """Long ones, for both kinds of clients, readable by their owner alone; a second time changes nothing."""
    first = prepare(folder)
    assert first["database"] == {"uri": "sqlite:////data/mlflow.db"}
    s3 = first["s3"]
    assert len(s3["AWS_SECRET_ACCESS_KEY"]) == 40
    assert s3["RCLONE_CONFIG_S3_SECRET_ACCESS_KEY"] == s3["AWS_SECRET_ACCESS_KEY"]
    assert {s3[name] for name in s3 if "ENDPOINT" in name} == {"http://s3:9000"}
    assert prepare(folder) == first
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.glob("*.env")} == {0o600}


def test_an_s3_and_a_database_of_ones_own(folder: Path) -> None:
    """By their values: MinIO with an endpoint, AWS without one, PostgreSQL by its address."""
    prepare(folder)
    given = prepare(folder, **OWN, DATABASE="postgresql+psycopg://me:x@db/mlflow")
    assert given["database"] == {"uri": "postgresql+psycopg://me:x@db/mlflow"}
    assert given["s3"]["AWS_ENDPOINT_URL"] == given["s3"]["RCLONE_CONFIG_S3_ENDPOINT"] == OWN["S3_ENDPOINT"]
    assert given["s3"]["RCLONE_CONFIG_S3_ACCESS_KEY_ID"] == "mine"
    aws = prepare(folder, S3_ACCESS_KEY_ID="mine", S3_SECRET_ACCESS_KEY=KEY, S3_REGION="eu-west-1")["s3"]
    assert not [name for name in aws if "ENDPOINT" in name]
    assert (aws["RCLONE_CONFIG_S3_PROVIDER"], aws["AWS_REGION"]) == ("AWS", "eu-west-1")


def test_what_is_applied(folder: Path) -> None:
    """Secrets by the names that deployments use, with no key in any other object; nothing runs as root."""
    secret = prepare(folder)["s3"]["AWS_SECRET_ACCESS_KEY"]
    found = documents(folder)
    assert set(found) == {
        ("Secret", "s3-credentials"), ("Secret", "mlflow-database"),
        *((kind, name) for name in ("mlflow", "s3") for kind in ("Service", "Deployment")),
        ("PersistentVolumeClaim", "mlflow-data"), ("PersistentVolumeClaim", "s3-data"),
    }  # fmt: skip
    held = base64.b64decode(found["Secret", "s3-credentials"]["data"]["AWS_SECRET_ACCESS_KEY"]).decode()
    assert held == secret
    project = find(ROOT)
    for (kind, _), body in found.items():
        assert kind == "Secret" or secret not in json.dumps(body)
        if kind != "Deployment":
            continue
        pod = body["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"] and not pod["automountServiceAccountToken"]
        for container in (*pod.get("initContainers", ()), *pod["containers"]):
            assert images.recognise(project, container["image"]) is None
            context = container["securityContext"]
            assert context["readOnlyRootFilesystem"] and context["capabilities"] == {"drop": ["ALL"]}


def test_it_is_built_alike_without_kustomize(folder: Path) -> None:
    """On a machine that has neither kustomize nor kubectl."""
    prepare(folder)
    ours = {(d.body["kind"], d.body["metadata"]["name"]): d.body for d in build_here(folder)}
    assert ours == documents(folder)


def test_without_prepare_the_cure_is_near(folder: Path) -> None:
    """The missing file is named; how it is made stands at the top of the kustomization."""
    with pytest.raises(Exception, match=r"s3\.env"):
        build_here(folder)
    assert "./prepare" in (folder / "kustomization.yaml").read_text()


def free_port(start: int) -> int:
    for port in range(start, start + 300):
        with socket.socket() as asking:
            if asking.connect_ex(("127.0.0.1", port)):
                return port
    raise AssertionError("no free port")


@contextlib.contextmanager
def up(folder: Path, tmp_path: Path, *, s3: int | None = None) -> Iterator[tuple[Project, str]]:
    """What was prepared, up in a project of its own; where MLflow answers. Its S3 too, if `s3` is a port."""
    mlflow = free_port(21900)
    tables = (
        (ROOT / "argolane.toml").read_text(encoding="utf-8").partition("# The two images of k8s_setup")[2]
    )
    (tmp_path / "argolane.toml").write_text("#" + tables.partition("# `argolane new")[0])
    project = find(tmp_path)
    api = ApiServer(project, say=print)
    found = documents(folder)
    ports = {"mlflow": (mlflow, 5000), **({"s3": (s3, 9000)} if s3 else {})}
    found = {key: body for key, body in found.items() if s3 or key[1] not in ("s3", "s3-data")}
    for name, (port, target) in ports.items():
        found["Service", name]["spec"]["ports"] = [{"name": "http", "port": port, "targetPort": target}]
    order = ("Secret", "PersistentVolumeClaim", "Service", "Deployment")
    try:
        for kind, name in sorted(found, key=lambda each: order.index(each[0])):
            api.apply(found[kind, name])
        deadline = time.monotonic() + 150
        for name in ports:
            while (status := (api.get("Deployment", name) or {})["status"]).get("availableReplicas") != 1:
                assert time.monotonic() < deadline, status
                time.sleep(0.1)
        yield project, f"http://127.0.0.1:{mlflow}"
    finally:
        for kind in ("Deployment", "Service"):
            for name in ports:
                api.delete(kind, name)


@pytest.fixture
def running(folder: Path, tmp_path: Path) -> Iterator[tuple[Project, str]]:
    """The component as it is."""
    s3 = free_port(21500)
    prepare(folder, S3_ENDPOINT=f"http://s3:{s3}", S3_ACCESS_KEY_ID="mine", S3_SECRET_ACCESS_KEY=KEY)
    with up(folder, tmp_path, s3=s3) as made:
        yield made


def answer(url: str, *, method: str = "GET", body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
    request = urllib.request.Request(url, body, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as given:
            return given.status, given.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


@pytest.mark.environments
def test_it_runs_with_no_cluster(running: tuple[Project, str]) -> None:
    """An artifact sent to MLflow lies in the bucket; only hosts that are named are answered; no key shows."""
    project, url = running
    path = "/api/2.0/mlflow-artifacts/artifacts/1/model/MLmodel"
    assert answer(url + path, method="PUT", body=b"flavors: {}\n")[0] == 200
    stored = project.claims / "s3-data" / "mlflow" / "artifacts" / "1" / "model" / "MLmodel"
    assert stored.read_bytes() == b"flavors: {}\n"
    assert answer(url + path) == (200, b"flavors: {}\n")
    assert (project.claims / "mlflow-data" / "mlflow.db").is_file()
    experiment = f"{url}/api/2.0/mlflow/experiments/get?experiment_id=0"
    for host, status in (
        ("mlflow:5000", 200),
        ("mlflow.argolane.svc:5000", 200),
        ("mlflow.example.com", 403),
    ):
        assert answer(experiment, Host=host)[0] == status, host
    not_shown(project)


def not_shown(project: Project) -> None:
    shown = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert KEY not in shown
    for log in (project.state / "workloads").rglob("*.txt"):
        assert KEY.encode() not in log.read_bytes()


@pytest.fixture
def postgres() -> Iterator[Callable[[str], str]]:
    """A PostgreSQL of the test's own, as DATABASE names it with KEY as password; it runs SQL."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not found:
        pytest.skip("no PostgreSQL on this machine: make postgres")
    port, root = free_port(22300), os.geteuid() == 0
    own: Any = {"user": "nobody", "group": "nogroup", "extra_groups": []} if root else {}
    with tempfile.TemporaryDirectory(prefix="pg-") as place:
        password = Path(place, "password")
        password.write_text(KEY)
        if root:
            shutil.chown(place, "nobody", "nogroup")
            shutil.chown(password, "nobody", "nogroup")
        run = partial(
            subprocess.run, check=True, capture_output=True, text=True, cwd=place, timeout=120,
            env={"PATH": f"{found[-1]}:/usr/bin:/bin", "LC_ALL": "C", "PGPASSWORD": KEY}, **own,
        )  # fmt: skip
        data = f"{place}/data"
        run(["initdb", f"--pgdata={data}", "--username=me", "--auth=scram-sha-256", f"--pwfile={password}",
             "--encoding=UTF8", "--no-sync"])  # fmt: skip
        settings = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={place} -c fsync=off"
        # Its output would keep a pipe open.
        run(["pg_ctl", f"--pgdata={data}", "--wait", f"--log={place}/log", f"--options={settings}", "start"],
            capture_output=False, stdout=subprocess.DEVNULL)  # fmt: skip

        def sql(text: str, database: str = "mlflow") -> str:
            to = ["--host=127.0.0.1", f"--port={port}", "--username=me", f"--dbname={database}"]
            return str(run(["psql", "--no-align", "--tuples-only", *to, f"--command={text}"]).stdout).strip()

        sql.address = f"postgresql+psycopg://me:{KEY}@127.0.0.1:{port}/mlflow"  # type: ignore[attr-defined]
        try:
            sql("CREATE DATABASE mlflow", "postgres")
            yield sql
        finally:
            run(["pg_ctl", f"--pgdata={data}", "--mode=fast", "stop"])


@pytest.mark.heavy
@pytest.mark.environments
@pytest.mark.timeout(300)
def test_postgresql_by_one_value(folder: Path, tmp_path: Path, postgres: Any) -> None:
    """DATABASE names a real one: the registry's tables are there, and none in the claim; no key shows."""
    s3 = free_port(21500)
    prepare(folder, **OWN | {"S3_ENDPOINT": f"http://s3:{s3}"}, DATABASE=postgres.address)
    with up(folder, tmp_path, s3=s3) as (project, url):
        body = json.dumps({"name": "wine-quality"}).encode()
        asked = f"{url}/api/2.0/mlflow/registered-models/create"
        assert answer(asked, method="POST", body=body, **{"Content-Type": "application/json"})[0] == 200
        assert postgres("SELECT name FROM registered_models") == "wine-quality"
        assert not list((project.claims / "mlflow-data").iterdir())
        not_shown(project)


@pytest.mark.heavy
@pytest.mark.environments
@pytest.mark.timeout(300)
def test_another_s3_by_its_endpoint(folder: Path, tmp_path: Path) -> None:
    """Endpoint and keys are values: with the component's own S3 left out, artifacts are in that one."""
    port, rclone = free_port(21500), command(f"{COMPONENT}/rclone.lock", "rclone")
    (tmp_path / "elsewhere/mlflow").mkdir(parents=True)
    serve = [rclone, "serve", "s3", "--config=", f"--addr=127.0.0.1:{port}", tmp_path / "elsewhere"]
    key = {"RCLONE_AUTH_KEY": f'"mine,{KEY}"'}
    with subprocess.Popen(serve, env={**os.environ, **key}, stderr=subprocess.DEVNULL) as elsewhere:
        try:
            prepare(folder, **OWN | {"S3_ENDPOINT": f"http://127.0.0.1:{port}"})
            with up(folder, tmp_path) as (project, url):
                path = "/api/2.0/mlflow-artifacts/artifacts/1/model/MLmodel"
                assert answer(url + path, method="PUT", body=b"flavors: {}\n")[0] == 200
                stored = tmp_path / "elsewhere/mlflow/artifacts/1/model/MLmodel"
                assert stored.read_bytes() == b"flavors: {}\n"
                not_shown(project)
        finally:
            elsewhere.terminate()


def test_the_yaml_is_short() -> None:
    """It is read before it is applied."""
    for name in ("kustomization.yaml", "server.yaml", "s3.yaml"):
        text = (ROOT / COMPONENT / name).read_text(encoding="utf-8")
        assert len(text.splitlines()) < 80
        assert list(yaml.safe_load_all(text))
