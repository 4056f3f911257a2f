"""A project in tmp_path, a model of thirty lines of standard library, and the end of all that was started."""

import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from argolane.project import Project, find
from argolane.serving.deployments import Deployments

# Answers as the wrapper would, and shows its environment and arguments; BROKEN and LOAD_SECONDS as they say.
# A variable with the name of a path is its status.
MODEL = """
import http.server, json, os, signal, sys, time
time.sleep(float(os.environ.get("LOAD_SECONDS", "0")))
if os.environ.get("BROKEN"):
    raise RuntimeError(os.environ["BROKEN"])
class Model(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *arguments): pass
    def answer(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        asked = json.loads(body) if body else {}
        if asked.get("strData") == "die": os._exit(9)
        while asked.get("strData") == "wait" and not os.path.exists(os.environ["GO"]): time.sleep(0.02)
        files = {p: open(p).read() for p in sys.argv[1:] if os.path.exists(p)}
        seen = {"version": os.environ.get("VERSION"), "env": dict(os.environ), "files": files}
        body = json.dumps({"meta": {}, "jsonData": seen}).encode()
        self.send_response(int(os.environ.get(self.path.strip("/"), "200")))
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    do_GET = do_POST = answer
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
port = int(os.environ["PREDICTIVE_UNIT_SERVICE_PORT"])
http.server.ThreadingHTTPServer(("127.0.0.1", port), Model).serve_forever()
"""
IMAGE = "python:3.11-slim"


def container(
    name: str = "m", *, image: str = IMAGE, args: tuple[str, ...] = (), **env: str
) -> dict[str, Any]:
    return {
        "name": name,
        "image": image,
        "command": ["python", "-c", MODEL],
        "args": list(args),
        "env": [{"name": key, "value": value} for key, value in env.items()],
    }


def manifest(name: str = "m", *containers: dict[str, Any], graph: dict[str, Any] | None = None,
             **env: str) -> dict[str, Any]:  # fmt: skip
    """A SeldonDeployment of one model, or of the given containers under the given graph."""
    predictor = {
        "name": "default",
        "replicas": 1,
        "graph": graph or {"name": "m", "type": "MODEL", "children": []},
        "componentSpecs": [{"spec": {"containers": list(containers) or [container(**env)]}}],
    }
    return {
        "apiVersion": "machinelearning.seldon.io/v1",
        "kind": "SeldonDeployment",
        "metadata": {"name": name},
        "spec": {"predictors": [predictor]},
    }


def processes(root: Path) -> list[psutil.Process]:
    """Supervisors of the project at `root` and everything below them, and models started from it."""
    found = []
    for process in psutil.process_iter():
        try:
            words = " ".join(process.cmdline())
            if process.status() != psutil.STATUS_ZOMBIE and f"--root={root}" in words:
                found += [process, *process.children(recursive=True)]
        except psutil.Error:
            continue
    return found


def supervisors(root: Path, *words: str) -> list[psutil.Process]:
    """Those of the project's processes that supervise, and have these words on their command line."""
    asked = {"argolane.serving.supervisor", *words}
    return [process for process in processes(root) if asked <= _words(process)]


def _words(process: psutil.Process) -> set[str]:
    try:
        return set(process.cmdline())
    except psutil.Error:  # it has ended since it was found
        return set()


def until(fact: Callable[[], Any], *, within: float = 10) -> Any:
    """The value of `fact` once it is true; fails after `within` seconds."""
    deadline = time.monotonic() + within
    while not (value := fact()):
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)
    return value


def ask(url: str, text: str = "now", *, timeout: float = 5) -> dict[str, Any]:
    body = json.dumps({"strData": text}).encode()
    request = urllib.request.Request(url, data=body, headers={"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=timeout) as response:
        answer: dict[str, Any] = json.load(response)["jsonData"]
    return answer


@pytest.fixture
def tools() -> Any:
    """This module's functions, for tests that start deployments."""
    import types

    return types.SimpleNamespace(
        MODEL=MODEL,
        container=container,
        manifest=manifest,
        processes=processes,
        supervisors=supervisors,
        until=until,
        ask=ask,
    )


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "argolane.toml").write_text('namespace = "demo"\n')
    return find(tmp_path)


@pytest.fixture
def deployments(project: Project) -> Iterator[Deployments]:
    there = Deployments(project)
    yield there
    for each in there.list():
        there.delete(each["metadata"]["name"])
    assert processes(project.root) == []
