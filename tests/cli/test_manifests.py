"""The commands about manifests, in a project of somebody else's: lint, render, run."""

import subprocess
import sys
from pathlib import Path

import pytest

SDEP = """\
apiVersion: machinelearning.seldon.io/v1
kind: SeldonDeployment
metadata: {name: NAME}
spec:
  SPEC
  predictors:
  - name: default
    graph: {name: m, type: TYPE}
    componentSpecs: [{spec: {containers: [{name: m, image: python:3.11-slim}]}}]
"""
PROGRAM = """
def manifests():
    graph = {"name": "m", "type": "MODEL"}
    predictor = {"name": "default", "graph": graph, "componentSpecs": [{"spec": {"containers": [CONTAINER]}}]}
    return {"m": {"apiVersion": "machinelearning.seldon.io/v1", "kind": "SeldonDeployment",
                  "metadata": {"name": "m"}, "spec": {"predictors": [predictor]}}}
"""


def sdep(name: str = "m", *, type_: str = "MODEL", spec: str = "") -> str:
    return SDEP.replace("NAME", name).replace("TYPE", type_).replace("SPEC", spec)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "argolane.toml").write_text('[render]\nprograms = ["*.py"]\n')
    return tmp_path


def argolane(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "argolane", *arguments],
        cwd=root, capture_output=True, text=True, check=False, timeout=120, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def test_lint_tells_errors_doubts_and_what_only_a_cluster_runs_apart(root: Path) -> None:
    """A line each, and a count of each; only an error is an exit status."""
    (root / "a.yaml").write_text(sdep(type_="MODL"))
    (root / "b.yaml").write_text(sdep(spec="protocol: v2"))
    done = argolane(root, "lint", "a.yaml", "b.yaml")
    doubt, local, count = done.stdout.splitlines()
    assert doubt.startswith("warning: a.yaml: spec.predictors[0].graph: node 'm' has the type 'MODL'")
    assert local.startswith("local: b.yaml: spec.protocol: protocol v2 is valid and does not run locally")
    assert count == "2 files: 0 errors, 1 warnings. 1 that only a cluster runs."
    assert done.returncode == 0
    (root / "a.yaml").write_text(sdep("A"))
    done = argolane(root, "lint", "a.yaml")
    assert done.stdout.startswith("error: a.yaml: metadata.name: is 'A'; expected lower-case letters")
    assert done.returncode == 1


def test_render_checks_what_it_wrote(root: Path) -> None:
    """A program whose manifest no API server takes is told so by the command that renders it."""
    program = root / "p.py"
    program.write_text(PROGRAM.replace("CONTAINER", '{"name": "m", "image": "python:3.11-slim"}'))
    assert argolane(root, "render").stdout == "rendered/m.yaml\n"
    program.write_text(PROGRAM.replace("CONTAINER", '{"name": "other", "image": "python:3.11-slim"}'))
    done = argolane(root, "render")
    assert "rendered/m.yaml: spec.predictors[0].graph: No container 'm'. There are: other." in done.stdout
    assert done.stderr == "Error: What was rendered has errors.\n"
    assert done.returncode == 1


def test_run_refuses_a_deployment_in_one_line(root: Path) -> None:
    """By its place in the file, before anything starts."""
    (root / "a.yaml").write_text(sdep(spec="replicas: two"))
    done = argolane(root, "run", "a.yaml")
    assert done.stderr == "Error: a.yaml: spec.replicas: is 'two'; expected a whole number.\n"
    assert (done.returncode, done.stdout) == (1, "")
