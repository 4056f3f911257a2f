"""Artifacts of named stores, which are folders here; flags of kubectl; Jobs."""

import pytest

from argolane.errors import NotSupportedLocally
from argolane.project import Project
from argolane.workflow import local
from argolane.workflow.local.resources import flags, jobs
from tests.workflow.local.conftest import RunText, document, nodes

STORES = """
entrypoint: main
templates:
- name: main
  steps:
  - - {name: make, template: make}
  - - {name: use, template: use}
- name: make
  container: {image: "python:3.11", command: [sh, -c, "echo kept > /tmp/f"]}
  outputs:
    artifacts:
    - {name: f, path: /tmp/f, s3: {endpoint: "s3.example:9000", bucket: b, key: k/f.tgz}}
- name: use
  inputs: {artifacts: [{name: f, path: /in/f, s3: {endpoint: "s3.example:9000", bucket: b, key: k/f.tgz}}]}
  container: {image: "python:3.11", command: [grep, kept, /in/f]}
"""


def test_a_bucket_is_a_folder_and_that_is_said(run: RunText, project: Project) -> None:
    """What one step writes to a bucket another reads from it; a later run, too."""
    said: list[str] = []
    result = run(STORES, observe=lambda event: said.append(getattr(event, "text", "")))
    assert result.phase == "Succeeded", nodes(result)
    assert "No store is asked for artifacts of s3: they lie in .argolane/artifacts." in said
    assert (project.state / "artifacts/b/k/f.tgz").is_file()


@pytest.mark.parametrize(
    ("action", "given", "found"),
    [
        ("delete", ["cm", "a", "b"], flags.Flags("ConfigMap", ("a", "b"))),
        ("delete", ["configmap", "-l", "a=b", "--ignore-not-found"], flags.Flags("ConfigMap", (), "a=b")),
        ("delete", ["secret", "--selector=a=b"], flags.Flags("Secret", (), "a=b")),
        ("create", ["--validate=false"], flags.Flags()),
        ("apply", ["--server-side", "--force-conflicts"], flags.Flags()),
    ],
)
def test_flags_name_objects_as_for_kubectl(action: str, given: list[str], found: flags.Flags) -> None:
    """A kind by any of its names, then names or a selector; what makes no difference here is taken."""
    resource = {"action": action, "flags": given}
    assert flags.parse(resource) == found
    assert list(flags.refused(resource)) == []


def test_flags_that_mean_something_else_are_refused() -> None:
    """Another namespace, everything, a kind that is not here: before the run, by their names."""
    assert list(flags.refused({"action": "delete", "flags": ["pods", "--all", "-n", "x"]})) == [
        "--all",
        "-n",
        "pods",
    ]
    with pytest.raises(flags.UnknownFlag, match="unknown flag: --nosuch\nSee 'kubectl create --help'"):
        flags.parse({"action": "create", "flags": ["--nosuch"]})


def test_what_a_job_does_not_do_here_is_refused(project: Project) -> None:
    """An index, more than one container: by their paths in the Job."""
    pod = {"containers": [{"name": "a"}, {"name": "b"}], "hostNetwork": True}
    job = {"spec": {"completionMode": "Indexed", "suspend": True, "template": {"spec": pod}}}
    assert list(jobs.refused(job)) == [
        "spec.suspend",
        "spec.template.spec.hostNetwork",
        "spec.completionMode",
        "spec.template.spec.containers[1]",
    ]
    manifest = (
        "{apiVersion: batch/v1, kind: Job, metadata: {name: j}, spec: {suspend: true, template: {spec: {}}}}"
    )
    resource = f"{{action: create, manifest: '{manifest}'}}"
    with pytest.raises(NotSupportedLocally, match=r"resource.manifest \(spec.suspend\)"):
        local.check(project, document(f"entrypoint: main\ntemplates: [{{name: main, resource: {resource}}}]"))
