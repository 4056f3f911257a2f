"""Data templates list what lies in a store, and artifactGC removes it again."""

import json
from pathlib import Path

import pytest

from argolane.cli import removal
from argolane.project import Project
from tests.workflow.local.conftest import RunText, nodes

PUT = """
- name: put
  container:
    image: python:3.11-slim
    command: [sh, -c, "echo 1 >/tmp/a; mkdir /tmp/d; echo 2 >/tmp/d/x; echo 3 >/tmp/d/y"]
  outputs:
    artifacts:
    - {name: a, path: /tmp/a, archive: {none: {}}, s3: {bucket: b, key: logs/a.log}}
    - {name: d, path: /tmp/d, archive: {none: {}}, s3: {bucket: b, key: logs/d}}
"""
LIST = """
entrypoint: main
templates:
- name: main
  steps:
  - - {name: put, template: put}
  - - {name: list, template: list}
  - - name: each
      template: each
      withParam: "{{steps.list.outputs.result}}"
      arguments: {parameters: [{name: key, value: "{{item}}"}]}
- name: list
  data:
    source: {artifactPaths: {name: found, s3: {bucket: b, key: KEY}}}
    transformation: [{expression: 'filter(data, {not (# endsWith "/y")})'}, {expression: "EXPRESSION"}]
- name: each
  inputs:
    parameters: [{name: key}]
    artifacts: [{name: file, path: /tmp/file, s3: {bucket: b, key: "{{inputs.parameters.key}}"}}]
  container: {image: "python:3.11-slim", command: [cat, /tmp/file]}
"""


def listing(key: str, expression: str) -> str:
    return (LIST + PUT).replace("KEY", key).replace("EXPRESSION", expression)


@pytest.mark.parametrize(
    ("key", "expression", "wanted"),
    [
        ("''", "data", ["logs/a.log", "logs/d/x"]),
        ("logs", "data", ["logs/a.log", "logs/d/x"]),
        ("logs/d", "data", ["logs/d/x"]),
        ("logs/d/x", "map(data, {#})", []),
        ("logs", "map(filter(data, {# contains 'a'}), {#})", ["logs/a.log"]),
    ],
)
def test_a_list_of_keys_is_read_by_a_loop(run: RunText, key: str, expression: str, wanted: list[str]) -> None:
    """Files of folders too, below whole parts of a key, as an S3 store lists them; each is found again."""
    result = run(listing(key, expression))
    assert (result.phase, result.message) == ("Succeeded", "")
    found = nodes(result)
    assert json.loads(found["list"]["outputs"]["result"]) == wanted
    read = [node for name, node in found.items() if name.startswith("each(") and node["type"] == "Pod"]
    assert sorted(node["inputs"]["parameters"][0]["value"] for node in read) == wanted


@pytest.mark.parametrize(
    ("key", "expression", "words"),
    [
        ("logs", "data[7]", "data step 1: index out of range: 7"),
        ("lo", "data", "unable to source artifact paths: no key found of name lo"),
    ],
)
def test_a_list_that_fails(run: RunText, key: str, expression: str, words: str) -> None:
    """The step says which expression, and where in it; a key that nothing lies below is an error, too."""
    result = run(listing(key, expression))
    assert result.phase == "Failed"
    assert words in nodes(result)["list"]["message"]


KEPT = """
entrypoint: main
WHOLE
templates:
- name: main
  container: {image: "python:3.11-slim", command: [sh, -c, "touch /tmp/a /tmp/b /tmp/c; exit CODE"]}
  outputs:
    artifacts:
    - {name: a, path: /tmp/a, artifactGC: {strategy: Never}, s3: {key: a}}
    - {name: b, path: /tmp/b, artifactGC: {strategy: OnWorkflowCompletion}, s3: {key: b}}
    - {name: c, path: /tmp/c, s3: {key: c}}
"""


@pytest.mark.parametrize(
    ("whole", "code", "after_the_run", "after_its_deletion"),
    [
        ("", 0, {"a", "c"}, {"a", "c"}),
        ("artifactGC: {strategy: OnWorkflowDeletion}", 0, {"a", "c"}, {"a"}),
        ("artifactGC: {strategy: OnWorkflowCompletion}", 1, {"a"}, {"a"}),
    ],
)
def test_what_artifact_gc_removes(
    project: Project,
    run: RunText,
    whole: str,
    code: int,
    after_the_run: set[str],
    after_its_deletion: set[str],
) -> None:
    """An artifact's own strategy goes before the workflow's, at the run's end and when it is deleted."""
    result = run(KEPT.replace("WHOLE", whole).replace("CODE", str(code)))
    assert _stored(project) == after_the_run
    outputs = nodes(result)[result.name]["outputs"]["artifacts"]
    assert {each["name"] for each in outputs if each.get("deleted")} == {"a", "b", "c"} - after_the_run
    assert result.status["artifactGCStatus"] == {"strategiesProcessed": {"OnWorkflowCompletion": True}}
    removal.run(project, result.name, namespace=None)
    assert _stored(project) == after_its_deletion


def test_a_run_without_artifact_gc_says_so(run: RunText) -> None:
    result = run("entrypoint: main\ntemplates: [{name: main, suspend: {duration: '0'}}]")
    assert result.status["artifactGCStatus"] == {"notSpecified": True}


def _stored(project: Project) -> set[str]:
    return {path.name for path in Path(project.state / "artifacts").iterdir()}
