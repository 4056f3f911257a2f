"""docs/testing-workflows.md shows tests that pass."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_documented_tests_pass(tmp_path: Path) -> None:
    """The code of the page, saved as a test file of this project, is four tests that pass."""
    page = (ROOT / "docs" / "testing-workflows.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    for name in ("argolane.toml", "models", "k8s_serving", "workflows"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "test_page.py").write_text(code, encoding="utf-8")
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_page.py"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert "4 passed" in tested.stdout
