"""Workflow `load` on the local runner: real pods load a real deployment, found by its name or at a URL."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from argolane.errors import ArgolaneError
from argolane.project import Project, find, load_settings
from argolane.report.charts import read
from argolane.serving.deployments import Deployments
from argolane.serving.load.step import body_of
from argolane.workflow import catalog, local
from tests.batch_model import manifest
from workflows.parts import load

ROOT = Path(__file__).resolve().parents[2]
ENTRY = catalog.find(find(ROOT), "load")
ASKED = {"request": '{"data": {"ndarray": [[1, 2]]}}', "duration": "1.5", "warm-up": "0", "rate": "20"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """With a deployment `m`."""
    made = Project(tmp_path_factory.mktemp("load"), load_settings(ROOT / "argolane.toml"))
    (made.claims / "box").mkdir(parents=True)
    deployments = Deployments(made, say=print)
    deployments.apply(manifest())
    yield made
    deployments.delete("m")


def run(project: Project, **given: str) -> tuple[str, dict[str, Any]]:
    """The phase, and the nodes by the names of their tasks."""
    parameters = {**ASKED, **{name.replace("_", "-"): value for name, value in given.items()}}
    done = local.run(project, ENTRY.workflow, templates=ENTRY.templates, parameters=parameters)
    return done.phase, {node["displayName"]: node for node in done.status["nodes"].values()}


def outputs(node: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one.get("value", "") for one in node.get("outputs", {}).get("parameters", [])}


def test_a_deployment_by_its_name(project: Project) -> None:
    """Its figures are outputs and files, its charts are the report's, its picture is one."""
    phase, nodes = run(project, deployment="m")
    assert phase == "Succeeded" and nodes["load-url"]["phase"] == "Skipped", nodes
    found = outputs(nodes["load"])
    figures = json.loads(found["figures"])
    assert (figures["requests"], figures["failed"], found["failed"]) == (30, 0, "0")
    assert float(found["p50"]) == figures["latency_ms"]["p50"] > 0 and "timeline" not in figures
    assert [chart.title for chart in read(found["charts"])][:2] == ["Latency", "Answers a second"]
    [folder] = (project.claims / "model-store/.load").iterdir()
    whole = json.loads((folder / "figures.json").read_text())
    assert sum(second["answered"] for second in whole["timeline"]) <= 30 == whole["answered"]
    assert ElementTree.parse(folder / "picture.svg").getroot().tag.endswith("svg")  # noqa: S314  our own


def test_a_url_and_bounds(project: Project) -> None:
    """A run fails where the deployment is worse than it may be, and keeps the figures that say so."""
    url = Deployments(project).url("m")
    phase, nodes = run(project, url=url, max_p99="0.001", rate="100")
    assert (
        phase == "Failed" and nodes["find"]["phase"] == "Skipped" and nodes["load-url"]["phase"] == "Failed"
    )
    assert json.loads(outputs(nodes["load-url"])["figures"])["answered"] > 100


def test_what_is_out_of_bounds(project: Project) -> None:
    """Ends the run before anything is sent."""
    phase, nodes = run(project, duration="7200", clients="0", url="https://x")
    assert phase == "Failed" and nodes["guard"]["phase"] == "Failed"
    assert {nodes[name]["type"] for name in ("find", "load", "load-url")} == {"Skipped"}


def test_what_a_unit_is_asked() -> None:
    """Its own request.json, by the image of a container; routers and combiners hand on what others take."""
    known = load.requests()
    assert {"sk-mnist-runtime", "wine-runtime", "comments-unit"} <= known.keys()
    assert not {"bandit-runtime", "sticky-runtime"} & known.keys()
    given = {
        "REQUEST": "",
        "REQUESTS": json.dumps(known),
        "IMAGES": "a/bandit-runtime:1 h:5/a/wine-runtime:0.1",
    }
    assert json.loads(body_of(given)) == known["wine-runtime"]
    assert body_of({**given, "REQUEST": "{}"}) == b"{}"
    with pytest.raises(ArgolaneError, match=r"\(x:1\) none is one of .*Give the parameter request"):
        body_of({**given, "IMAGES": "x:1"})
