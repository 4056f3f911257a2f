"""Commands answer for the place they were asked about: this machine, or the cluster of the kube context."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Call
from tests.workflow.test_cluster import Api, api

__all__ = ["api"]  # a fixture

ASKED = [
    ("get",),
    ("get", "-o", "json"),
    ("get", "toy"),
    ("get", "-w"),
    ("get", "runs"),
    ("get", "runs", "-o", "json"),
    ("get", "deployments"),
    ("get", "deployments", "-o", "json"),
    ("get", "sdep"),
    ("logs", "toy"),
    ("report", "toy"),
    ("whence", "toy"),
    ("run", "toy"),
    ("run", "toy", "-o", "json"),
    ("delete", "toy"),
    ("delete", "runs", "--failed"),
    ("delete", "deployment", "toy"),
    ("delete", "deployments", "--all"),
]


@pytest.mark.parametrize("arguments", ASKED, ids=" ".join)
def test_without_a_cluster_there_is_no_answer(
    call: Call, root: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    """No command with --on argo tells of this machine instead."""
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(root / "none"))
    done = call(*arguments, "--on", "argo", status=1)
    assert done.stderr.startswith("Error: No cluster: there is no kube context.")
    assert not done.stdout


@pytest.mark.parametrize(
    "text", ["a: [", "just text", "clusters: 3", "contexts: [{name: a}]\ncurrent-context: a"]
)
def test_a_broken_kube_config_is_one_line(
    call: Call, root: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """What the client trips over is said, with no traceback."""
    (file := root / "kubeconfig").write_text(text)
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(file))
    done = call("get", "runs", "--on", "argo", status=1)
    assert done.stderr.startswith("Error: No cluster")
    assert done.stderr.count("\n") == 1


OF_OBJECTS = ("deployments", "deployment", "sdep")


@pytest.mark.parametrize(
    "arguments",
    [each for each in ASKED if each != ("get", "-w") and not set(each) & set(OF_OBJECTS)],
    ids=" ".join,
)
def test_runs_of_this_machine_have_no_namespaces(call: Call, arguments: tuple[str, ...]) -> None:
    """-n with no --on argo is a usage error, not something to leave out; objects have one here, too."""
    done = call(*arguments, "-n", "other", status=2)
    assert done.stderr == "Error: -n other: this machine has no namespaces. Add --on argo, or leave -n out.\n"


def test_deployments_of_the_cluster(call: Call, api: type[Api]) -> None:
    """As a table and as JSON, those of the cluster: none of this machine's."""
    api.found["seldondeployments"] = {
        "items": [{"metadata": {"name": "there"}, "spec": {}, "status": {"state": "Available"}}]
    }
    assert call("get", "deployments", "--on", "argo").stdout.split() == [
        "NAME", "STATE", "URL", "DESCRIPTION", "there", "Available",
    ]  # fmt: skip
    listed = json.loads(call("get", "deployments", "--on", "argo", "-n", "x", "-o", "json").stdout)
    assert [each["metadata"]["name"] for each in listed] == ["there"]
    assert call("get", "deployments").stdout == "No deployments.\n"
    assert json.loads(call("get", "deployments", "-o", "json").stdout) == []
    done = call("delete", "deployment", "other", "--on", "argo", status=1)
    assert "Namespace 'argolane': No deployment 'other'. Did you mean 'there'?" in done.stderr


def test_a_cluster_without_seldon(call: Call, api: type[Api]) -> None:
    """A cluster that does not know the kind is said to lack Seldon."""
    done = call("get", "deployments", "--on", "argo", status=1)
    assert "the cluster knows no SeldonDeployment" in done.stderr


def test_runs_of_the_cluster_show_what_was_given(call: Call, api: type[Api]) -> None:
    """Only parameters whose values are not those of the template, and the metric that a node gave."""
    given = [{"name": "size", "value": "2"}, {"name": "mode", "value": "a"}]
    metric = {"name": "metric", "value": "rmse=0.5"}
    api.found["workflows"] = {
        "items": [
            {
                "metadata": {"name": "toy-abcde", "creationTimestamp": "2026-01-01T00:00:00Z"},
                "spec": {"workflowTemplateRef": {"name": "toy"}, "arguments": {"parameters": given}},
                "status": {"phase": "Succeeded", "nodes": {"a": {"outputs": {"parameters": [metric]}}}},
            }
        ]
    }
    defaults = [{"name": "size", "value": "1"}, {"name": "mode", "value": "a"}]
    template = {"metadata": {"name": "toy"}, "spec": {"arguments": {"parameters": defaults}}}
    api.found["workflowtemplates"] = {"items": [template]}
    [run] = json.loads(call("get", "runs", "--on", "argo", "-o", "json").stdout)
    assert (run["parameters"], run["metric"], run["phase"]) == ({"size": "2"}, "rmse=0.5", "Succeeded")


def test_a_run_on_the_cluster_is_not_retried_here(call: Call, root: Path) -> None:
    """Its folder here is what was kept of it: every command of local runs says where it is."""
    (folder := root / ".argolane/runs/far").mkdir(parents=True)
    (folder / "workflow.yaml").write_text("kind: Workflow\n")
    for command in ("retry", "stop", "resume", "get", "logs", "report"):
        done = call(command, "far", status=1)
        assert "Run 'far' was one on a cluster: see it with `argolane get far --on argo`" in done.stderr
    call("delete", "far")
    assert not folder.exists()
