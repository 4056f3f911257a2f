"""Models fetched before their servers start: from a real S3 server, from claims, from folders."""

import http.server
import socket
import stat
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from argolane.containers import environments
from argolane.errors import NotSupportedLocally
from argolane.kubernetes.objects import Objects
from argolane.project import Project, find
from argolane.serving.deployments import Deployments
from argolane.serving.initializer import fetch

ROOT = Path(__file__).parents[2]
KEY, SECRET, WRONG = "reader-key", "not-to-be-seen-anywhere", "wrong-and-secret"
pytestmark = pytest.mark.environments


@dataclass(frozen=True)
class S3:
    """A running server, and the folder whose folders are its buckets."""

    endpoint: str
    folder: Path
    process: subprocess.Popen[bytes]

    def variables(self, *, secret: str = SECRET, endpoint: str = "") -> dict[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_ENDPOINT_URL": endpoint or self.endpoint,
        }

    def rclone(self) -> dict[str, str]:
        """As Seldon's own initializer has them."""
        values = {"TYPE": "s3", "PROVIDER": "Rclone", "ENDPOINT": self.endpoint}
        values |= {"ACCESS_KEY_ID": KEY, "SECRET_ACCESS_KEY": SECRET, "ENV_AUTH": "false"}
        return {f"RCLONE_CONFIG_S3_{name}": value for name, value in values.items()}


def _free_port() -> int:
    return next(port for port in range(21100, 21400) if not _listens(port))


def _listens(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    """`rclone serve s3`, with one key and a bucket `models`."""
    folder = tmp_path_factory.mktemp("s3")
    (folder / "models" / "wine" / "1" / "code").mkdir(parents=True)
    (folder / "models" / "wine" / "1" / "MLmodel").write_text("first\n")
    (folder / "models" / "wine" / "1" / "code" / "a.py").write_text("1\n")
    (folder / "models" / "wine" / "2").mkdir()
    (folder / "models" / "wine" / "2" / "MLmodel").write_text("second\n")
    lock = ROOT / "k8s_setup" / "components" / "mlflow" / "rclone.lock"
    bin_folder = environments.ensure(lock, find(ROOT).cache / "envs", root=ROOT, say=print) / "bin"
    port = _free_port()
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            [bin_folder / "rclone", "serve", "s3", "--config=", "--vfs-cache-mode=off",
             f"--addr=127.0.0.1:{port}", folder],
            env={"RCLONE_AUTH_KEY": f'"{KEY},{SECRET}"'}, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + 20
        while not _listens(port):
            assert process.poll() is None, (folder / "log.txt").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield S3(f"http://127.0.0.1:{port}", folder, process)
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    server = '[[server]]\nimplementation = "TINY_SERVER"\nimage = "python:3.11-slim"\n'
    (tmp_path / "argolane.toml").write_text(f'namespace = "demo"\n{server}')
    return find(tmp_path)


def secret(project: Project, **values: str) -> None:
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "store"}, "stringData": values}
    Objects(project).put(body, time.time())


def served(tools: Any, uri: str, *, implementation: str = "TINY_SERVER") -> dict[str, Any]:
    """A prepackaged server that shows MLmodel, beside what else of a file it is asked for."""
    graph: dict[str, Any] = {"name": "m", "modelUri": uri}
    if uri.startswith("s3"):
        graph["envSecretRefName"] = "store"
    graph |= {"implementation": implementation} if implementation else {"type": "MODEL"}
    container = tools.container(args=("/mnt/models/MLmodel", "/mnt/models/code/a.py"))
    if implementation:
        del container["image"]
    manifest: dict[str, Any] = tools.manifest("m", container, graph=graph)
    return manifest


def answers(tools: Any, deployments: Deployments) -> dict[str, Any]:
    """What it sees; its files by their names, for without namespaces their folder is another."""
    found: dict[str, Any] = tools.ask(deployments.url("m"))
    return {**found, "files": {Path(path).name: text for path, text in found["files"].items()}}


