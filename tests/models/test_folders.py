"""What every model folder must be: complete, locked with hashes, and with no import from beside models/."""

import ast
import re
import sys
from pathlib import Path

import pytest

from models.contract.spec import MODELS, Unit, read

FOLDERS = sorted(path.parent for path in MODELS.rglob("model.yaml"))
OURS = {path.name for path in MODELS.parent.iterdir() if (path / "__init__.py").exists()} | {
    "argolane",
    "tests",
}

each_folder = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)


def requirements(lock: Path) -> dict[str, str]:
    """Name to the whole entry."""
    text = re.sub(r"\\\n", " ", lock.read_text(encoding="utf-8"))
    lines = [line for line in text.splitlines() if re.match(r"[a-z0-9]", line)]
    return {re.split(r"[=\[ ]", line, maxsplit=1)[0]: line for line in lines}


def serves_itself(unit: Unit) -> bool:
    """Whether its own Dockerfile has what serves it, in whatever language."""
    return unit.serve is not None and unit.serve.server == "own"


def locks(unit: Unit) -> dict[str, Path]:
    """The unit's locks by what they are for."""
    if unit.family:
        return {"unit": MODELS / unit.family / "unit.lock"}
    made = {"train": unit.train is not None, "runtime": unit.serve is not None and not serves_itself(unit)}
    made["app"] = (MODELS / unit.folder / "app.in").is_file()
    return {name: MODELS / unit.folder / f"{name}.lock" for name, there in made.items() if there}


@each_folder
def test_a_folder_is_complete(folder: Path) -> None:
    """The files that the workflows, the images and the local runner look for."""
    unit, names = read(folder), {path.name for path in folder.iterdir()}
    if unit.train is not None:
        assert "train.py" in names
    if unit.serve is not None:
        assert {"predict.py", "request.json"} <= names
    assert all(lock.is_file() for lock in locks(unit).values())
    assert ("Dockerfile" in names) == serves_itself(unit)


@each_folder
def test_locks_name_hashes_and_no_place(folder: Path) -> None:
    """Every entry is pinned and hashed; no address of an index, no path of a machine."""
    for lock in locks(read(folder)).values():
        entries = requirements(lock)
        assert entries
        for entry in entries.values():
            assert re.match(r"[a-z0-9.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", entry), entry
        assert not re.search(r"://|--index|--find-links|--extra|file:", lock.read_text(encoding="utf-8"))


@each_folder
def test_serving_is_apache_seldon_and_no_tensorflow(folder: Path) -> None:
    """The last Apache-licensed wrapper; ONNX Runtime is all that serves, but where one image does both."""
    unit = read(folder)
    served = {name: requirements(lock) for name, lock in locks(unit).items() if name in ("runtime", "unit")}
    if serves_itself(unit):
        assert not served
        return
    for entries in served.values():
        assert "seldon-core==1.17.1 " in entries["seldon-core"] and "setuptools" in entries
        assert not {"tensorflow", "tensorflow-cpu", "keras"} & entries.keys()
    if not unit.family:
        loads = unit.metric is not None or unit.name == "score"
        assert ("onnxruntime" in served["runtime"]) == loads and "scikit-learn" not in served["runtime"]
        others = [requirements(lock) for name, lock in locks(unit).items() if name != "runtime"]
        assert not any("seldon-core" in entries for entries in others)


@each_folder
def test_a_folder_without_its_own_requirements_serves_as_all_do(folder: Path) -> None:
    """One runtime.in makes one runtime.lock, so that models share one environment."""
    unit = read(folder)
    if not unit.family and not serves_itself(unit) and not (folder / "runtime.in").exists():
        assert (folder / "runtime.lock").read_bytes() == (MODELS / "sk_mnist/runtime.lock").read_bytes()


@each_folder
def test_models_import_nothing_of_ours_but_models(folder: Path) -> None:
    """Nor does what they share; what serves imports no training library, and nothing of Seldon."""
    for file in folder.rglob("*.py"):
        assert not imports(file) & (OURS - {"models"}), file
    if (folder / "predict.py").exists():
        assert imports(folder / "predict.py") <= {"models", *sys.stdlib_module_names, "numpy"}


@each_folder
def test_a_unit_imports_no_other_unit(folder: Path) -> None:
    """Its image would not have it (collect.sh): only what all share, its own, modules of folders above."""
    own = read(folder).module
    above = [own.rsplit(".", n)[0] for n in range(1, own.count("."))]
    for file in folder.rglob("*.py"):
        for name in modules(file):
            shared = name.startswith(("models.contract", "models.runtimes", "models.data", "models.registry"))
            assert shared or f"{name}.".startswith(f"{own}.") or {name, name.rsplit(".", 1)[0]} & {*above}, (
                f"{file} imports {name}"
            )


def test_what_serving_shares_stays_small() -> None:
    """Servers have neither pydantic nor a training library; one module alone knows the wrapper."""
    small = {"models", *sys.stdlib_module_names, "numpy", "onnxruntime"}
    more = {
        "seldon.py": {"flask", "werkzeug", "seldon_core"},
        "export.py": {"onnx"},
        # Of the server of MLflow's models alone, whose lock has them.
        "mlmodel.py": {"yaml", "packaging"},
        "mlflow_model.py": {"skops"},
    }
    for file in (MODELS / "runtimes").glob("*.py"):
        assert imports(file) <= small | more.get(file.name, set()), file
    for name in ("version", "metric", "rules", "errors"):
        assert imports(MODELS / "contract" / f"{name}.py") <= {"models", *sys.stdlib_module_names}, name
    for name in ("metric", "rules"):  # steps of a workflow carry them along
        assert "models" not in imports(MODELS / "contract" / f"{name}.py"), name


def modules(file: Path) -> set[str]:
    """The modules below models/ that a file imports by their whole name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
    return {name for name in found if name.startswith("models.")}


def imports(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0] if not node.level else "models")
    return found
