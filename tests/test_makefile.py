"""What make removes, and where it keeps what it downloads: in a folder with a space and an umlaut."""

import os
import pty
import shutil
import subprocess
from pathlib import Path

import pytest

MAKEFILE = Path(__file__).resolve().parents[1] / "Makefile"
TRAINED = ".argolane/volumes/model-store/sk_mnist/0.1/model.onnx"
OBJECT = ".argolane/objects/secret/token.json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with a run, a trained model and a Secret written by hand."""
    root = tmp_path / "my clöne"
    for name in (TRAINED, OBJECT, ".argolane/runs/x/status.json", ".venv/pyvenv.cfg"):
        (root / name).parent.mkdir(parents=True)
        (root / name).write_text("x")
    shutil.copy(MAKEFILE, root)
    return root


def _make(folder: Path, *arguments: str, stdin: int = subprocess.DEVNULL, **env: str) -> tuple[int, str]:
    # `make test` tells the makes below it that they are, and they would announce their folders.
    outside = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(
        ["make", *arguments], cwd=folder, env=outside | env, stdin=stdin, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=20, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


def test_clean_keeps_what_was_trained(folder: Path) -> None:
    """Runs and .venv go; models, claims and objects stay."""
    assert _make(folder, "clean")[0] == 0
    assert sorted(p.name for p in folder.iterdir()) == [".argolane", "Makefile"]
    assert sorted(p.name for p in (folder / ".argolane").iterdir()) == ["objects", "volumes"]
    assert (folder / TRAINED).is_file()


def test_clean_all_removes_nothing_unasked(folder: Path) -> None:
    """With no terminal to ask it names the variable, and what it would remove."""
    code, said = _make(folder, "clean-all")
    assert code != 0
    assert "make clean-all YES=1" in said
    assert ".argolane/volumes/model-store/sk_mnist" in said
    assert (folder / TRAINED).is_file()
    assert _make(folder, "clean-all", "YES=1")[0] == 0
    assert [p.name for p in folder.iterdir()] == ["Makefile"]


@pytest.mark.parametrize(("answer", "stays"), [("y", False), ("n", True), ("", True)])
def test_clean_all_asks_on_a_terminal(folder: Path, answer: str, stays: bool) -> None:
    """Only y is a yes."""
    ours, terminal = pty.openpty()
    os.write(ours, f"{answer}\n".encode())
    code, _ = _make(folder, "clean-all", stdin=terminal)
    os.close(ours)
    os.close(terminal)
    assert (folder / TRAINED).exists() == (code != 0) == stays


def test_the_cache_is_here_when_home_cannot_be_written(folder: Path) -> None:
    """Then uv, pip and argolane keep what they download below the project; else where it always is."""
    with (folder / "Makefile").open("a") as stream:
        stream.write("\nwhere:\n\t@echo [$$XDG_CACHE_HOME]\n")
    (folder / "home").touch()  # a file: nobody can make a folder below it, not even root
    assert (
        _make(folder, "-s", "where", HOME=str(folder / "home"), XDG_CACHE_HOME="")[1]
        == f"[{folder}/.cache]\n"
    )
    (folder / "house").mkdir()
    assert _make(folder, "-s", "where", HOME=str(folder / "house"), XDG_CACHE_HOME="")[1] == "[]\n"
    other = str(folder / "other")
    assert _make(folder, "-s", "where", XDG_CACHE_HOME=other)[1] == f"[{other}]\n"
