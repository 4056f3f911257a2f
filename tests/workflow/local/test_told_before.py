"""What a cluster refuses, or nobody runs here, is told before the start; or the run ends as Argo's."""

import json
import time
from pathlib import Path

import pytest

from argolane.errors import NotSupportedLocally
from argolane.kubernetes.objects import Objects
from argolane.project import Project
from argolane.workflow import local
from argolane.workflow.local import Said
from argolane.workflow.run.result import Run
from tests.workflow.local.conftest import document

MAIN = """
entrypoint: main
{}
templates:
- name: main
  {}
  container: {{image: "python:3.11-slim", command: ["true"]}}
"""


def refused(project: Project, spec: str) -> tuple[str, ...]:
    with pytest.raises(NotSupportedLocally) as refusal:
        local.check(project, document(spec), [], {})
    assert not project.runs.exists()
    return refusal.value.faults


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        (MAIN.format("", "outputs: {artifacts: [{name: a, path: /tmp/a, http: {url: 'http://x'}}]}"),
         "spec.templates[0].outputs.artifacts[0].http"),
        (MAIN.format("", "synchronization: {semaphore: {database: {key: k}}}"),
         "spec.templates[0].synchronization.semaphore.database"),
        (MAIN.format("synchronization: {semaphores: [{database: {key: k}}]}", ""),
         "spec.synchronization.semaphores[0].database"),
    ],
)  # fmt: skip
def test_fields_are_refused_by_name(project: Project, spec: str, path: str) -> None:
    """What only a cluster does is not half done here: the field is named, in its old spelling too."""
    (fault,) = refused(project, spec)
    assert fault == f"Workflow uses {path!r}, which the local runner does not run. Use --on argo."


RESOURCE = """
entrypoint: main
templates:
- name: main
  inputs: {{artifacts: [{{name: m, path: /tmp/m{}}}], parameters: [{{name: kind, value: Pod}}]}}
  resource:
    action: create
    {}
"""
FROM = "manifestFrom: {artifact: {name: m}}"


@pytest.mark.parametrize(
    ("artifact", "manifest", "path"),
    [
        (", raw: {data: '{kind: Pod, metadata: {name: p}}'}", FROM, "manifest (kind Pod)"),
        (", s3: {key: k}", FROM, "manifestFrom"),
        (", optional: true", "manifest: '{apiVersion: batch/v1, kind: Cron}'", "manifest (kind Cron)"),
        (", optional: true", "manifest: '{metadata: {name: x}, kind: \"{{inputs.parameters.kind}}\"}'",
         "manifest (kind Pod)"),
    ],
)  # fmt: skip
def test_resources_that_nobody_runs_here(project: Project, artifact: str, manifest: str, path: str) -> None:
    """A kind is known before the start as soon as its manifest is, however that is written."""
    (fault,) = refused(project, RESOURCE.format(artifact, manifest))
    assert fault.startswith(f"Workflow uses 'spec.templates[0].resource.{path}', which the local runner")


def test_a_manifest_from_an_artifact_that_is_known(project: Project) -> None:
    """A raw artifact is as good as a manifest in place."""
    data = ", raw: {data: '{apiVersion: v1, kind: ConfigMap, metadata: {name: made}, data: {a: b}}'}"
    assert local.run(project, document(RESOURCE.format(data, FROM))).phase == "Succeeded"
    assert Objects(project).data("ConfigMap", "made") == {"a": b"b"}


@pytest.mark.parametrize(
    "loop",
    [
        "withItems: [{image: 'nobody/has:1'}, {image: 'python:3.11-slim'}]",
        'withParam: \'[{"image": "nobody/has:1"}]\'',
    ],
)
def test_images_that_literal_items_name(project: Project, loop: str) -> None:
    """The items of a loop are known before the start, and so are the images in them."""
    faults = refused(
        project,
        f"""
entrypoint: main
templates:
- name: main
  steps:
  - - name: a
      template: b
      {loop}
      arguments: {{parameters: [{{name: i, value: "{{{{item.image}}}}"}}]}}
- name: b
  inputs: {{parameters: [{{name: i}}]}}
  container: {{image: "{{{{inputs.parameters.i}}}}", command: ["true"]}}
""",
    )
    assert len(faults) == 1
    assert "'spec.templates[1].container.image'" in faults[0]
    assert "nobody/has:1" in faults[0]


def test_artifact_repository_that_is_not_there(project: Project) -> None:
    """Argo's words for a reference to no repository; with the ConfigMap there it is fine."""
    spec = MAIN.format("artifactRepositoryRef: {configMap: nope, key: x}", "")
    (fault,) = refused(project, spec)
    words = 'failed to find any artifact repository for artifact repository ref "nope#x"'
    assert fault.startswith(f"Workflow uses 'spec.artifactRepositoryRef': {words}")
    body = {"kind": "ConfigMap", "metadata": {"name": "nope"}, "data": {"x": "s3: {}"}}
    Objects(project).put(body, time.time())
    local.check(project, document(spec))


