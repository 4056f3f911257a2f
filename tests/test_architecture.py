"""Imports point one way: models < k8s_serving < workflows; argolane beside them."""

import ast
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


def imported(path: Path) -> set[str]:
    """The top-level packages that a file imports, at any depth of its code."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_point_one_way(package: str) -> None:
    """No file of a package imports one of ours that stands above or beside it."""
    files = list((ROOT / package).rglob("*.py"))
    assert files
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files
        for name in imported(path) & set(OURS) - MAY_IMPORT[package]
    }
    assert not wrong


def test_steps_use_the_standard_library_only() -> None:
    """What is embedded as script source runs on a stock Python image."""
    import sys

    for path in (ROOT / "workflows" / "parts" / "steps").glob("*.py"):
        assert imported(path) <= set(sys.stdlib_module_names), path.name
