"""Workflow `batch-predict` on the local runner: real pods, a real deployment, a file of rows."""

import csv
import http.server
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from argolane.project import Project, find, load_settings
from argolane.serving.deployments import Deployments
from argolane.workflow import catalog, local
from tests.batch_model import manifest

ROOT = Path(__file__).resolve().parents[2]
ENTRY = catalog.find(find(ROOT), "batch-predict")


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """With a deployment `m`, whose claim also has the rows."""
    made = Project(tmp_path, load_settings(ROOT / "argolane.toml"))
    (made.claims / "box").mkdir(parents=True)
    deployments = Deployments(made, say=print)
    deployments.apply(manifest())
    yield made
    deployments.delete("m")


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """The address of a folder `web`: a pod has a /tmp of its own."""
    (tmp_path / "web").mkdir()
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path / "web")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("given", ["url", "file"])
def test_a_file_of_rows(project: Project, tmp_path: Path, web: str, given: str) -> None:
    """From the web or a claim: in shards, joined in order; a row that is refused is named, and allowed."""
    lines = ["a,b", *(f"{n},0.5" for n in range(50))]
    lines[8] = "-1,0"
    folder = tmp_path / "web" if given == "url" else project.claims / "box"
    (folder / "rows.csv").write_text("\n".join(lines) + "\n")
    parameters = {"deployment": "m", "claim": "box", "most-failed": "1", "rows-per-request": "7",
                  given: f"{web}/rows.csv" if given == "url" else "rows.csv"}  # fmt: skip
    run = local.run(project, ENTRY.workflow, templates=ENTRY.templates, parameters=parameters)
    assert run.phase == "Succeeded" and run.folder, [one.read_text() for one in run.folder.rglob("*.txt")]
    phases = {node["displayName"]: node["phase"] for node in run.status["nodes"].values()}
    assert phases["download"] == ("Succeeded" if given == "url" else "Skipped")
    assert {f"answer({number}:{number})" for number in range(4)} <= phases.keys()
    with (project.claims / "box/batch/answers.csv").open(newline="") as file:
        found = list(csv.reader(file))
    assert found[:2] == [["row", "total", "first"], ["1", "0.5", "0"]]
    assert [row[0] for row in found[1:]] == [str(n + 1) for n in range(50)]
    assert found[8] == ["8", "", ""] and found[50] == ["50", "49.5", "49"]
    failed = (project.claims / "box/batch/answers.failed.csv").read_text()
    assert failed == 'row,line,reason\n8,9,"HTTP 400: the row [-1, 0] is not wanted"\n'
