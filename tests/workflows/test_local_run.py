"""The rendered workflows on the local runner: what stops a run, and that nothing after it starts."""

from pathlib import Path

import pytest

from argolane.project import Project, find, load_settings
from argolane.workflow import catalog, local

ROOT = Path(__file__).resolve().parents[2]

STOPPED = {
    "a version that is no image tag": (
        "serve-sk-mnist",
        {"version": "0.1 beta"},
        {"guard": "Failed", "gate": "Omitted", "build": "Omitted", "rollout": "Omitted"},
        "Parameter 'version' is '0.1 beta'; expected 1 to 63 letters",
    ),
    "a param of the wrong type": (
        "train-sk-mnist",
        {"n-components": "1.5"},
        {"guard": "Failed", "build": "Omitted", "train": "Omitted", "gate": "Omitted"},
        "Parameter 'n-components' is '1.5'; expected int of at least 1",
    ),
    "a ratio out of range": (
        "ab-test-mnist",
        {"ratio": "1.5"},
        {"guard": "Failed", "gate-a": "Omitted", "gate-b": "Omitted", "rollout": "Omitted"},
        "Parameter 'ratio' is '1.5'; expected a number from 0 to 1.",
    ),
    "a model that was never trained": (
        "serve-sk-mnist",
        {"version": "0.7"},
        {"guard": "Succeeded", "gate": "Failed", "build": "Omitted", "rollout": "Omitted"},
        "No version '0.7' of sk_mnist in the model store. There are: none. Train it first",
    ),
}


@pytest.mark.parametrize("case", STOPPED)
def test_a_run_stops_where_it_is_wrong(case: str, tmp_path: Path) -> None:
    """The task that finds the fault fails with its words in the log, and no task after it starts."""
    target, parameters, phases, words = STOPPED[case]
    entry = catalog.find(find(ROOT), target)
    project = Project(tmp_path, load_settings(ROOT / "argolane.toml"))
    run = local.run(project, entry.workflow, templates=entry.templates, parameters=parameters)
    assert run.phase == "Failed"
    found = {node["displayName"]: node["phase"] for node in run.status["nodes"].values()}
    assert {name: found[name] for name in phases} == phases
    assert run.folder
    logs = "".join(path.read_text() for path in run.folder.rglob("logs/*.txt"))
    assert words in logs
    assert not (tmp_path / ".argolane" / "deployments").exists()
