"""What every model folder must be: complete, locked with hashes, and with no import from beside models/."""

import ast
import re
from pathlib import Path

import pytest
from models.spec import MODELS

FOLDERS = sorted(path.parent for path in MODELS.glob("*/model.yaml"))
OURS = {path.name for path in MODELS.parent.iterdir() if (path / "__init__.py").exists()} | {
    "argolane",
    "tests",
}

pytestmark = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)


def requirements(lock: Path) -> dict[str, str]:
    """Name to the whole entry."""
    text = re.sub(r"\\\n", " ", lock.read_text(encoding="utf-8"))
    lines = [line for line in text.splitlines() if re.match(r"[a-z0-9]", line)]
    return {re.split(r"[=\[ ]", line, maxsplit=1)[0]: line for line in lines}


def test_a_folder_is_complete(folder: Path) -> None:
    """The files that the workflows, the images and the local runner look for."""
    names = {path.name for path in folder.iterdir()}
    assert {"model.yaml", "train.py", "predict.py", "train.lock", "runtime.lock", "request.json"} <= names


def test_locks_name_hashes_and_no_place(folder: Path) -> None:
    """Every entry is pinned and hashed; no address of an index, no path of a machine."""
    for lock in (folder / "train.lock", folder / "runtime.lock"):
        entries = requirements(lock)
        assert entries
        for entry in entries.values():
            assert re.match(r"[a-z0-9.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", entry), entry
        assert not re.search(r"://|--index|--find-links|--extra|file:", lock.read_text(encoding="utf-8"))


def test_serving_is_apache_seldon_and_onnx_runtime_alone(folder: Path) -> None:
    """The last Apache-licensed wrapper, and neither of the training libraries."""
    served, trained = requirements(folder / "runtime.lock"), requirements(folder / "train.lock")
    assert "seldon-core==1.17.1 " in served["seldon-core"]
    assert {"onnxruntime", "setuptools"} <= served.keys()
    assert not {"tensorflow", "tensorflow-cpu", "keras", "scikit-learn"} & served.keys()
    assert "seldon-core" not in trained


def test_a_folder_without_its_own_requirements_serves_as_all_do(folder: Path) -> None:
    """One runtime.in makes one runtime.lock, so that models share one environment."""
    if not (folder / "runtime.in").exists():
        assert (folder / "runtime.lock").read_bytes() == (MODELS / "sk_mnist/runtime.lock").read_bytes()


def test_models_import_nothing_of_ours_but_models(folder: Path) -> None:
    """Nor does what they share; what serves imports no training library, and the wrapper only for it."""
    for file in [*folder.glob("*.py"), *MODELS.glob("*.py")]:
        assert not imports(file) & (OURS - {"models"}), file
    for file in (folder / "predict.py", MODELS / "served.py"):
        assert imports(file) <= {"models", "hashlib", "json", "os", "functools", "pathlib", "typing"} | {
            "numpy", "onnxruntime", "flask", "seldon_core", "werkzeug",
        }  # fmt: skip


def imports(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0] if not node.level else "models")
    return found
