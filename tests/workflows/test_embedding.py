"""A small step in, the text of one script out."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from workflows.parts import embedding

STEPS = sorted(
    path.name
    for path in embedding.STEPS.glob("*.py")
    if path.stem not in ("__init__", "asking", "last_good", "observations", "paths", "sending")
)


@pytest.mark.parametrize("file", STEPS)
def test_a_step_stands_alone(file: str, tmp_path: Path) -> None:
    """Its text imports the standard library, or pyarrow, and runs up to where it looks for its values."""
    text = embedding.step_source(file)
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(text))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported - {"pyarrow"} <= set(sys.stdlib_module_names)
    (tmp_path / "script").write_text(text)
    command = [sys.executable, "-I", str(tmp_path / "script")]
    ran = subprocess.run(command, env={}, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "KeyError" in ran.stderr.splitlines()[-1], ran.stderr


def test_modules_come_once_and_before_what_needs_them() -> None:
    """`verify` needs metric by two ways: it is there once, before both; the step's own words come first."""
    text = embedding.step_source("verify.py")
    assert text.startswith('"""The URL of a deployment in')
    order = [text.index(f"{name}.py\n") for name in ("metric", "version", "paths", "steps/verify")]
    assert order == sorted(order)
    assert text.count("class Metric") == 1


@pytest.fixture
def step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in the place of the repository, with one module that a step may need."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models/tool.py").write_text('"""A tool."""\n\nSIZE = 3\n\n\ndef use():\n    return SIZE\n')
    monkeypatch.setattr(embedding, "ROOT", tmp_path)
    return tmp_path / "step.py"


def test_text_is_kept_to_the_letter(step: Path) -> None:
    """Only the docstring and the imports of ours are taken out; comments and odd lines stay."""
    body = "# why\nprint(use(), SIZE)\n"
    step.write_text(
        f'"""Step."""\n\nimport os\n\nfrom models.tool import (\n    SIZE,\n    use,\n)\n\n{body}'
    )
    text = embedding.alone(step)
    assert text.startswith('"""Step."""\n')
    assert "# From models/tool.py\n" in text and body in text
    ran = subprocess.run([sys.executable, "-I", "-c", text], capture_output=True, text=True, check=True)
    assert ran.stdout == "3 3\n"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("import models.tool", "step.py: line 1: import what is needed of ours by its name"),
        (
            "from models.tool import use as other",
            "step.py: line 1: import what is needed of ours by its name",
        ),
        ("from models import tool", "step.py: line 1: import what is needed of ours by its name"),
        ("from models.gone import x", "step.py: line 1: import what is needed of ours by its name"),
        ("from models.tool import use\n\nSIZE = 4", "step.py: SIZE would be defined twice; rename one."),
    ],
)
def test_what_would_not_run_alone_is_refused(step: Path, line: str, words: str) -> None:
    """An import that no text can stand for, and two things of one name, are errors of the rendering."""
    step.write_text(f"{line}\n")
    with pytest.raises(embedding.EmbeddingError) as error:
        embedding.alone(step)
    assert words in str(error.value)
