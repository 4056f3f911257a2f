"""Which program a container starts."""

from pathlib import Path

import pytest

from argolane.project import ImageSettings, Project, ProjectSettings
from argolane.workflow import local
from tests.workflow.local.conftest import document, nodes

SPEC = """
entrypoint: main
templates:
  - name: main
    script: {image: tool, command: [python], source: "import sys; open('/tmp/prefix', 'w').write(sys.prefix)"}
    outputs: {parameters: [{name: prefix, valueFrom: {path: /tmp/prefix}}]}
"""


def test_an_environment_below_tmp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An image's Python is found where the cache lies in /tmp, though a container has a /tmp of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools/lock.txt").write_text("")
    tool = ImageSettings(name="tool", folder="tools", lock="tools/lock.txt")
    run = local.run(Project(tmp_path, ProjectSettings(image=[tool])), document(SPEC))
    (node,) = nodes(run).values()
    (prefix,) = node["outputs"]["parameters"]
    assert prefix["value"].startswith(str(tmp_path / "cache"))
