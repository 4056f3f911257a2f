"""The first command of a newcomer: an Argo manifest in an empty folder, no project, no image pulled."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from argolane.cli import main

HELLO = """
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: hello-}
spec:
  entrypoint: main
  arguments: {parameters: [{name: word, value: hello}, {name: number, value: "1"}]}
  templates:
  - name: main
    inputs: {artifacts: [{name: data, path: /in/data, optional: true}]}
    container:
      image: busybox
      command: [sh, -c, "echo {{workflow.parameters.word}} {{workflow.parameters.number}}; cat /in/data; :"]
"""
RESOURCE = """
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: make-}
spec:
  entrypoint: main
  arguments: {parameters: [{name: v, value: b}]}
  templates:
  - name: main
    resource:
      action: apply
      manifest: |
        {apiVersion: v1, kind: ConfigMap, metadata: {name: made}, data: {a: "{{workflow.parameters.v}}"}}
"""


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with one file in it."""
    (tmp_path / "hello.yaml").write_text(HELLO)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, arguments, catch_exceptions=False, input=stdin)


def test_a_stock_image_runs_and_says_so_once(empty: Path) -> None:
    """Parameters from a file, one of them beaten by -p, and a file of this machine as an artifact."""
    (empty / "p.yaml").write_text("word: from a file\nnumber: 7\n")
    (empty / "rows.csv").write_text("a,b\n")
    given = ("-f", "p.yaml", "-p", "word=given", "-a", "data=rows.csv")
    done = call("run", "hello.yaml", "--log", *given)
    assert done.exit_code == 0, done.output
    assert done.output.count("This machine's tools stand in for busybox") == 1
    assert "| given 7\n" in done.output and "| a,b\n" in done.output


def test_the_same_from_stdin_and_refused_when_images_are_strict(empty: Path) -> None:
    """`-` is a manifest from a pipe; --images strict, or the setting, is the way it was."""
    strict = call("run", "--images", "strict", "-", stdin=HELLO)
    assert strict.exit_code == 1 and "--images strict lets no tools" in strict.output
    (empty / "argolane.toml").write_text('images = "strict"\n')
    assert "--images strict lets no tools" in call("run", "hello.yaml").output
    assert call("run", "--images", "machine", "-", stdin=HELLO).exit_code == 0
    (empty / "argolane.toml").write_text('images = "none"\n')
    expected = "expected 'machine' or 'strict' or 'pull' or 'pull-all' or 'docker' or 'podman'."
    assert f"images is 'none'; {expected}" in call("run", "hello.yaml").output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("-a", "dat=hello.yaml"), "-a dat: No artifact 'dat'. Did you mean 'data'?"),
        (("-a", "data=nosuch"), "-a data: nosuch: there is no such file or folder."),
        (("-a", "data"), "-a data: expected NAME=PATH."),
        (("-f", "hello.txt"), "-f hello.txt: No such file or directory."),
        (("--on", "argo", "-a", "data=hello.yaml"), "a cluster does not see the files of this machine"),
    ],
)
def test_what_is_given_wrongly_is_told_before_anything_starts(
    empty: Path, arguments: tuple[str, ...], words: str
) -> None:
    """In one line that names the option."""
    done = call("run", "hello.yaml", *arguments)
    assert words in done.output and done.exit_code in (1, 2)
    assert not (empty / ".argolane/runs").exists()


def test_a_dry_run_prints_manifests_and_sizes_and_runs_nothing(empty: Path) -> None:
    """The workflow with its parameters' values, then what its resource templates apply."""
    (empty / "make.yaml").write_text(RESOURCE)
    done = call("run", "make.yaml", "-p", "v=c", "--name", "made", "--dry-run")
    workflow, config = done.output.split("---\n")
    assert (
        workflow.startswith("# Workflow made: ")
        and " bytes as JSON; an API server takes 1572864\n" in workflow
    )
    assert config.startswith("# ConfigMap made: 82 bytes as JSON;") and "a: c\n" in config
    assert not (empty / ".argolane").exists()


def test_a_tool_that_is_not_here_is_named(empty: Path) -> None:
    """Before the start where a container starts it, and after it where a script does."""
    (empty / "a.yaml").write_text(HELLO.replace('[sh, -c, "echo', '[nosuchtool, -c, "echo'))
    done = call("run", "a.yaml")
    assert "'nosuchtool' of image 'busybox' is not on this machine" in done.output
    (empty / "a.yaml").write_text(
        HELLO.replace("echo {{", "nosuchtool {{").replace("cat /in/data; :", "exit $?")
    )
    done = call("run", "a.yaml")
    assert "a program of busybox is not on this machine: " in done.output and "nosuchtool" in done.output
