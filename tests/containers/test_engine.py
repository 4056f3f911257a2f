"""Containers that Docker or Podman runs for us: what they see, how they end, and that none is left."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import local_engines
import pytest
from local_engines import IMAGE

from argolane.containers import images
from argolane.containers.cgroups import Limits
from argolane.containers.container import EngineImage
from argolane.containers.engine import client, image
from argolane.containers.process import Process
from argolane.containers.sandbox import Container, Mount, Outputs, start
from argolane.errors import ArgolaneError
from argolane.project import Project, ProjectSettings

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(300)]
Run = Callable[..., tuple[Process, str]]


@pytest.fixture(scope="module", params=["docker", "podman"])
def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[client.Engine]:
    with local_engines.ready(request.param, tmp_path_factory.mktemp("engine")) as name:
        assert client.refusal(request.param) is None
        yield request.param
        assert not [left for left in local_engines.containers(name) if left.startswith("argolane-")]


@pytest.fixture
def made(engine: client.Engine) -> EngineImage:
    found = image.get(engine, IMAGE, say=pytest.fail)
    return EngineImage(engine, found.digest, found.config.workdir)


@pytest.fixture
def run(made: EngineImage, tmp_path: Path) -> Run:
    """Shell text in a container; the process, which is over, and its output."""

    def start_and_wait(script: str, **fields: object) -> tuple[Process, str]:
        output = tmp_path / "output.txt"
        output.unlink(missing_ok=True)
        given = {"image": made, "workdir": "/srv/made", "env": {"PATH": "/bin"}, **fields}
        process = start(Container("c", ("sh", "-c", script), **given), stdout=output)  # type: ignore[arg-type]
        process.wait(120)
        return process, output.read_text()

    return start_and_wait


def test_it_has_the_image_and_what_the_pod_adds(run: Run, tmp_path: Path) -> None:
    """The image's files, user, groups and folder; mounts by any name, /tmp, hosts, variables, exit code."""
    volume, tmp = tmp_path / "a volume, with a comma", tmp_path / "tmp"
    volume.mkdir(mode=0o777)
    volume.chmod(0o777)
    tmp.mkdir()
    (tmp_path / "key").write_text("k\n")
    process, output = run(
        'cat /only-here /k; id -u; id -g; id -G; pwd; echo "$TEXT $HOME"; echo x > /v/f; echo y > /tmp/g; '
        "test -w /k || echo closed; cat /etc/hosts; exit 3",
        mounts=(Mount(volume, "/v"), Mount(tmp_path / "key", "/k", read_only=True)),
        tmp=tmp,
        hosts={"model-store": "127.64.0.9"},
        env={"PATH": "/bin", "TEXT": "two\nlines", "HOME": "/h"},
    )
    assert process.wait() == 3
    lines = output.splitlines()
    assert lines[:9] == [
        "of the image",
        "k",
        "1234",
        "1235",
        "1235 77",
        "/srv/made",
        "two",
        "lines /h",
        "closed",
    ]
    assert ["127.64.0.9", "model-store"] in [line.split() for line in lines]
    assert (volume / "f").read_text() + (tmp / "g").read_text() == "x\ny\n"


def test_the_pods_user_comes_before_the_images(run: Run, made: EngineImage) -> None:
    """With the groups that the pod adds."""
    other = EngineImage(made.engine, made.digest, made.workdir, user="3000:7", groups=(9, 10))
    process, output = run("id -u; id -g; id -G", image=other)
    assert (process.wait(), output) == (0, "3000\n7\n7 9 10\n")


def test_what_it_leaves_is_kept(run: Run, made: EngineImage, tmp_path: Path) -> None:
    """A folder, a file behind a link, none for what is not there; no rights that the image gave away."""
    own = tmp_path / "own"
    own.mkdir()
    paths = {"/out/d": "0", "/out/l": "1", "/tmp/z": "2", "/nope": "3"}
    root = EngineImage(made.engine, made.digest, made.workdir, user="0")
    process, _ = run(
        "mkdir -p /out/d; echo o > /out/d/f; ln -s /out/d/f /out/l; chmod 4755 /out/d/f; echo z > /tmp/z",
        image=root, outputs=Outputs(own, paths, ("/tmp",)),
    )  # fmt: skip
    assert process.wait() == 0
    assert sorted(path.name for path in own.iterdir()) == ["0", "1", "2.at"]
    assert (own / "0/f").read_text() == (own / "1").read_text() == "o\n"
    assert not (own / "1").is_symlink() and str((own / "2.at").readlink()) == "/tmp/z"
    assert (own / "0/f").stat().st_mode & 0o7777 == 0o755


