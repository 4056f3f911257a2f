"""The key under which Docker looks a registry's login up: Docker Hub has one that is not its host."""

import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("registry", "key"),
    [
        ("docker.io", "https://index.docker.io/v1/"),
        ("index.docker.io", "https://index.docker.io/v1/"),
        ("docker.io/me", "https://index.docker.io/v1/"),
        ("https://index.docker.io/v1/", "https://index.docker.io/v1/"),
        ("registry.example.com:5000", "registry.example.com:5000"),
        ("docker.io.example.com", "docker.io.example.com"),
    ],
)
def test_the_login_stands_where_docker_looks(tmp_path: Path, registry: str, key: str) -> None:
    """What kubectl is handed, by a kubectl that only repeats it."""
    (kubectl := tmp_path / "kubectl").write_text("#!/bin/sh\ncat\n")
    kubectl.chmod(0o755)
    given = {"REGISTRY": registry, "REGISTRY_USER": "me", "REGISTRY_PASSWORD": "x"}
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "scripts/credentials"],
        cwd=ROOT, env={"PATH": path, **given}, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    [secret] = json.loads(done.stdout)["items"]
    assert list(json.loads(secret["stringData"][".dockerconfigjson"])["auths"]) == [key]