def nothing_tells(project: Project, *, but: str = "secret") -> None:
    """No file of the project holds the secret, but the Secret itself."""
    for path in project.state.rglob("*"):
        if path.is_file() and path.parent.name != but:
            assert SECRET.encode() not in path.read_bytes(), path


@pytest.mark.parametrize("kind", ["aws", "rclone"])
def test_a_model_from_s3(kind: str, s3: S3, deployments: Deployments, project: Project, tools: Any) -> None:
    """Both kinds of variables; the server sees the files and its parameter, and no key, nor does a log."""
    secret(project, **(s3.variables() if kind == "aws" else s3.rclone()))
    deployments.apply(served(tools, "s3://models/wine/1"))
    deployments.wait("m", timeout=60)
    seen = answers(tools, deployments)
    assert seen["files"] == {"MLmodel": "first\n", "a.py": "1\n"}
    place = seen["env"]["MLSERVER_MODEL_URI"]
    assert f'"model_uri","value":"{place}"' in seen["env"]["PREDICTIVE_UNIT_PARAMETERS"]
    assert not [name for name in seen["env"] if "AWS" in name or "RCLONE" in name]
    nothing_tells(project)
    assert [stat.S_IMODE(f.stat().st_mode) for f in project.state.rglob("store.json")] == [0o600]


def test_another_model_comes_while_the_old_one_answers(
    s3: S3, deployments: Deployments, project: Project, tools: Any
) -> None:
    """One that is not there: told why, and the old one goes on; one that is: new pods take over."""
    secret(project, **s3.variables())
    deployments.apply(served(tools, "s3://models/wine/1"))
    deployments.wait("m", timeout=60)
    deployments.apply(served(tools, "s3://models/wine/3"))
    told = tools.until(lambda: _failure(deployments), within=30)
    assert "there is no object of that name, and none below it, at " in told
    assert "The version before goes on answering." in told
    assert answers(tools, deployments)["files"]["MLmodel"] == "first\n"
    deployments.apply(served(tools, "s3://models/wine/2"))
    deployments.wait("m", timeout=60)
    assert answers(tools, deployments)["files"] == {"MLmodel": "second\n"}


def test_what_is_wrong_is_in_the_status_and_mends_itself(
    s3: S3, deployments: Deployments, project: Project, tools: Any
) -> None:
    """No Secret, an endpoint that is down, a wrong key, then the right one: the same deployment comes up."""
    deployments.apply(served(tools, "s3://models/wine/1"))
    told = tools.until(lambda: _failure(deployments), within=30)
    assert "Secret 'store' not found" in told
    for values, expected in (
        (s3.variables(endpoint="http://127.0.0.1:1"), "http://127.0.0.1:1 does not answer: "),
        (s3.variables(secret=WRONG), f"{s3.endpoint} refuses the key (SignatureDoesNotMatch)"),
    ):
        secret(project, **values)
        deployments.apply(served(tools, "s3://models/wine/1"))
        told = tools.until(lambda wanted=expected: wanted in _failure(deployments) and _failure(deployments),
                           within=60)  # fmt: skip
        assert "Init:CrashLoopBackOff: Container 'm-model-initializer' ended with exit code 1" in told
        assert WRONG not in told and KEY not in told
    secret(project, **s3.variables())
    deployments.apply(served(tools, "s3://models/wine/1"))
    tools.until(lambda: deployments.get("m")["status"]["state"] == "Available", within=60)
    nothing_tells(project)