def test_output_comes_while_it_runs_and_apart(made: EngineImage, tmp_path: Path) -> None:
    """What main prints is there before its end, stdout and stderr each in its place."""
    out, errors = tmp_path / "out", tmp_path / "errors"
    argv = ("sh", "-c", "echo one; echo two >&2; sleep 60")
    process = start(
        Container("c", argv, {"PATH": "/bin"}, image=made, workdir="/srv/made"), stdout=out, stderr=errors
    )
    assert _until(lambda: (out.read_text(), errors.read_text()) == ("one\n", "two\n"))
    assert process.poll() is None
    process.kill()
    assert process.wait(60) == 137


def test_it_is_asked_to_end_and_then_made_to(made: EngineImage, tmp_path: Path) -> None:
    """SIGTERM reaches a program that is not prepared for being pid 1; who ignores it is killed."""
    for script, code in (("echo up; sleep 60", 143), ("trap '' TERM; echo up; sleep 60", 137)):
        output = tmp_path / "output.txt"
        output.unlink(missing_ok=True)
        container = Container("c", ("sh", "-c", script), {"PATH": "/bin"}, image=made, workdir="/srv/made")
        process = start(container, stdout=output)
        assert _until(lambda output=output: output.read_text() == "up\n")
        assert process.terminate(2.0 if code == 137 else 30.0) == code


def test_limits_are_the_engines_to_hold(run: Run, engine: client.Engine) -> None:
    """Who wants more memory is killed; Docker says why."""
    process, _ = run(
        "x=$(head -c 200000000 /dev/zero | tail -c 190000000); exit $?",
        limits=Limits(memory=64 << 20, cpu=0.9),
    )
    assert process.wait() == 137
    assert process.ended and (process.ended.reason == "OOMKilled" or engine == "podman")


def test_limits_that_an_engine_would_refuse_are_what_it_takes(run: Run) -> None:
    """More cores than there are, and less than it can hold."""
    for limits in (Limits(cpu=4096.0), Limits(cpu=0.001), Limits(memory=1)):
        process, _ = run("exit 7" if limits.cpu else "exit 0", limits=limits)
        assert process.wait() == 7 or limits.memory  # for which 6 MiB may not be enough
        assert process.ended and process.ended.reason != "StartError"


def test_who_has_ended_by_itself_keeps_its_code_when_asked_to_end(
    engine: client.Engine, made: EngineImage
) -> None:
    """Between its end and the news of it."""
    argv = ("sh", "-c", "exit 0")
    process = start(Container("c", argv, {"PATH": "/bin"}, image=made, workdir="/srv/made"), stdout=1)
    [name] = local_engines.containers(engine)
    state = ("inspect", "--type=container", "--format={{.State.Status}}", name)
    assert _until(lambda: client.ask(engine, *state) == "exited")
    assert process._elsewhere and process._elsewhere.terminate
    assert process._elsewhere.terminate()
    assert process.terminate(30) == 0


def test_a_killed_containers_control_groups_go_with_it(engine: client.Engine, made: EngineImage) -> None:
    """Which the engine's own processes remove."""
    argv = ("sh", "-c", "sleep 100")
    process = start(Container("c", argv, {"PATH": "/bin"}, image=made, workdir="/srv/made"), stdout=1)
    assert _until(lambda: bool(client.ask(engine, "ps", "--quiet")))
    number = client.ask(engine, "ps", "--quiet", "--no-trunc")
    groups = Path("/sys/fs/cgroup")
    assert _until(lambda: any(groups.rglob(f"*{number}*")))
    process.kill()
    assert process.wait(60) == 137
    assert _until(lambda: not any(groups.rglob(f"*{number}*")))


