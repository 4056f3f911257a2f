"""A run that applies SeldonDeployments: what is told before it starts, and what its tree says meanwhile."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from argolane.errors import ManifestError, NotSupportedLocally
from argolane.project import Project
from argolane.serving.deployments import Deployments
from argolane.workflow import catalog, local
from argolane.workflow.run.events import Event, NodeChanged, Said
from tests.workflow.local.conftest import RunText

MODEL = """
import http.server, os
class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *arguments): pass
    def do_GET(self): self.send_response(200); self.end_headers()
port = int(os.environ["PREDICTIVE_UNIT_SERVICE_PORT"])
http.server.ThreadingHTTPServer(("127.0.0.1", port), Model).serve_forever()
"""
SPLIT = """
      name: ab
      implementation: RANDOM_ABTEST
      parameters: [{name: ratioA, value: '80', type: FLOAT}]
      children: [{name: m, type: MODEL}, {name: k, type: MODEL}]
"""


def manifest(
    image: str = "python:3.11-slim", *, graph: str = "\n      {name: m, type: MODEL}", more: str = ""
) -> str:
    """A SeldonDeployment whose models answer and do nothing."""
    source = MODEL.strip().replace("\n", "\n            ")
    containers = "".join(
        f"        - name: {name}\n          image: {image}\n          command: [python, -c]\n"
        f"          args:\n          - |\n            {source}\n"
        for name in ("m", "k")
        if f"name: {name}," in graph
    )
    return (
        "apiVersion: machinelearning.seldon.io/v1\nkind: SeldonDeployment\nmetadata: {name: sdep}\n"
        f"spec:\n  predictors:\n  - name: default\n    graph:{graph.rstrip()}\n{more}"
        f"    componentSpecs:\n    - spec:\n        containers:\n{containers}"
    )


def applying(text: str, *, parameters: str = "", seconds: int = 30) -> str:
    """The spec of a workflow whose one template applies it."""
    indented = "".join(f"      {line}\n" for line in text.splitlines())
    return (
        f"{parameters}entrypoint: deploy\ntemplates:\n- name: deploy\n  activeDeadlineSeconds: {seconds}\n"
        "  resource:\n    action: apply\n    successCondition: status.state == Available\n"
        f"    manifest: |\n{indented}"
    )


@pytest.fixture(autouse=True)
def ended(project: Project) -> Iterator[None]:
    yield
    Deployments(project).delete("sdep")


def nothing_started(project: Project) -> bool:
    return Deployments(project).list() == [] and not list(project.runs.glob("*"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            manifest().replace("name: default", "name: default\n    replicas: two"),
            "replicas: is 'two'; expected a",
        ),
        (manifest(more="    labels: {a: b c}\n"), "labels.a: is 'b c'; a valid label"),
        (manifest().replace("{name: m, type", "{name: x, type"), "graph: No container 'x'."),
    ],
)
def test_what_no_cluster_takes_is_told_before_anything_starts(
    project: Project, run: RunText, text: str, told: str
) -> None:
    """The deployment's name, the place, what was found and what is expected."""
    with pytest.raises(ManifestError) as refusal:
        run(applying(text))
    assert str(refusal.value).startswith("SeldonDeployment 'sdep': spec.predictors[0]")
    assert told in str(refusal.value)
    assert not isinstance(refusal.value, NotSupportedLocally)
    assert nothing_started(project)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (manifest(more="    explainer: {type: AnchorTabular}\n"), "explainer: needs a cluster"),
        (
            manifest().replace("spec:\n  pre", "spec:\n  protocol: v2\n  pre"),
            "protocol v2 is valid and does not run",
        ),
        (
            manifest("example.org/nobody:1"),
            "containers[0].image: image 'example.org/nobody:1' is neither an image",
        ),
    ],
)
def test_what_does_not_run_here_is_told_before_anything_starts(
    project: Project, run: RunText, text: str, told: str
) -> None:
    """It is valid, so the sentence says what this machine has not: an image that nobody knows, say."""
    with pytest.raises(NotSupportedLocally) as refusal:
        run(applying(text))
    assert told in str(refusal.value)
    assert nothing_started(project)


