"""Image references: what they are, which run here, and what the others are told."""

import os
import shutil
import sys
import uuid
from pathlib import Path

import pytest

from argolane.containers import images, reference
from argolane.containers.reference import Reference
from argolane.containers.sandbox import Container, start
from argolane.errors import ArgolaneError
from argolane.project import ImageSettings, Project, ProjectSettings

DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "models/toy_net").mkdir(parents=True)
    (tmp_path / "models/toy_net/train.lock").write_text("")
    (tmp_path / "models/no_lock").mkdir()
    trainer = ImageSettings(name="{model}-trainer", folder="models/{model}", lock="models/{model}/train.lock")
    tool = ImageSettings(name="tool", folder="tools", lock="tools/lock.txt")
    return Project(tmp_path, ProjectSettings(image=[trainer, tool]))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("python", Reference("", "python", "", "")),
        ("python:3.11-slim", Reference("", "python", "3.11-slim", "")),
        ("library/python:3", Reference("", "library/python", "3", "")),
        ("docker.io/library/python:3", Reference("docker.io", "library/python", "3", "")),
        ("localhost/a-b:1", Reference("localhost", "a-b", "1", "")),
        ("localhost:5000/x/a_b:1.0", Reference("localhost:5000", "x/a_b", "1.0", "")),
        ("reg:5000/x", Reference("reg:5000", "x", "", "")),
        ("10.0.0.1:5000/x", Reference("10.0.0.1:5000", "x", "", "")),
        (f"a.example/x@{DIGEST}", Reference("a.example", "x", "", DIGEST)),
        (f"a.example/x:1@{DIGEST}", Reference("a.example", "x", "1", DIGEST)),
        ("a/b/c:t", Reference("", "a/b/c", "t", "")),
    ],
)
def test_a_reference_has_docker_s_parts(text: str, parts: Reference) -> None:
    """Registry with or without a port, path, tag and digest."""
    assert reference.parse(text) == parts


@pytest.mark.parametrize(
    "text",
    ["", "UPPER", "a b", ":tag", "a:", "x@sha256:12", "a//b", "-a", "{{registry}}/x:1", "a:b:c", "x\n"],
)
def test_what_is_no_reference_is_refused(project: Project, text: str) -> None:
    """Text that Docker would not read as an image is not an image here."""
    assert reference.parse(text) is None
    assert "is not an image reference" in (images.recognise(project, text) or "")


@pytest.mark.parametrize(
    "image",
    [
        "python",
        "python:3",
        "python:3.12.1-slim-bookworm",
        "python:slim",
        "python:latest",
        "docker.io/library/python:3.13-alpine",
        "mirror.example:5000/python:3.9",
        f"python:3.11@{DIGEST}",
        "python:3.14rc1",
        "toy-net-trainer",
        "registry.example/team/toy-net-trainer:0.1",
        f"localhost:5000/toy-net-trainer@{DIGEST}",
    ],
)
def test_project_images_and_python_3_run_here(project: Project, image: str) -> None:
    """A name with {model} in kebab-case is the folder in snake_case; any tag and registry will do."""
    assert images.recognise(project, image) is None


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (
            "example.org/alpine:3.20",
            "neither an image of this project (argolane.toml: {model}-trainer, tool) nor python:3.x",
        ),
        ("python:2.7-slim", "'python:2.7-slim' is not Python 3"),
        ("other-trainer:1", "there is no folder models/other"),
        ("no-lock-trainer:1", "there is no file models/no_lock/train.lock"),
        ("tool", "argolane.toml: image 'tool': there is no folder tools"),
        ("toy_net-trainer", "neither an image of this project"),
        ("toy-net-trainer-2", "neither an image of this project"),
    ],
)
def test_other_images_are_told_why_not(project: Project, image: str, words: str) -> None:
    """The reason names the image or the missing file, and prepare says the same."""
    reason = images.recognise(project, image)
    assert reason and words in reason
    with pytest.raises(ArgolaneError) as error:
        images.prepare(project, image)
    assert str(error.value) in (reason, f"I{reason[1:]}")


def test_a_project_is_not_tmp_itself() -> None:
    """Each container has a /tmp of its own, which cannot be the image's folder too; one below it can."""
    (tmp := Path("/tmp", uuid.uuid4().hex)).mkdir()
    try:
        settings = ImageSettings(name="x", folder=tmp.name, lock=f"{tmp.name}/lock")
        (tmp / "lock").touch()
        reason = images.recognise(Project(Path("/tmp"), ProjectSettings(image=[settings])), "x")
        assert reason and "each container has a /tmp of its own" in reason
    finally:
        shutil.rmtree(tmp)


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_a_cache_that_cannot_be_written_is_named(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a HOME that is read-only: the folder, and the variable that names another."""
    cache = project.root / "cache"
    cache.mkdir(mode=0o500)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    for image in ("python:3.11", "toy-net-trainer"):
        with pytest.raises(ArgolaneError, match=r"cache/argolane: Permission denied.*set XDG_CACHE_HOME"):
            images.prepare(project, image)


def test_stock_python_is_this_machines_own(
    project: Project, isolation: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`python` and `python3` are the interpreter below argolane's own environment, without its packages."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    image = images.prepare(project, "python:3.11-slim")
    assert (image.command, image.workdir) == (("python3",), Path("/"))
    assert str(Path(sys.prefix, "bin")) not in image.env["PATH"].split(os.pathsep)
    script = "import sys, importlib.util as u; print(sys.version_info[:2], u.find_spec('hera'))"
    for name in ("python", "python3", f"python3.{sys.version_info[1]}"):
        output = tmp_path / name
        argv = (name, "-c", script)
        container = Container("c", argv, image.env, image.workdir, folders=image.folders)
        assert start(container, stdout=output).wait(20) == 0
        assert output.read_text() == f"({sys.version_info[0]}, {sys.version_info[1]}) None\n"


def test_an_engine_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to do instead."""
    monkeypatch.setenv("PATH", str(tmp_path))
    project = Project(tmp_path, ProjectSettings(images="podman"))
    assert images.recognise(project, "x:1") == (
        "image 'x:1': there is no 'podman' on PATH; install it, or use --images pull or --on argo."
    )


def test_an_engine_that_does_not_answer_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own words, and what to do."""
    if shutil.which("docker") is None:
        pytest.skip("no docker on PATH")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    reason = images.recognise(Project(tmp_path, ProjectSettings(images="docker")), "busybox") or ""
    assert reason.startswith("image 'busybox': docker version: ") and f"{tmp_path}/none.sock" in reason
    assert reason.endswith(" Start docker, or use --images pull or --on argo.")
    assert "\n" not in reason


def test_an_engine_has_every_image_even_the_projects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No tool of this machine stands in for one."""
    monkeypatch.setenv("PATH", str(tmp_path))
    project = Project(tmp_path, ProjectSettings(images="podman", image=[ImageSettings(name="tool")]))
    for reference_ in ("tool:1", "busybox", "python:3.11"):
        assert "podman" in (images.recognise(project, reference_) or "")
        assert not images.stands_in(project, reference_)
