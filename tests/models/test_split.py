"""A lock in two: the large packages of an image, and the rest; by every awk that there is."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from models.contract.spec import MODELS

LARGE = "torch==2.1 \\\n    --hash=sha256:1\ntensorflow[and-cuda]==2.15 \\\n    --hash=sha256:2\n"
REST = "numpy==1.26 \\\n    --hash=sha256:3\ntorchvision==0.16 \\\n    --hash=sha256:4\n"


@pytest.mark.parametrize("awk", ["awk", "gawk", "mawk", "original-awk", "busybox"])
def test_large_packages_are_apart(awk: str, tmp_path: Path) -> None:
    """With what belongs to them; a longer name, or one with extras, is what it is."""
    if (program := shutil.which(awk)) is None:
        pytest.skip(f"no {awk} on PATH")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/awk").symlink_to(program)  # busybox is what it is called as
    (tmp_path / "train.lock").write_text(REST + LARGE)
    script = ["/bin/sh", MODELS / "split.sh", tmp_path]
    done = subprocess.run(
        script, env={**os.environ, "PATH": f"{tmp_path}/bin"}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "train.large").read_text() == LARGE
    assert (tmp_path / "train.rest").read_text() == REST
