"""What a test can ask of a run that is over, and what a run leaves behind."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from argolane.errors import ArgolaneError, ManifestError
from argolane.project import Project, ProjectSettings, RenderSettings
from argolane.testing import Scenario, assert_rendered

MakeScenario = Callable[..., Scenario]

NESTED = """
entrypoint: main
onExit: bye
arguments: {parameters: [{name: min-size, value: 3}, {name: deploy, value: 'true'}]}
templates:
- name: main
  dag:
    tasks:
    - {name: left, template: half}
    - {name: right, template: half, depends: left}
- name: half
  steps:
  - - name: work
      template: work
      arguments: {parameters: [{name: size, value: '{{workflow.parameters.min-size}}'}]}
  - - {name: ship, template: work, when: '{{workflow.parameters.deploy}} == true',
       arguments: {parameters: [{name: size, value: 0}]}}
- name: work
  inputs: {parameters: [{name: size}]}
  container: {image: nobody/has:this}
  outputs: {parameters: [{name: url, globalName: url, valueFrom: {path: /tmp/url}}]}
- {name: bye, container: {image: nobody/has:this}}
"""


@pytest.fixture
def nested(scenario: MakeScenario) -> Scenario:
    return scenario(NESTED).fake("work", outputs={"url": "http://here"}).fake("bye")


def test_nodes_have_the_shortest_name_that_is_their_own(nested: Scenario) -> None:
    """The path below the workflow where two have one name; that name alone is an error that lists them."""
    run = nested.run(deploy=False)
    assert run.order == ["left/[0]/work", "right/[0]/work", "onExit"]
    assert run["left"].type == "Steps"
    with pytest.raises(ArgolaneError, match=r"2 nodes are named 'work': 'left/\[0\]/work', 'right/"):
        run["work"]
    with pytest.raises(ArgolaneError, match=r"No node 'lfet'. Did you mean 'left'?"):
        run["lfet"]
    assert run.skipped == dict.fromkeys(
        ("left/[1]/ship", "right/[1]/ship"), "when 'false == true' evaluated false"
    )


def test_parameters_may_be_written_as_python_names(nested: Scenario) -> None:
    """min_size is min-size where the workflow has no min_size; values become text as in a manifest."""
    run = nested.run({"deploy": True}, min_size=7)
    assert run["left/[0]/work"].inputs == {"size": "7"}
    assert run.outputs == {"url": "http://here"}
    with pytest.raises(
        ManifestError, match=r"Workflow 'test': No parameter 'minsize'. Did you mean 'min-size'?"
    ):
        nested.run(minsize=1)


def test_the_project_itself_stays_as_it_was(nested: Scenario, argolane_project: Project) -> None:
    """Runs and volumes lie elsewhere, and only as long as the test lasts."""
    before = sorted(argolane_project.root.rglob("*"))
    run = nested.volume("data", {"a": "1"}).run()
    assert run.volume("data").joinpath("a").read_text() == "1"
    assert sorted(argolane_project.root.rglob("*")) == before
    assert not argolane_project.state.exists()


def test_a_scenario_never_changes(nested: Scenario) -> None:
    """What one run fakes does not reach another."""
    assert nested.fake("work", exit_code=1).run().phase == "Failed"
    again = nested.run()
    assert again.phase == "Succeeded"
    assert again.name == "test-2"


def test_a_run_that_waits_for_ever_is_ended(scenario: MakeScenario) -> None:
    """The error names what it waits for."""
    waiting = scenario("entrypoint: ask\ntemplates: [{name: ask, suspend: {}}]", timeout=0.5)
    with pytest.raises(ArgolaneError, match=r"not over after 0.5 s, with test-1 \(Suspend, Running\)"):
        waiting.run()


def test_rendered_files_are_held_against_their_programs(tmp_path: Path) -> None:
    """The error names each file that differs, and the cure."""
    (tmp_path / "hello.py").write_text("def manifests():\n    return {'hello': {'kind': 'Workflow'}}\n")
    project = Project(tmp_path, ProjectSettings(render=RenderSettings(programs=["hello.py"])))
    with pytest.raises(AssertionError, match=r"(?s)rendered/hello.yaml: is missing.+Run: argolane render"):
        assert_rendered(project)
    made = "# Rendered from hello.py by `argolane render`. Do not edit.\nkind: Workflow\n"
    (tmp_path / "rendered").mkdir()
    (tmp_path / "rendered" / "hello.yaml").write_text(made)
    assert_rendered(project)


def pytest_in(folder: Path, manifest: str, test: str) -> subprocess.CompletedProcess[str]:
    """What pytest says of a test of the workflow hello.yaml, in a project of its own."""
    head = "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {generateName: hello-}\n"
    (folder / "argolane.toml").write_text("")
    (folder / "hello.yaml").write_text(head + manifest)
    (folder / "test_hello.py").write_text(test)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--basetemp={folder / 'base'}"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_failed_test_shows_the_run(tmp_path: Path) -> None:
    """pytest prints the tree below the assertion."""
    tested = pytest_in(
        tmp_path,
        "spec: {entrypoint: main, templates: [{name: main, container: {image: none}}]}\n",
        "def test_it(workflow):\n"
        "    run = workflow('hello.yaml').fake('main', exit_code=3).run()\n"
        "    assert run.phase == 'Succeeded'\n",
    )
    assert tested.returncode == 1, tested.stdout + tested.stderr
    assert "Captured workflow hello-1 call" in tested.stdout
    assert "main: Error (exit code 3)" in tested.stdout


SERVES = """
spec:
  entrypoint: main
  templates:
  - name: main
    resource:
      action: apply
      manifest: |
        apiVersion: machinelearning.seldon.io/v1
        kind: SeldonDeployment
        metadata: {name: m}
        spec:
          predictors:
          - name: default
            graph: {name: m, type: MODEL, children: []}
            componentSpecs:
            - spec:
                containers:
                - {name: m, image: 'python:3.11-slim', command: [python, -c, 'import time; time.sleep(600)']}
"""


def test_deployments_end_with_the_test_that_made_them(tmp_path: Path) -> None:
    """A resource template that is not faked deploys for real, and nothing of it outlives the test."""
    tested = pytest_in(
        tmp_path,
        SERVES,
        "def test_it(workflow):\n"
        "    run = workflow('hello.yaml').run()\n"
        "    assert run.phase == 'Succeeded'\n"
        "    assert (run.run.folder.parents[1] / 'deployments' / 'm' / 'object.json').is_file()\n",
    )
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert not list((tmp_path / "base").rglob("object.json"))
    assert not [
        p for p in psutil.process_iter(["cmdline"]) if str(tmp_path) in " ".join(p.info["cmdline"] or ())
    ]
