"""A class in, a project whose image serves it with the real wrapper out."""

import shutil
from pathlib import Path

from argolane.project import Project, find

ROOT = Path(__file__).parents[2]
# The lock under its own name, so that the environment that everything else uses is used here.
LOCK = "models/sk_mnist/runtime.lock"
SETTINGS = f"""
[[image]]
name = "toy-runtime"
folder = "toy"
lock = "{LOCK}"
command = ["seldon-core-microservice", "toy.Model", "--service-type", "MODEL"]
env = {{ GRPC_WORKERS = "0" }}
"""


def project_of(root: Path, model: str) -> Project:
    (root / "toy").mkdir()
    (root / "toy" / "__init__.py").write_text(model)
    (root / "argolane.toml").write_text(SETTINGS)
    (root / LOCK).parent.mkdir(parents=True)
    shutil.copy(ROOT / LOCK, root / LOCK)
    return find(root)
