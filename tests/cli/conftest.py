"""A small project of somebody else's, and the command line in it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from argolane.cli import main

TOY = """
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: toy, annotations: {workflows.argoproj.io/description: A toy.}}
spec:
  entrypoint: main
  arguments: {parameters: [{name: code, value: "0"}, {name: mode, value: a, enum: [a, b]}]}
  templates:
  - name: main
    outputs: {parameters: [{name: metric, valueFrom: {path: /tmp/metric}}]}
    container:
      image: python:3.11
      command: [sh, -c, "echo hi; printf accuracy=0.9 > /tmp/metric; exit $0", "{{workflow.parameters.code}}"]
"""

Call = Callable[..., Result]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with one workflow, `toy`: it ends with the exit code it is asked for."""
    (tmp_path / "argolane.toml").write_text('manifests = ["wf"]\n')
    (tmp_path / "wf").mkdir()
    (tmp_path / "wf/toy.yaml").write_text(TOY)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def call(root: Path) -> Call:
    """The command line, in this process; a traceback is the test's own."""

    def command(*arguments: str, status: int | None = 0) -> Result:
        done = CliRunner().invoke(main, arguments, catch_exceptions=False)
        assert status is None or done.exit_code == status, done.output
        return done

    return command
