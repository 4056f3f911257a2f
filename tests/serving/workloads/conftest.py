"""An API server of a project in tmp_path, manifests of a small web server, and a client that counts."""

import json
import random
import socket
import threading
import types
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from argolane.project import Project
from argolane.serving.apiserver import ApiServer

# Answers with its environment and the text of the files that it is given; is not ready where a file says so.
WEB = """
import http.server, json, os, signal, socket, sys, time
time.sleep(float(os.environ.get("LOAD_SECONDS", "0")))
class Web(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *arguments): pass
    def do_GET(self):
        if self.path == "/die": os._exit(7)
        if self.path == "/slow": time.sleep(0.5)
        ill = self.path == "/ready" and os.path.exists(os.environ.get("ILL", "/nowhere"))
        files = {p: open(p).read() for p in sys.argv[1:] if os.path.exists(p)}
        body = json.dumps({"env": dict(os.environ), "files": files}).encode()
        self.send_response(503 if ill else 200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.ThreadingHTTPServer(("0.0.0.0", 5000), Web).serve_forever()
"""
IMAGE = "python:3.11-slim"


def container(*args: str, name: str = "web", image: str = IMAGE, **env: str) -> dict[str, Any]:
    return {
        "name": name,
        "image": image,
        "command": ["python", "-c", WEB],
        "args": list(args),
        "env": [{"name": key, "value": value} for key, value in env.items()],
        "ports": [{"name": "http", "containerPort": 5000}],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 1},
    }


def script(text: str, *, name: str = "first", image: str = IMAGE, **more: Any) -> dict[str, Any]:
    """A container that runs some Python and ends."""
    return {"name": name, "image": image, "command": ["python", "-c", text], **more}


def deployment(name: str = "web", *containers: dict[str, Any], replicas: int = 1, pod: Any = None,
               namespace: str = "", spec: Any = None, **env: str) -> dict[str, Any]:  # fmt: skip
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata,
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": list(containers) or [container(**env)], **(pod or {})},
            },
            **(spec or {}),
        },
    }


def service(
    port: int, name: str = "web", *, app: str = "", namespace: str = "", **spec: Any
) -> dict[str, Any]:
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    ports = [{"port": port, "targetPort": "http"}]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {"selector": {"app": app or name}, "ports": ports, **spec},
    }


def free_port() -> int:
    """One that nobody holds just now, below those that the kernel gives out."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as tried:
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def get(port: int, path: str = "/", *, timeout: float = 5) -> dict[str, Any]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=timeout) as response:
        answer: dict[str, Any] = json.load(response)
    return answer


class Client:
    """Asks one time after the other until told to stop; notes every version and every failure."""

    def __init__(self, port: int, path: str = "/") -> None:
        self.versions: list[str] = []
        self.failures: list[str] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask, args=(port, path))
        self._thread.start()

    def _ask(self, port: int, path: str) -> None:
        while not self._stop.is_set():
            try:
                self.versions.append(get(port, path)["env"].get("VERSION", ""))
            except Exception as error:
                self.failures.append(repr(error))

    def end(self) -> None:
        self._stop.set()
        self._thread.join()


def progressing(body: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(
        (c for c in body["status"].get("conditions") or () if c["type"] == "Progressing"), {}
    )
    return found


def rolled_out(body: dict[str, Any] | None) -> bool:
    """As `kubectl rollout status` sees it."""
    assert body
    status, wanted = body["status"], body["spec"]["replicas"]
    counts = {status.get(f"{kind}eplicas", 0) for kind in ("r", "updatedR", "availableR")}
    return status.get("observedGeneration") == body["metadata"]["generation"] and counts == {wanted}


@pytest.fixture
def web(tools: Any) -> Any:
    """This module's functions, for tests that start deployments."""
    made = types.SimpleNamespace(**{name: value for name, value in globals().items() if callable(value)})
    made.processes = tools.processes
    made.supervisors = tools.supervisors

    def until(fact: Callable[[], Any], *, within: float = 20) -> Any:
        """As ever; nobody who listens is no fact yet."""

        def asked() -> Any:
            try:
                return fact()
            except urllib.error.URLError:
                return None

        return tools.until(asked, within=within)

    made.until = until

    def up(api: ApiServer, name: str = "web", *, namespace: str | None = None) -> dict[str, Any]:
        def there() -> dict[str, Any] | None:
            found = api.get("Deployment", name, namespace=namespace)
            return found if rolled_out(found) else None

        found: dict[str, Any] = tools.until(there, within=30)
        return found

    made.up = up
    return made


@pytest.fixture
def api(project: Project, tools: Any) -> Iterator[ApiServer]:
    from argolane.serving import host_names

    there = ApiServer(project, say=lambda _: None)
    yield there
    delete: Callable[..., bool] = there.delete
    for namespace in (None, *host_names.namespaces(project)):
        for kind in ("Deployment", "SeldonDeployment", "Service"):
            for body in there.list(kind, namespace=namespace):
                delete(kind, body["metadata"]["name"], namespace=namespace)
    assert tools.processes(project.root) == []
