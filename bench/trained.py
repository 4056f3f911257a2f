"""A folder to work in, sk_mnist 0.1 in a model store out: what several measurements serve. Trained once."""

import os
import shutil
import subprocess
from pathlib import Path

from argolane.containers import images
from argolane.project import FILE, Project, find

VERSION = Path("sk_mnist") / "0.1"


def store(project: Project, work: Path) -> Path:
    """The folder of the version, in `work`/store."""
    folder = work / "store" / VERSION
    if not folder.exists():
        image = images.prepare(project, "bench/sk-mnist-trainer:0.1", say=print)
        env = {**image.env, "MODEL_STORE": str(work / "store"), "DATA_DIR": str(work / "data")}
        train = ["python", "-m", "models.sk_mnist.train", "--version=0.1", f"--metric-file={work}/a",
                 f"--version-file={work}/m"]  # fmt: skip
        subprocess.run(train, env=env, cwd=project.root, check=True, stdout=subprocess.DEVNULL)
    return folder


def checkout(project: Project, work: Path) -> Project:
    """A project in `work`/checkout that is a copy of this one."""
    copy = work / "checkout"
    if not copy.exists():
        for name in ("models", "workflows"):
            shutil.copytree(project.root / name, copy / name)
        shutil.copy(project.root / FILE, copy)
    return find(copy)


def checkout_with_store(project: Project, work: Path) -> Project:
    """The same, whose claim model-store has the version."""
    made = checkout(project, work)
    claimed = made.claims / "model-store" / VERSION
    if not claimed.exists():
        shutil.copytree(store(project, work), claimed)
    return made


def environment_of(project: Project, work: Path) -> dict[str, str]:
    """What a container of the runtime has, for the version."""
    image = images.prepare(project, "bench/sk-mnist-runtime:0.1", say=print)
    return {**os.environ, **image.env, "MODEL_DIR": str(store(project, work))}