@pytest.fixture
def expired() -> Iterator[str]:
    """The endpoint of an S3 that answers as AWS does when a session is over."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = (
                b"<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>"
            )
            self.send_response(400)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_session_that_is_over(
    expired: str, s3: S3, deployments: Deployments, project: Project, tools: Any
) -> None:
    """Good for the first model, refused for the next: it is told, the first answers, a new one mends it."""
    token = {"AWS_SESSION_TOKEN": WRONG}
    secret(project, **s3.variables(), **token)
    deployments.apply(served(tools, "s3://models/wine/1"))
    deployments.wait("m", timeout=60)
    secret(project, **s3.variables(endpoint=expired), **token)
    deployments.apply(served(tools, "s3://models/wine/2"))
    told = tools.until(lambda: _failure(deployments), within=30)
    assert f"{expired} refuses the key (ExpiredToken)" in told and WRONG not in told
    assert answers(tools, deployments)["files"]["MLmodel"] == "first\n"
    secret(project, **s3.variables(), **token)
    deployments.apply(served(tools, "s3://models/wine/2"))
    tools.until(lambda: answers(tools, deployments)["files"] == {"MLmodel": "second\n"}, within=60)
    nothing_tells(project)


def test_a_model_from_a_claim_and_a_folder(
    deployments: Deployments, project: Project, tools: Any, tmp_path: Path
) -> None:
    """pvc:// and file:// need no Secret; a container of the user's own has the files and no parameter."""
    inner = project.claims / "store" / "wine"
    inner.mkdir(parents=True)
    (inner / "MLmodel").write_text("claimed\n")
    deployments.apply(served(tools, "pvc://store/wine"))
    deployments.wait("m", timeout=60)
    assert answers(tools, deployments)["files"] == {"MLmodel": "claimed\n"}
    own = tmp_path / "own"
    own.mkdir()
    (own / "MLmodel").write_text("mine\n")
    deployments.apply(served(tools, f"file://{own}", implementation=""))
    deployments.wait("m", timeout=60)
    seen = answers(tools, deployments)
    assert seen["files"] == {"MLmodel": "mine\n"}
    assert "PREDICTIVE_UNIT_PARAMETERS" not in seen["env"]


def test_an_unknown_server_is_refused_before_anything_starts(deployments: Deployments, tools: Any) -> None:
    """By its name, with those that argolane.toml has."""
    with pytest.raises(NotSupportedLocally, match=r"\[\[server\]\]") as caught:
        deployments.apply(served(tools, "pvc://store/x", implementation="TINY_SERVICE"))
    assert "Did you mean 'TINY_SERVER'?" in str(caught.value)
    assert deployments.list() == []


def test_all_of_a_model_or_nothing(tmp_path: Path) -> None:
    """What another try left goes; a source that fails leaves the folder without any of it."""
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    (source / "new").write_text("1")
    (target / ".incoming").mkdir(parents=True)
    (target / ".incoming" / "half").write_text("")
    (target / "old").write_text("0")
    fetch.fetch(str(source), target, {})
    assert [path.name for path in target.iterdir()] == ["new"]
    with pytest.raises(fetch.Failed, match="no such file or folder"):
        fetch.fetch(str(tmp_path / "none"), target, {})
    assert [path.name for path in target.iterdir()] == ["new"]


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({}, "neither RCLONE_CONFIG_S3_\\* nor AWS_ACCESS_KEY_ID"),
        ({"RCLONE_CONFIG_S3_TYPE": "azureblob"}, "TYPE is 'azureblob'; expected 's3'"),
        ({"AWS_ACCESS_KEY_ID": "x"}, "one of the access key and its secret is missing"),
    ],
)
def test_a_secret_that_says_too_little(variables: dict[str, str], told: str) -> None:
    """What is missing or wrong is named, and that it is the Secret's."""
    with pytest.raises(fetch.Failed, match=told):
        fetch.login(variables)


def test_an_endpoint_is_shown_without_its_password() -> None:
    """Which a message would give away."""
    login = fetch.login(
        {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_ENDPOINT_URL": "http://u:p@h:1"}
    )
    assert login.shown == "http://h:1"


def _failure(deployments: Deployments) -> str:
    """Why the initializer of the wanted version has failed, once it has."""
    told = str(deployments.get("m")["status"].get("description", ""))
    return told if "Init:" in told else ""
