"""Real images at the command line: a run of one from a registry, and what `argolane images` says of it."""

import json
from collections.abc import Iterator
from pathlib import Path

import made_images
import pytest
from click.testing import CliRunner, Result
from made_images import entry, folder, image, programs, tar

from argolane.cli import main
from argolane.containers import spawner

BASE = tar(
    [
        folder("etc"),
        entry("etc/passwd", "root:x:0:0::/root:/bin/sh\napp:x:1234:1235::/home/app:/bin/sh\n"),
        entry("greeting", "hello from the image\n"),
        entry("bin/greet", '#!/bin/sh\necho "$0 $GREETED $HOME: $*"\n', mode=0o755),
        *programs("sh", "cat", "id", "ls"),
    ]
)
WORKFLOW = """
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {{generateName: real-}}
spec:
  entrypoint: main
  volumes: [{{name: work, emptyDir: {{}}}}]
  templates:
  - name: main
    steps:
    - - {{name: entrypoint, template: entrypoint}}
      - {{name: args, template: args}}
      - {{name: command, template: command}}
      - {{name: make, template: make}}
    - - name: read
        template: read
        arguments: {{artifacts: [{{name: data, from: "{{{{steps.make.outputs.artifacts.data}}}}"}}],
          parameters: [{{name: p, value: "{{{{steps.make.outputs.parameters.p}}}}"}}]}}
  - {{name: entrypoint, container: {{image: {image}}}}}
  - {{name: args, container: {{image: {image}, args: [given]}}}}
  - {{name: command, container: {{image: {image}, command: [greet, own]}}}}
  - name: make
    initContainers:
    - {{name: first, image: {image}, command: [sh, -c, "echo init > /work/f"],
        volumeMounts: [{{name: work, mountPath: /work}}]}}
    outputs:
      artifacts: [{{name: data, path: /made/data}}]
      parameters: [{{name: p, valueFrom: {{path: /tmp/p}}}}]
    script:
      image: {image}
      command: [sh]
      volumeMounts: [{{name: work, mountPath: /work}}]
      source: |
        set -e
        cat /work/f /greeting; id -u
        echo 5 > /tmp/p; echo more > /work/g
        cat /work/f /greeting > /made/data
  - name: read
    inputs: {{artifacts: [{{name: data, path: /in/data}}], parameters: [{{name: p}}]}}
    script: {{image: busybox, command: [sh], source: "cat /in/data; echo p is {{{{inputs.parameters.p}}}}"}}
"""


@pytest.fixture(params=["root", "user"])
def project(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A workflow of an image that one registry has; its reference."""
    monkeypatch.setenv(spawner.ENVIRONMENT_VARIABLE, request.param)
    try:
        spawner.current()
    except Exception as error:
        pytest.skip(str(error))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    made = image(
        BASE,
        tar([folder("made", mode=0o777)]),
        Entrypoint=["greet", "always"],
        Cmd=["default"],
        Env=["PATH=/bin", "GREETED=me"],
        User="app",
    )
    with made_images.registry() as registry:
        reference = registry.add("team/greeter", "1.0", made)
        Path("w.yaml").write_text(WORKFLOW.format(image=reference))
        yield reference


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


def test_a_workflow_of_a_real_image_runs(project: str) -> None:
    """ENTRYPOINT, CMD, ENV, USER and HOME as Kubernetes merges them; init container, volume and outputs."""
    done = call("run", "w.yaml", "--images", "pull", "--log")
    assert done.exit_code == 0, done.output
    lines = [line.partition("| ")[2] for line in done.output.splitlines() if "| " in line]
    greet = "/bin/greet me /home/app:"
    for words in ("always default", "always given", "own"):
        assert f"{greet} {words}" in lines, done.output
    assert lines.count("hello from the image") == 2 and lines.count("init") == 2
    assert "1234" in lines and "p is 5" in lines
    assert done.output.count(f"Unpacked {project}") == 1


def test_an_unknown_image_is_refused_with_the_cure(project: str) -> None:
    """Nothing is pulled unless it is said."""
    refused = call("run", "w.yaml")
    assert refused.exit_code == 1 and "pull it with --images pull" in refused.output
    assert call("images", "ls").output.startswith("0 images: ")


def test_images_are_pulled_listed_and_removed(project: str, tmp_path: Path) -> None:
    """pull, ls as text and JSON, rm and prune; a run needs no registry for what is here."""
    pulled = call("images", "pull", project)
    assert pulled.exit_code == 0 and f"\n{project}  sha256:" in f"\n{pulled.output}"
    listed = json.loads(call("images", "ls", "-o", "json").output)
    assert [(each["name"], each["source"]) for each in listed] == [(project, "registry")]
    assert listed[0]["unpacked"] > listed[0]["bytes"] > 1000
    assert project in call("images", "ls").output
    wrong = call("images", "rm", "nothing")
    assert wrong.exit_code == 1 and "No image 'docker.io/library/nothing:latest'" in wrong.output
    nothing = call("images", "load", "nowhere.tar")
    assert nothing.exit_code == 1 and "nowhere.tar: no such file or folder" in nothing.output
