"""Imports point one way: between the packages of this repository, and between the layers of argolane."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OURS = ("models", "k8s_serving", "workflows", "argolane", "tests", "notebooks", "bench")
MAY_IMPORT = {
    "models": {"models"},
    "k8s_serving": {"models", "k8s_serving"},
    "workflows": {"models", "k8s_serving", "workflows"},
    "argolane": {"argolane"},
}
# The layers of argolane, the lowest first.
LAYERS = (
    ("errors", "disk", "flock", "settings", "manifest", "project"),
    ("languages",),
    ("containers",),
    ("kubernetes",),
    ("serving",),
    (
        "workflow.merge",
        "workflow.rules",
        "workflow.locations",
        "workflow.catalog",
        "workflow.applying",
        "workflow.lint",
        "workflow.run",
    ),
    ("workflow.local.reconciler",),
    ("workflow.local", "workflow.cluster"),
    ("workflow.runner", "report", "render", "render_programs", "new", "testing"),
    ("cli", "__main__"),
)
# Files of another project, which `argolane init` copies.
STARTER = ROOT / "argolane" / "starter"
# What never imports the other, though the layers would let it.
APART = (
    ("workflow.local", "workflow.cluster"),
    ("workflow.cluster", "workflow.local"),
    ("workflow.lint", "workflow.run"),
    ("workflow.local.pod", "workflow.local.engine"),
    ("workflow.local.resources", "workflow.local.engine"),
)


def imported(path: Path) -> set[str]:
    """The top-level packages that a file imports, at any depth of its code."""
    return {name.split(".")[0] for name in _names(path)}


def _names(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _modules() -> dict[str, Path]:
    """Every module of argolane by its dotted name without `argolane.`."""
    found = {}
    for path in (ROOT / "argolane").rglob("*.py"):
        if path.is_relative_to(STARTER):
            continue
        parts = path.relative_to(ROOT / "argolane").with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def _graph() -> dict[str, set[str]]:
    """Which modules of argolane each of them imports, at any depth of its code."""
    modules = _modules()
    graph: dict[str, set[str]] = {}
    for name, path in modules.items():
        read = {text.removeprefix("argolane.") for text in _names(path) if text.startswith("argolane.")}
        # `from package import module` is an import of the module, not of what else the package holds.
        packages = {text.rpartition(".")[0] for text in read if text in modules}
        graph[name] = (read & modules.keys()) - packages - {name}
    return graph


def _layer(module: str) -> int:
    fitting = [
        (len(prefix), level)
        for level, prefixes in enumerate(LAYERS)
        for prefix in prefixes
        if module == prefix or module.startswith(f"{prefix}.")
    ]
    assert fitting, f"argolane.{module} has no layer: say in LAYERS where it belongs."
    return max(fitting)[1]


def _within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_point_one_way(package: str) -> None:
    """No file of a package imports one of ours that stands above or beside it."""
    files = [path for path in (ROOT / package).rglob("*.py") if not path.is_relative_to(STARTER)]
    assert files
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files
        for name in imported(path) & set(OURS) - MAY_IMPORT[package]
    }
    assert not wrong


def test_a_lower_layer_imports_no_higher_one() -> None:
    """Between the packages inside argolane the arrows point down."""
    wrong = [
        f"{name} imports {other}"
        for name, others in _graph().items()
        for other in sorted(others)
        if name and other and other != "workflow" and name != "workflow" and _layer(other) > _layer(name)
    ]
    assert not wrong


def test_neighbours_that_know_nothing_of_each_other() -> None:
    """The cluster runner would work without the local one, lint without a run, a pod without its engine."""
    wrong = [
        f"{name} imports {other}"
        for name, others in _graph().items()
        for one, two in APART
        for other in others
        if _within(name, one) and _within(other, two)
    ]
    assert not wrong


def test_modules_import_in_no_circle() -> None:
    """Every module of argolane can be read after those that it stands on."""
    try:
        TopologicalSorter(_graph()).prepare()
    except CycleError as error:
        pytest.fail(f"a circle of imports: {' <- '.join(error.args[1])}")


def test_steps_use_the_standard_library_only() -> None:
    """What a step imports, itself or by modules of ours that go into its script, a stock Python image has."""
    ours = [ROOT / "models/contract" / name for name in ("errors.py", "metric.py", "rules.py", "version.py")]
    for path in [*(ROOT / "workflows/parts/steps").glob("*.py"), *ours]:
        # Parquet needs more, and says so where the image of the task has it not.
        asked_for = {"pyarrow"} if path.name in ("split.py", "join.py") else set()
        assert imported(path) <= {*sys.stdlib_module_names, "models", "workflows", *asked_for}, path.name