def test_an_engine_that_is_started_later_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal is not for ever."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "there is no 'podman' on PATH" in str(client.refusal("podman"))
    (tmp_path / "podman").write_text("#!/bin/sh\n")
    (tmp_path / "podman").chmod(0o755)
    assert client.refusal("podman") is None


def test_a_container_does_not_outlive_a_killed_runner(engine: client.Engine, made: EngineImage) -> None:
    """At once where the container's own starter is left, and else by the next process that looks."""
    for also_its_starter in (False, True):
        program = (
            "import sys, time\n"
            "from argolane.containers import spawner\n"
            "from argolane.containers.sandbox import Container, EngineImage, start\n"
            f"image = EngineImage({made.engine!r}, {made.digest!r}, {made.workdir!r})\n"
            "held = start(Container('c', ('sh', '-c', 'echo up; sleep 100'), {'PATH': '/bin'}, image=image,"
            " workdir='/srv/made'), stdout=1)\n"
            "print(held.pid, flush=True)\n"
            "time.sleep(100)\n"
        )
        with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as runner:
            assert runner.stdout
            said = sorted((runner.stdout.readline(), runner.stdout.readline()))
            assert said[1] == "up\n"
            if also_its_starter:
                os.kill(int(said[0]), signal.SIGKILL)
            runner.kill()
        if also_its_starter:
            assert local_engines.containers(engine)
            client._answers.cache_clear()
            assert client.refusal(engine) is None
        assert _until(lambda: not local_engines.containers(engine))


def test_a_program_that_is_not_there_is_named(
    engine: client.Engine, made: EngineImage, tmp_path: Path
) -> None:
    """Whatever the engine's init ends with; and the code of a program is its own."""
    for program, words in (
        ("no-such", 'exec: "no-such": executable file not found in $PATH'),
        ("/no/such", 'exec: "/no/such": stat /no/such: no such file or directory'),
        ("/bin", 'exec: "/bin": is a directory'),
    ):
        container = Container("c", (program,), {"PATH": "/home:/bin"}, image=made, workdir="/srv/made")
        process = start(container, stdout=tmp_path / "output.txt")
        assert process.wait(60) == 127
        assert process.ended and (process.ended.reason, process.ended.message) == ("NoProgram", words)
    for code in (1, 127):
        argv = ("sh", "-c", f"exit {code}")
        process = start(
            Container("c", argv, {"PATH": "/home:/bin"}, image=made, workdir="/srv/made"), stdout=1
        )
        assert process.wait(60) == code
        assert process.ended and process.ended.reason == "Error"


def test_the_images_own_command_and_variables_are_merged(engine: client.Engine, tmp_path: Path) -> None:
    """ENTRYPOINT and CMD as Kubernetes has them, through the setting of a project."""
    project = Project(tmp_path, ProjectSettings(images=engine))
    assert images.recognise(project, IMAGE) is None
    found = images.prepare(project, IMAGE, say=pytest.fail)
    assert found.argv([], []) == ["sh", "-c", "echo by itself"]
    assert found.argv([], ["x"]) == ["sh", "-c", "x"] and found.argv(["y"], []) == ["y"]
    assert found.env["COLOR"] == "red" and str(found.workdir) == "/srv/made"


def test_an_image_that_cannot_be_had_is_refused_in_the_engines_words(
    engine: client.Engine, tmp_path: Path
) -> None:
    """With how to give it one."""
    project = Project(tmp_path, ProjectSettings(images=engine))
    with pytest.raises(ArgolaneError, match=rf"127.0.0.1:9/x:1': {engine} pull: .*{engine} load"):
        images.prepare(project, "127.0.0.1:9/x:1")


def test_a_folder_that_the_engine_cannot_see_is_said_before_anything_runs(
    made: EngineImage, tmp_path: Path
) -> None:
    """As with an engine of another machine."""
    mounts = (Mount(tmp_path / "not-there", "/v"),)
    with pytest.raises(ArgolaneError, match=r"'c' cannot start: \w+ create: .*not-there"):
        start(Container("c", ("id",), {}, image=made, mounts=mounts), stdout=1)


def _until(holds: Callable[[], bool], within: float = 60.0) -> bool:
    end = time.monotonic() + within
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.1)
    return False
