"""What a cluster is asked for and what its refusals become; the rest needs one (tests/cluster)."""

import base64
import gzip
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml

from argolane.errors import ArgolaneError, ManifestError
from argolane.manifest import Document
from argolane.project import Project
from argolane.workflow import cluster
from argolane.workflow.cluster.api import status_of
from argolane.workflow.cluster.follow import why
from argolane.workflow.cluster.runs import as_run
from argolane.workflow.cluster.submit import body_of, references
from argolane.workflow.run.result import Run


def document(body: dict[str, Any]) -> Document:
    return Document(body, Path("x.yaml"), "x.yaml")


THIN = document(
    {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"generateName": "toy-", "namespace": "elsewhere"},
        "spec": {"workflowTemplateRef": {"name": "toy"}},
    }
)
TEMPLATE = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "WorkflowTemplate",
    "metadata": {"name": "toy", "namespace": "argolane"},
    "spec": {"arguments": {"parameters": [{"name": "size", "value": "1", "enum": ["1", "2"]}]}},
}


class Api(http.server.BaseHTTPRequestHandler):
    """Answers as an API server that has the objects of `found`, by the end of their path."""

    found: ClassVar[dict[str, Any]] = {}
    status = 404

    def do_GET(self) -> None:
        name = self.path.partition("?")[0].rpartition("/")[2]
        body = self.found.get(name, {"kind": "Status", "message": f'"{name}" not found'})
        payload = json.dumps(body).encode()
        self.send_response(200 if name in self.found else self.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Api]]:
    """A server on a free port, and the kube context that names it."""
    handler = type("Handler", (Api,), {"found": {}})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    context(tmp_path, monkeypatch, server.server_port)
    yield handler
    server.shutdown()
    thread.join()
    server.server_close()


def context(folder: Path, monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "toy",
        "contexts": [{"name": "toy", "context": {"cluster": "toy", "user": "toy"}}],
        "clusters": [{"name": "toy", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "users": [{"name": "toy", "user": {}}],
    }
    file = folder / "kubeconfig"
    file.write_text(yaml.safe_dump(config))
    # The client reads KUBECONFIG once, when it is imported.
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(file))


def test_references_are_found_through_templates() -> None:
    """The templates a workflow needs are those it names, and those that these name."""
    inner = {
        "spec": {"templates": [{"dag": {"tasks": [{"templateRef": {"name": "parts", "template": "a"}}]}}]}
    }
    shared = {"workflowTemplateRef": {"name": "for-all", "clusterScope": True}}
    near = [
        document({"metadata": {"name": "toy"}, **inner}),
        document({"metadata": {"name": "x"}, "spec": shared}),
    ]
    assert references(THIN, near) == {"toy", "parts"}


def test_what_is_submitted() -> None:
    """Parameters as `argo submit -p` puts them, the name that was asked for, no namespace of the file."""
    body = body_of(THIN, {"size": "2"}, "toy-1")
    assert body["metadata"] == {"name": "toy-1"}
    assert body["spec"]["arguments"]["parameters"] == [{"name": "size", "value": "2"}]
    assert THIN.body["metadata"]["generateName"] == "toy-"


def test_compressed_nodes_are_unpacked() -> None:
    """Argo compresses the nodes of a large workflow."""
    packed = base64.b64encode(gzip.compress(json.dumps({"a": {"id": "a"}}).encode())).decode()
    assert status_of({"status": {"phase": "Running", "compressedNodes": packed}}) == {
        "phase": "Running",
        "nodes": {"a": {"id": "a"}},
    }


def test_missing_template_says_how_to_install(api: type[Api], tmp_path: Path) -> None:
    """Nothing is submitted to a namespace that lacks the template."""
    with pytest.raises(ArgolaneError, match=r"'argolane' has no WorkflowTemplate 'toy'.*scripts/install"):
        cluster.run(Project(tmp_path), THIN, templates=[], namespace="argolane")


def test_unknown_parameter_is_refused_before_submission(api: type[Api], tmp_path: Path) -> None:
    """What the cluster's own template does not know, or its enum does not list, is not sent."""
    api.found["toy"] = TEMPLATE
    with pytest.raises(ManifestError) as refused:
        cluster.run(Project(tmp_path), THIN, parameters={"sise": "1", "size": "3"}, namespace="argolane")
    assert "Did you mean 'size'?" in str(refused.value)
    assert "'3' is not allowed" in str(refused.value)


def test_forbidden_says_where(api: type[Api]) -> None:
    """What the cluster does not allow is said with its own words, the host and the namespace."""
    api.status = 403
    with pytest.raises(ArgolaneError, match=r"127\.0\.0\.1.*not allowed in namespace 'other'"):
        cluster.runs(namespace="other")


@pytest.mark.parametrize(
    ("phase", "said"),
    [("Failed", ["explain says:", "    no image", "    nothing is put back"]), ("Succeeded", [])],
)
def test_a_failed_run_ends_with_the_cause(phase: str, said: list[str]) -> None:
    """What a task has found out as `reason` is said last, once for all attempts, and only of a failure."""
    reason = {"parameters": [{"name": "reason", "value": "no image\nnothing is put back"}]}
    node = {"id": "1", "name": "w.explain", "displayName": "explain", "phase": "Succeeded", "outputs": reason}
    pod = {**node, "id": "2", "name": "w.explain(0)", "displayName": "explain(0)", "type": "Pod"}
    root = {"id": "w", "name": "w", "displayName": "w", "type": "DAG", "phase": phase, "children": ["1"]}
    nodes = {"w": root, "1": {**node, "type": "Retry", "children": ["2"]}, "2": pod}
    assert list(why(Run("w", phase, status={"nodes": nodes}))) == said


def test_unknown_run(api: type[Api]) -> None:
    """The nearest name is suggested."""
    api.found["workflows"] = {
        "items": [{"metadata": {"name": "toy-abcde", "creationTimestamp": "2026-01-01T00:00:00Z"}}]
    }
    with pytest.raises(ArgolaneError, match="Did you mean 'toy-abcde'"):
        cluster.get("toy-abcdf", namespace="argolane")
    assert [run.phase for run in cluster.runs(namespace="argolane")] == ["Pending"]


def test_cluster_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, within seconds."""
    context(tmp_path, monkeypatch, 9)  # nobody listens there
    with pytest.raises(ArgolaneError, match="no answer from the cluster"):
        cluster.runs(namespace="argolane")


def test_no_context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a kube context the cure is said."""
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "none"))
    with pytest.raises(ArgolaneError, match="Set KUBECONFIG"):
        cluster.runs(namespace="argolane")


def test_a_run_has_the_values_of_its_template_and_its_own() -> None:
    """What the controller stored of the template, and what was submitted: as a local run has them."""
    stored = {"arguments": {"parameters": [{"name": "size", "value": "1"}, {"name": "seed", "value": "0"}]}}
    given = {"arguments": {"parameters": [{"name": "size", "value": "2"}]}}
    body = {
        "metadata": {"name": "toy-x", "generateName": "toy-"},
        "spec": {"workflowTemplateRef": {"name": "toy"}, **given},
        "status": {"phase": "Succeeded", "storedWorkflowTemplateSpec": stored},
    }
    run = as_run(body, "there")
    assert (run.workflow, run.values, run.namespace) == ("toy", {"size": "2", "seed": "0"}, "there")
