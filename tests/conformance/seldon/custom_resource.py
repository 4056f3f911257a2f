"""Seldon's custom resource definition, which is not ours to ship: found in the folder ARGOLANE_SHARED."""

import gzip
import os
from pathlib import Path
from typing import Any

import pytest
import yaml


def definition() -> Any:
    """That of Seldon 1.17.1; the test is skipped where there is none."""
    folder = os.environ.get("ARGOLANE_SHARED")
    path = Path(folder or "", "schemas", "seldondeployment-v1.17.1.crd.yaml.gz")
    if not folder or not path.is_file():
        pytest.skip("ARGOLANE_SHARED names no folder with the schema of the SeldonDeployment CRD")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(gzip.decompress(path.read_bytes()), loader)  # noqa: S506  a SafeLoader either way
