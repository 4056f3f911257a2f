"""A run that applies Deployments and Services: conditions on status, names in pods, what is refused."""

import random
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from argolane.errors import ManifestError
from argolane.project import Project
from argolane.serving.apiserver import ApiServer
from argolane.workflow import catalog, local
from tests.workflow.local.conftest import RunText

WEB = """
import http.server
class Web(http.server.BaseHTTPRequestHandler):
    def log_message(self, *arguments): pass
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"here")
http.server.ThreadingHTTPServer(("0.0.0.0", 5000), Web).serve_forever()
"""
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: python:3.11-slim
        command: [python, -c]
        args:
        - |
"""
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: PORT, targetPort: 5000}]}
"""


def free_port() -> int:
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)):
                return port


def indented(text: str, by: int) -> str:
    return "".join(" " * by + line + "\n" for line in text.strip().splitlines())


def deployment() -> str:
    return (
        DEPLOYMENT.lstrip()
        + indented(WEB, 10)
        + ("        readinessProbe: {tcpSocket: {port: 5000}, periodSeconds: 1}\n")
    )


def resource(name: str, action: str, manifest: str, *, more: str = "") -> str:
    return (
        f"- name: {name}\n  activeDeadlineSeconds: 60\n  resource:\n    action: {action}\n{more}"
        f"    manifest: |\n{indented(manifest, 6)}"
    )


@pytest.fixture(autouse=True)
def ended(project: Project) -> Iterator[None]:
    yield
    server = ApiServer(project)
    server.delete("Deployment", "web")
    server.delete("Service", "web")


def test_a_run_puts_a_service_up_and_asks_it(run: RunText, project: Project) -> None:
    """Applied, awaited by status fields, asked by its name, scaled by a patch, read, and taken away."""
    port = free_port()
    ready = "    successCondition: status.availableReplicas == 2\n"
    one = (
        "    mergeStrategy: merge\n    successCondition: status.availableReplicas == 1,status.replicas == 1\n"
    )
    patch = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 1}"
    named = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}"
    ask = (
        "- name: ask\n  script:\n    image: python:3.11-slim\n    command: [python]\n    source: |\n"
        "      import urllib.request\n"
        f"      url = 'http://web.{project.settings.namespace}.svc:{port}/'\n"
        "      assert urllib.request.urlopen(url).read() == b'here'\n"
    )
    steps = "".join(
        f"  - - {{name: {name}, template: {name}}}\n"
        for name in ("service", "deploy", "ask", "scale", "read", "end")
    )
    spec = (
        f"entrypoint: main\ntemplates:\n- name: main\n  steps:\n{steps}"
        + resource("service", "apply", SERVICE.replace("PORT", str(port)))
        + resource("deploy", "apply", deployment(), more=ready)
        + ask
        + resource("scale", "patch", patch, more=one)
        + resource("read", "get", named).replace(
            "  resource:",
            "  outputs: {parameters: [{name: n, valueFrom: {jsonPath: '{.status.readyReplicas}'}}]}\n"
            "  resource:",
        )
        + resource("end", "delete", named)
    )
    done = run(spec)
    nodes: dict[str, Any] = {node["displayName"]: node for node in done.status["nodes"].values()}
    assert done.phase == "Succeeded", {name: node.get("message") for name, node in nodes.items()}
    assert nodes["read"]["outputs"]["parameters"][0]["value"] == "1"
    server = ApiServer(project)
    assert server.list("Deployment") == []
    assert [body["metadata"]["name"] for body in server.list("Service")] == ["web"]


def test_what_is_wrong_is_told_before_the_run(project: Project, tmp_path: Path) -> None:
    """A field that a Deployment has not, in a resource template: nothing starts."""
    wrong = deployment().replace("replicas: 2", "replica: 2")
    text = (
        "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {generateName: w-}\nspec:\n"
        "  entrypoint: deploy\n  templates:\n" + indented(resource("deploy", "apply", wrong), 2)
    )
    file = tmp_path / "w.yaml"
    file.write_text(text)
    with pytest.raises(ManifestError, match=r"Deployment 'web': spec\.replica: No field 'replica'"):
        local.run(project, catalog.find(project, str(file)).workflow)
    assert not list(project.runs.glob("*"))
