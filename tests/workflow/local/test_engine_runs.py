"""A whole workflow whose containers Docker or Podman runs: the same results as with containers of our own."""

from collections.abc import Iterator
from pathlib import Path

import local_engines
import pytest

from argolane.containers import spawner
from argolane.containers.engine import client
from argolane.project import Project, ProjectSettings
from argolane.settings import ImagePolicy
from argolane.workflow import local
from tests.workflow.local.conftest import document, nodes

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(300)]
SPEC = """
entrypoint: main
securityContext: {runAsUser: 4001, fsGroup: 4002}
volumes:
- {name: shared, emptyDir: {}}
templates:
- name: main
  dag:
    tasks:
    - {name: make, template: make}
    - name: read
      template: read
      depends: make
      arguments:
        parameters: [{name: who, value: "{{tasks.make.outputs.parameters.who}}"}]
        artifacts: [{name: folder, from: "{{tasks.make.outputs.artifacts.folder}}"}]
    - {name: fails, template: fails}
    - {name: late, template: late}
- name: make
  initContainers:
  - name: before
    image: {IMAGE}
    args: ["echo of init > /shared/f"]
    volumeMounts: [{name: shared, mountPath: /shared}]
  sidecars:
  - {name: beside, image: {IMAGE}, args: [sleep 600]}
  container:
    image: {IMAGE}
    args: ["(id -u; id -G; echo $COLOR; pwd) > /tmp/who; mkdir -p /tmp/d; cat /shared/f > /tmp/d/f"]
    volumeMounts: [{name: shared, mountPath: /shared}]
  outputs:
    parameters: [{name: who, valueFrom: {path: /tmp/who}}]
    artifacts: [{name: folder, path: /tmp/d}]
- name: read
  securityContext: {runAsUser: 0}
  inputs:
    parameters: [{name: who}]
    artifacts: [{name: folder, path: /given}]
  outputs:
    parameters: [{name: kept, valueFrom: {path: /made/here}}]
  script:
    image: {IMAGE}
    command: [sh]
    env: [{name: WHO, value: "{{inputs.parameters.who}}"}]
    source: |
      mkdir /made; echo kept > /made/here
      echo $WHO; cat /given/f
- name: fails
  container: {image: {IMAGE}, args: [exit 3]}
- name: late
  activeDeadlineSeconds: 12
  container: {image: {IMAGE}, args: [sleep 600]}
"""


@pytest.fixture(scope="module", params=["docker", "podman"])
def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[client.Engine]:
    with local_engines.ready(request.param, tmp_path_factory.mktemp("engine")):
        yield request.param


def check(project: Project, engine: client.Engine) -> None:
    result = local.run(project, document(SPEC.replace("{IMAGE}", local_engines.IMAGE)))
    found = nodes(result)
    assert {name: found[name]["phase"] for name in ("make", "read", "fails", "late")} == {
        "make": "Succeeded", "read": "Succeeded", "fails": "Failed", "late": "Failed",
    }, {name: node.get("message") for name, node in found.items()}  # fmt: skip
    made = {each["name"]: each["value"] for each in found["make"]["outputs"]["parameters"]}
    uid, *groups = made["who"].split()
    assert uid == "4001" and "4002" in groups and groups[-2:] == ["red", "/srv/made"]
    [log] = (project.runs / result.name / "logs").glob("*read.txt")
    assert log.read_text().split() == [*made["who"].split(), "of", "init"]
    assert found["read"]["outputs"]["parameters"][0]["value"] == "kept"
    assert found["fails"]["message"] == "main: Error (exit code 3)"
    assert "deadline" in found["late"]["message"]
    assert not local_engines.containers(engine)


def test_a_run_by_an_engine_is_as_one_of_our_own(engine: client.Engine, tmp_path: Path) -> None:
    """Parameters, artifacts, results, init containers, sidecars, scripts, users, deadlines, exit codes."""
    check(Project(tmp_path, ProjectSettings(images=engine)), engine)


@pytest.mark.parametrize("policy", ["pull", "pull-all"])
def test_without_namespaces_an_engine_that_is_there_runs_real_images(
    engine: client.Engine, policy: ImagePolicy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not asked for by name."""
    if client.first() != engine:
        pytest.skip(f"{client.first()} comes first")
    monkeypatch.setenv(spawner.ENVIRONMENT_VARIABLE, "none")
    check(Project(tmp_path, ProjectSettings(images=policy)), engine)
