"""The pages about workflows show code that runs and tests that pass."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def blocks(page: str) -> list[tuple[str, str]]:
    """(language, text) of each block of code."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(r"^```(\w*)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def test_the_documented_tests_pass(tmp_path: Path) -> None:
    """The code of the page, saved as a test file of this project, is four tests that pass."""
    [(_, code)] = [block for block in blocks("testing-workflows.md") if block[0] == "python"]
    for name in ("argolane.toml", "models", "k8s_serving", "workflows"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "test_page.py").write_text(code, encoding="utf-8")
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_page.py"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert "4 passed" in tested.stdout


@pytest.mark.environments
@pytest.mark.timeout(400)
def test_the_documented_workflow_comes_about(tmp_path: Path) -> None:
    """Files written where their first lines say, commands run in the order of the page: both as it says."""
    # Copied, not linked: a container sees the project's folder, and of /tmp nothing else.
    for name in ("k8s_serving", "models", "workflows"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "argolane.toml", tmp_path)
    commands = 0
    for language, text in blocks("writing-a-workflow.md"):
        if language == "python":
            where, content = text.split("\n", 1)
            file = tmp_path / where.removeprefix("# ")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8")
            continue
        for command, said in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE):
            check(command.split(), said.splitlines(), tmp_path)
            commands += 1
    assert commands == 9


def check(command: list[str], said: list[str], root: Path) -> None:
    """The command succeeds, and printed every line that the page shows; `...` is anything, spaces are one."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=root, env=env, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    printed = [" ".join(line.split()) for line in done.stdout.splitlines()]
    for line in said:
        wanted = re.escape(" ".join(line.split())).replace(r"\.\.\.", ".*")
        assert any(re.fullmatch(wanted, found) for found in printed), f"{line!r} is not in {done.stdout}"