@pytest.mark.parametrize("namespace", ["", ", namespace: elsewhere"])
def test_semaphore_without_its_config_map(project: Project, namespace: str) -> None:
    """The run ends as Argo's does: a project is one namespace, so another's ConfigMap is not there."""
    if namespace:
        body = {"kind": "ConfigMap", "metadata": {"name": "sizes"}, "data": {"k": "1"}}
        Objects(project).put(body, time.time())
    lock = f"synchronization: {{semaphores: [{{configMapKeyRef: {{name: sizes, key: k}}{namespace}}}]}}"
    run = local.run(project, document(MAIN.format(lock, "")))
    place = f"{'elsewhere' if namespace else project.settings.namespace}/ConfigMap/sizes/k"
    why = f"failed to initialize semaphore {place} with limit"
    assert (run.phase, run.message) == ("Failed", f"Failed to acquire the synchronization lock. {why}")
    assert run.folder is not None
    assert json.loads((run.folder / "status.json").read_text())["phase"] == "Failed"


def test_the_root_templates_own_lock(project: Project) -> None:
    """It is held beside the workflow's, so that a semaphore nobody gives a size to ends the node."""
    lock = "synchronization: {semaphores: [{configMapKeyRef: {name: nope, key: k}}]}"
    run = local.run(project, document(MAIN.format("synchronization: {mutexes: [{name: m}]}", lock)))
    assert run.phase == "Error"
    assert "failed to initialize semaphore" in run.message


def test_a_label_that_an_expression_makes(project: Project) -> None:
    """Argo's words for a label that no object may have, known only once the run has its parameters."""
    source = "{test: {expression: workflow.parameters.a + '!'}}"
    extra = f"workflowMetadata: {{labelsFrom: {source}}}\narguments: {{parameters: [{{name: a, value: x}}]}}"
    run = local.run(project, document(MAIN.format(extra, "")))
    assert run.phase == "Error"
    assert run.message.startswith('invalid label value "x!" for label "test" and expression "workflow.param')


BIG = """
entrypoint: main
templates:
- name: main
  outputs: {{parameters: [{{name: o, valueFrom: {{path: /tmp/o}}}}]}}
  script:
    image: python:3.11-slim
    command: [python]
    source: |
      import random
      open("/tmp/o", "w").write("".join(random.choices("abcdefghijklmnopqrstuvwxyz", k={})))
"""


@pytest.mark.parametrize(
    ("size", "phase", "message"),
    [
        (1_000_000, "Succeeded", ""),
        (2_000_000, "Error", "wait: Error (exit code 64): etcdserver: request is too large"),
        (3_200_000, "Error", "wait: Error (exit code 64): Request entity too large: limit is 3145728"),
    ],
)
def test_outputs_beyond_what_a_task_result_holds(
    project: Project, size: int, phase: str, message: str
) -> None:
    """As the real controller ended the same three; one of 1 MB it took."""
    run = local.run(project, document(BIG.format(size)))
    assert (run.phase, run.message) == (phase, message)


def test_a_status_beyond_what_a_workflow_holds(project: Project) -> None:
    """1.5 MB of noise: the real controller got stuck with it, which is told."""
    said: list[str] = []
    local.run(
        project,
        document(BIG.format(1_500_000)),
        observe=lambda event: said.append(event.text) if isinstance(event, Said) else None,
    )
    (line,) = [text for text in said if "never end" in text]
    assert "workflow is longer than maximum allowed size. compressed size" in line


ARGS = """
entrypoint: main
arguments: {{parameters: [{{name: x, value: "{value}"}}]}}
templates:
- name: main
  outputs: {{parameters: [{{name: o, valueFrom: {{path: /tmp/o}}}}]}}
  container:
    image: python:3.11-slim
    command: [python, -c, "import sys; open('/tmp/o', 'w').write(str([a[:20] for a in sys.argv[1:]]))"]
    args: {args}
"""


def _output(run: Run) -> str:
    (node,) = run.status["nodes"].values()
    return str(node["outputs"]["parameters"][0]["value"])


@pytest.mark.parametrize(
    ("size", "args", "passed"),
    [
        (140_000, "['{{workflow.parameters.x}}']", "['@/tmp/argo_arg_2.txt']"),
        (140_000, "[one, '{{workflow.parameters.x}}']", "['one', '@/tmp/argo_arg_3.txt']"),
        (
            70_000,
            "['{{workflow.parameters.x}}', '{{workflow.parameters.x}}']",
            f"['{'x' * 20}', '{'x' * 20}']",
        ),
    ],
)
def test_long_arguments_go_through_a_file(project: Project, size: int, args: str, passed: str) -> None:
    """As Argo's emissary does it: the number counts the words behind the program's name."""
    run = local.run(project, document(ARGS.format(value="x" * size, args=args)))
    assert (run.phase, _output(run)) == ("Succeeded", passed)


def test_the_file_holds_the_argument(project: Project, tmp_path: Path) -> None:
    """The program finds all of it behind the @."""
    spec = ARGS.format(value="x" * 200_001, args="['{{workflow.parameters.x}}']")
    spec = spec.replace("str([a[:20] for a in sys.argv[1:]])", "str(len(open(sys.argv[1][1:]).read()))")
    assert _output(local.run(project, document(spec))) == "200001"
