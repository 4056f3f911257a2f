"""Stock images: which there are, what their containers find here, and what argosay and cowsay do."""

import io
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from argolane.containers import images, reference, stock
from argolane.containers.images import Image
from argolane.containers.sandbox import Container, start
from argolane.containers.stock_programs import argosay, cowsay
from argolane.project import ImageSettings, Project, ProjectSettings


@pytest.mark.parametrize(
    "image",
    [
        "busybox",
        "alpine:3.20",
        "debian:9.5-slim",
        "docker.io/library/ubuntu:22.04",
        "docker.io/bash",
        "mirror.example:5000/hub/library/alpine:3",
        "busybox@sha256:" + "0123456789abcdef" * 4,
        "argoproj/argosay:v2",
        "quay.io/argoproj/argosay:v1",
        "docker/whalesay:latest",
    ],
)
def test_stock_images_run_unless_images_are_strict(tmp_path: Path, image: str) -> None:
    """By default this machine's tools stand in; `images = "strict"` refuses each by its name."""
    project = Project(tmp_path)
    assert images.recognise(project, image) is None
    assert images.stands_in(project, image)
    strict = replace(project, settings=ProjectSettings(images="strict"))
    reason = images.recognise(strict, image)
    assert reason and repr(image) in reason and "--images strict" in reason


@pytest.mark.parametrize("image", ["example.org/busybox", "me/alpine", "argoproj/argoexec", "alpine/helm"])
def test_what_only_has_the_name_of_a_stock_image_is_refused(tmp_path: Path, image: str) -> None:
    """Somebody's own image called alpine may hold anything."""
    assert "neither an image of this project" in (images.recognise(Project(tmp_path), image) or "")


def test_a_tool_that_is_not_here_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program that a container starts, and the one that an image of one tool is about."""
    project = Project(tmp_path)
    assert "'apk' of image 'alpine:3'" in (images.lacking(project, "alpine:3", "apk") or "")
    for program in ("sh", "/bin/sh", "argosay", "/argosay", "ash"):
        assert images.lacking(project, "alpine:3", program) is None
    monkeypatch.setenv("PATH", "")
    assert "needs 'curl', which is not on this machine" in (
        images.recognise(project, "curlimages/curl") or ""
    )


def test_the_projects_own_image_comes_first(tmp_path: Path) -> None:
    """An [[image]] needs neither folder nor lock; entrypoint and command are as in a Dockerfile."""
    own = ImageSettings(name="busybox", entrypoint=["sh", "-c"], command=["echo own"], env={"A": "b"})
    project = Project(tmp_path, ProjectSettings(image=[own]))
    assert images.recognise(project, "busybox") is None and not images.stands_in(project, "busybox")
    image = images.prepare(project, "busybox")
    assert (image.entrypoint, image.command, image.env["A"]) == (("sh", "-c"), ("echo own",), "b")
    assert image.workdir == Path("/") and "PYTHONPATH" not in image.env
    assert images.code_of(project, "busybox") is None


@pytest.mark.parametrize(
    ("command", "args", "argv"),
    [
        ([], [], ["here/x", "c"]),
        ([], ["a"], ["here/x", "a"]),
        (["p"], [], ["p"]),
        (["p"], ["a"], ["p", "a"]),
    ],
)
def test_command_and_args_are_merged_as_kubernetes_does(
    command: list[str], args: list[str], argv: list[str]
) -> None:
    """A command drops both of the image's, args drop its CMD; a path of the image is one of this machine."""
    image = Image("x", ("c",), {}, Path("/"), entrypoint=("/x",), programs={"/x": "here/x"})
    assert image.argv(command, args) == argv


def test_argosay_runs_in_a_container(tmp_path: Path, isolation: str) -> None:
    """By its image's entrypoint and by its name, in every kind of isolation."""
    image = images.prepare(Project(tmp_path), "argoproj/argosay:v2")
    output = tmp_path / "output"
    for argv in (image.argv([], []), image.argv([], ["echo", "hi"]), ["cowsay", "moo"]):
        container = Container("c", tuple(argv), image.env, image.workdir, folders=image.folders)
        assert start(container, stdout=output).wait(20) == 0
    said = output.read_text()
    assert said.startswith("hello argo\nhi\n") and "< moo >" in said
    assert stock.programs(tmp_path / "c", Path("/x y/python")) == stock.programs(
        tmp_path / "c", Path("/x y/python")
    )


def test_argosay_does_what_argo_s_does(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """echo into a file makes its folder; cat; sleep with a unit; exit; any other word ends with 1."""
    file = tmp_path / "a/b"
    assert argosay.main(["echo", "text", str(file)]) == 0 and file.read_text() == "text\n"
    assert argosay.main(["cat", str(file)]) == 0
    assert argosay.main(["assert_contains", str(file), "ex"]) == 0
    assert argosay.main(["assert_contains", str(file), "nothing"]) == 1
    assert argosay.main(["sleep", "0.01s"]) == 0
    others = (["exit"], ["exit", "7"], ["dance"], ["cat"], ["sleep", "x"])
    assert [argosay.main(words) for words in others] == [0, 7, 1, 1, 1]
    assert argosay.main(["cat", str(tmp_path / "nosuch")]) == 1
    assert "nosuch: No such file or directory" in capfd.readouterr().err
    script = tmp_path / "s"
    script.write_text("echo from sh; exit 3")
    done = subprocess.run(
        [os.sys.executable, argosay.__file__, "sh", str(script)], capture_output=True, check=False
    )
    assert (done.stdout, done.returncode) == (b"from sh\n", 3)


def test_cowsay_draws_a_balloon(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """One line in <>, more in slashes and bars at 40 columns; stdin where there are no words."""
    assert cowsay.main(["hello", "world"]) == 0
    assert capsys.readouterr().out.splitlines()[:4] == [
        " _____________ ", "< hello world >", " ------------- ", "        \\   ^__^",
    ]  # fmt: skip
    monkeypatch.setattr("sys.stdin", io.StringIO("word " * 20))
    cowsay.main(["-f", "tux"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("/ word") and lines[2].startswith("| word") and lines[3].startswith("\\ word")
    assert max(map(len, lines)) <= 43


def test_a_reference_is_needed() -> None:
    """What `find` looks at is the path, not the registry's name alone."""
    parts = reference.parse("docker.io/library/busybox:1")
    assert parts and stock.find(parts)
