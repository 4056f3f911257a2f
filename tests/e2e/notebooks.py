"""A notebook of a checkout in, what it prints, shows and draws out: it is run from top to bottom."""

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient


def executed(
    checkout: Path,
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    files_here: bool = False,
    **given: Any,
) -> str:
    """`given` are other values of its first cell's variables; `files_here`: claims are of this machine."""
    # Theirs is HOME, which may be read-only, and the user's own settings are none of the notebook's.
    for variable in (
        "IPYTHONDIR",
        "JUPYTER_RUNTIME_DIR",
        "JUPYTER_DATA_DIR",
        "JUPYTER_CONFIG_DIR",
        "MPLCONFIGDIR",
    ):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    path = checkout / "notebooks" / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells), "a notebook is committed without outputs"
    first, second = [cell for cell in notebook.cells if cell.cell_type == "code"][:2]
    assert all(f"{variable} = " in first.source for variable in given)
    first.source += "".join(f"\n{variable} = {value!r}" for variable, value in given.items())
    if files_here:
        assert 'there = ["--on", "argo"] if CLUSTER else []' in second.source
        second.source = second.source.replace('["--on", "argo"] if CLUSTER else []', "[]")
    done = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(path.parent)}}).execute()
    outputs = [output for cell in done.cells for output in cell.get("outputs", ())]
    shown = [output.get("text", "") for output in outputs]
    for output in outputs:
        shown += [str(text)[:20_000] for kind, text in output.get("data", {}).items() if kind != "image/png"]
        shown += ["drawn" for kind in output.get("data", {}) if kind == "image/png"]
    return "\n".join(shown)
