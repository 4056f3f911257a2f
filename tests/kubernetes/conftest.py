"""A project without a manifest, and its objects."""

from pathlib import Path

import pytest

from argolane.kubernetes.objects import Objects
from argolane.project import Project


@pytest.fixture
def objects(tmp_path: Path) -> Objects:
    """A ConfigMap and a Secret, both `conf`, with keys colour and `no name`."""
    found = Objects(Project(tmp_path))
    data = {"colour": "blue", "no name": "x"}
    for kind, field in (("ConfigMap", "data"), ("Secret", "stringData")):
        found.put({"apiVersion": "v1", "kind": kind, "metadata": {"name": "conf"}, field: data}, 0)
    return found
