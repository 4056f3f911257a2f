"""Names from the command line and from manifests that become folders: checked before anything is written."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from argolane.cli import main

WORKFLOW = """
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: x-}
spec:
  entrypoint: main
  arguments: {parameters: [{name: claim, value: "../../claim"}]}
  volumes: [{name: v, persistentVolumeClaim: {claimName: "{{workflow.parameters.claim}}"}}]
  templates:
  - name: main
    container:
      image: python:3.11-slim
      command: ["true"]
      volumeMounts: [{name: v, mountPath: /v}]
  - name: object
    resource:
      action: create
      manifest: |
        {apiVersion: v1, kind: ConfigMap, metadata: {name: ../../../object}, data: {a: b}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project three folders deep, so that what leaves it is seen."""
    (inner := tmp_path / "a/b/project").mkdir(parents=True)
    (inner / "wf.yaml").write_text(WORKFLOW)
    (inner / "argolane.toml").touch()
    monkeypatch.chdir(inner)
    return tmp_path


def _call(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def _written(folder: Path) -> list[str]:
    """What there is but for the project itself."""
    inside = folder / "a/b/project"
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file() and p.parent != inside)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("../../x", "expected lower case letters"),
        ("", "expected lower case letters"),
        (".", "expected lower case letters"),
        ("Bad Name", "expected lower case letters"),
        ("a/b", "expected lower case letters"),
        ("-a", "expected lower case letters"),
        ("x\n", "expected lower case letters"),
        ("runs", "which stands for all of them in 'argolane get runs'"),
        ("deployments", "which stands for all of them"),
        ("a" * 64, "has 64 characters; a run's name has at most 63"),
    ],
)
@pytest.mark.parametrize("on", ["local", "argo"])
def test_a_run_s_name_is_one_that_kubernetes_takes(folder: Path, name: str, words: str, on: str) -> None:
    """Any other is a usage error, wherever it is to run, and nothing is written."""
    done = _call("run", "wf.yaml", "--name", name, "--on", on)
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith("Error: --name ")
    assert words in done.stderr
    assert not _written(folder)


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ("name: ../../x", "metadata.name: Invalid value"),
        ("generateName: ../../x-", "metadata.generateName: Invalid value"),
        ("name: runs", "metadata.name is 'runs'"),
    ],
)
def test_a_manifest_s_name_is_checked_too(folder: Path, metadata: str, words: str) -> None:
    """By name or by generateName, before anything is written."""
    Path("wf.yaml").write_text(WORKFLOW.replace("generateName: x-", metadata))
    done = _call("run", "wf.yaml")
    assert done.exit_code != 0
    assert words in done.stderr
    assert not _written(folder)


@pytest.mark.parametrize("command", ["retry", "stop", "resume", "get", "logs", "report", "delete"])
def test_commands_find_no_run_outside_the_project(folder: Path, command: str) -> None:
    """A path to another run is the name of none."""
    (folder / "other").mkdir()
    (folder / "other/submission.json").write_text("{}")
    (folder / "other/status.json").write_text('{"phase": "Running", "nodes": {}}')
    before = _written(folder)
    done = _call(command, "../../../../../other")
    assert done.exit_code == 1
    assert "No run '../../../../../other'" in done.stderr
    assert _written(folder) == before


def test_a_claim_s_name_is_checked_when_it_is_known(folder: Path) -> None:
    """A parameter that names a claim outside the project: the task ends in an error, and nothing is made."""
    done = _call("run", "wf.yaml", "--name", "x")
    assert done.exit_code == 1
    assert 'PersistentVolumeClaim "../../claim" is invalid' in done.stdout
    assert not list(folder.rglob("claim"))


def test_an_object_s_name_is_checked(folder: Path) -> None:
    """A resource template cannot write an object outside of the project's."""
    Path("wf.yaml").write_text(WORKFLOW.replace("entrypoint: main", "entrypoint: object"))
    done = _call("run", "wf.yaml", "--name", "x")
    assert done.exit_code == 1
    assert 'ConfigMap "../../../object" is invalid: metadata.name: Invalid value' in done.stdout
    assert not list(folder.rglob("object*.json"))