def test_values_that_are_given_are_looked_at(project: Project, run: RunText) -> None:
    """An image comes by a parameter: the one given now is known, so it is judged now."""
    spec = applying(
        manifest("'{{workflow.parameters.image}}'"),
        parameters="arguments: {parameters: [{name: image, value: 'python:3.11-slim'}]}\n",
    )
    with pytest.raises(NotSupportedLocally, match=r"image .example\.org/nobody:2. is neither"):
        run(spec, {"image": "example.org/nobody:2"})
    assert nothing_started(project)
    assert run(spec).phase == "Succeeded"


def test_a_doubt_is_told_once_and_the_run_goes_on(project: Project, run: RunText) -> None:
    """What is silently wrong stands in the run's output, before its first node, and in no log file."""
    events: list[Event] = []
    assert run(applying(manifest(graph=SPLIT)), observe=events.append).phase == "Succeeded"
    said = [event.text for event in events if isinstance(event, Said)]
    doubt = "node 'ab' has ratioA '80'; expected a number from 0 to 1."
    assert said[0] == f"SeldonDeployment 'sdep': spec.predictors[0].graph: {doubt}"
    assert sum("ratioA" in text for text in said) == 1
    log = project.state / "deployments" / "sdep" / "logs" / "supervisor.txt"
    assert "ratioA" not in log.read_text()


def test_a_node_that_waits_says_what_for(project: Project) -> None:
    """Within seconds, and with the image that only the run could know; its message goes with the wait."""
    reasons: list[str] = []
    known = threading.Event()
    text = manifest("'{{inputs.parameters.image}}'").replace("\n", "\n        ")
    spec = f"""
entrypoint: main
templates:
- name: main
  steps:
  - - {{name: pick, template: pick}}
  - - name: deploy
      template: deploy
      arguments: {{parameters: [{{name: image, value: '{{{{steps.pick.outputs.result}}}}'}}]}}
- name: pick
  script: {{image: 'python:3.11', command: [python], source: "print('example.org/nobody:3')"}}
- name: deploy
  inputs: {{parameters: [{{name: image}}]}}
  resource:
    action: apply
    successCondition: status.state == Available
    manifest: |
        {text}
"""

    def observe(event: Event) -> None:
        if isinstance(event, NodeChanged) and event.node["displayName"] == "deploy" and not known.is_set():
            message = event.node.get("message", "")
            if "ErrImagePull" in message and event.node["phase"] == "Running":
                reasons.append(message)
                known.set()
                local.stop(project, event.node["name"].partition("[")[0])

    from tests.workflow.local.conftest import document

    threading.Timer(20, known.set).start()
    ended = local.run(project, document(spec), observe=observe)
    assert ended.phase == "Failed"
    assert reasons[0].startswith("SeldonDeployment 'sdep' is ")
    assert "Image 'example.org/nobody:3' is neither an image of this project" in reasons[0]


def test_a_file_of_deployments_can_be_run(project: Project, tmp_path: Path) -> None:
    """Its node Succeeded when the deployment answers, and nothing is left of what it waited for."""
    file = tmp_path / "sdep.yaml"
    file.write_text(manifest())
    entry = catalog.find(project, str(file))
    done = local.run(project, entry.workflow)
    nodes: list[dict[str, Any]] = list(done.status["nodes"].values())
    assert done.phase == "Succeeded"
    assert not any(node.get("message") for node in nodes)
    assert Deployments(project).get("sdep")["status"]["state"] == "Available"


def test_what_is_wrong_in_a_file_of_deployments_is_told_by_its_place(
    project: Project, tmp_path: Path
) -> None:
    """The place is that in the file, not that in the workflow which would apply it."""
    file = tmp_path / "sdep.yaml"
    file.write_text(manifest().replace("name: default", "name: default\n    traffic: 20"))
    with pytest.raises(ManifestError) as refusal:
        catalog.find(project, str(file))
    assert str(refusal.value).startswith(f"{file}: spec.predictors[0].traffic: is 20; expected 0 or 100")
