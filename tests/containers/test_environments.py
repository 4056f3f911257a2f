"""Python environments from lock files: made once, whole or not at all, whoever is killed meanwhile."""

import base64
import hashlib
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from argolane.containers import environments, images
from argolane.containers.sandbox import Container, start
from argolane.errors import ArgolaneError
from argolane.project import ImageSettings, Project, ProjectSettings

MAKE = """
import sys
from pathlib import Path
from argolane.containers import environments
lock, cache = map(Path, sys.argv[1:3])
print(environments.ensure(lock, cache, root=lock.parent, say=lambda text: print(text, file=sys.stderr)))
"""


def _wheel(folder: Path, name: str, version: str = "1.0") -> Path:
    """A package with one module, which knows its version, and one command, which prints it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": f"VERSION = '{version}'\ndef main():\n    print('{name}', VERSION)\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name} = {name}:main\n",
    }
    record = ""
    for file, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record += f"{file},sha256={digest},{len(text)}\n"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
        archive.writestr(f"{info}/RECORD", f"{record}{info}/RECORD,,\n")
    return path


def _lock(folder: Path, *wheels: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    lock = folder / "train.lock"
    with lock.open("w") as stream:
        for wheel in wheels:
            name, version, _ = wheel.name.split("-", 2)
            digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
            stream.write(f"{name}=={version} --hash=sha256:{digest}\n")
    return lock


@pytest.fixture(autouse=True)
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """uv sees the wheels of the test and nothing else: no index, no cache, no settings of the user."""
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("UV_NO_CONFIG", "1")


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return _lock(tmp_path / "toy", _wheel(tmp_path / "wheels", "toypkg"))


def _ensure(lock: Path, cache: Path, said: list[str] | None = None) -> Path:
    return environments.ensure(
        lock, cache, root=lock.parents[1], say=(said if said is not None else []).append
    )


def test_a_lock_becomes_an_environment_once(tmp_path: Path, lock: Path) -> None:
    """The first call makes it and says so, the second is quick and silent, and it works."""
    said: list[str] = []
    environment = _ensure(lock, tmp_path / "envs", said)
    assert [text.partition(" (once")[0].partition(" in ")[0] for text in said] == [
        "Making the Python environment of toy/train.lock",
        "Made the Python environment of toy/train.lock",
    ]
    started = time.monotonic()
    assert _ensure(lock, tmp_path / "envs", said) == environment
    assert time.monotonic() - started < 0.1
    assert len(said) == 2
    assert subprocess.check_output([environment / "bin/toypkg"], text=True) == "toypkg 1.0\n"


def test_another_lock_is_another_environment(tmp_path: Path, lock: Path) -> None:
    """A changed lock leaves the old environment to those who run in it; an equal one elsewhere shares."""
    before = _ensure(lock, tmp_path / "envs")
    wheel = _wheel(tmp_path / "wheels", "toypkg", "2.0")
    _lock(lock.parent, wheel)
    after = _ensure(lock, tmp_path / "envs")
    assert before != after
    copy = _lock(tmp_path / "other", wheel)
    assert _ensure(copy, tmp_path / "envs") == after
    for environment, version in ((before, "1.0"), (after, "2.0")):
        assert subprocess.check_output([environment / "bin/toypkg"], text=True) == f"toypkg {version}\n"


def test_several_at_once_make_it_once(tmp_path: Path, lock: Path) -> None:
    """Processes that want the same environment at the same time get the same one; the others wait."""
    argv = [sys.executable, "-c", MAKE, str(lock), str(tmp_path / "envs")]
    makers = [
        subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)
    ]
    results = [maker.communicate(timeout=60) for maker in makers]
    assert len({output for output, _ in results}) == 1
    assert sum("Made the Python" in said for _, said in results) == 1
    assert Path(results[0][0].strip(), "bin/toypkg").exists()


def test_a_maker_killed_in_the_middle_leaves_nothing_that_counts(tmp_path: Path, lock: Path) -> None:
    """SIGKILL at several moments: uv ends too, and the next one makes a whole environment and tidies up."""
    cache = tmp_path / "envs"
    for delay in (0.0, 0.05, 0.15):
        maker = subprocess.Popen(
            [sys.executable, "-c", MAKE, str(lock), str(cache)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        with maker:
            assert maker.stderr and b"Making" in maker.stderr.readline()
            time.sleep(delay)
            maker.send_signal(signal.SIGKILL)
    environment = _ensure(lock, cache)
    assert subprocess.check_output([environment / "bin/toypkg"], text=True) == "toypkg 1.0\n"
    assert len([entry for entry in cache.iterdir() if entry.is_dir() and not entry.is_symlink()]) == 1


def test_an_environment_whose_interpreter_is_gone_is_made_again(tmp_path: Path, lock: Path) -> None:
    """An upgrade of the machine's Python leaves links to nothing: such an environment does not count."""
    environment = _ensure(lock, tmp_path / "envs")
    (environment / "bin/python").unlink()
    (environment / "bin/python").symlink_to("/no/such/python")
    again = _ensure(lock, tmp_path / "envs")
    assert subprocess.check_output([again / "bin/toypkg"], text=True) == "toypkg 1.0\n"


def test_what_uv_says_is_in_the_error(tmp_path: Path, lock: Path) -> None:
    """A package that cannot be had: uv's own words, the lock's name and what to do; nothing is left."""
    _wheel(tmp_path / "wheels", "toypkg").unlink()
    with pytest.raises(ArgolaneError) as error:
        _ensure(lock, tmp_path / "envs")
    text = str(error.value)
    assert text.startswith(
        "Cannot make the Python environment of toy/train.lock (uv ended with exit code 1):"
    )
    assert "toypkg" in text and "UV_FIND_LINKS" in text
    assert [path.suffix for path in (tmp_path / "envs").iterdir()] == [".lock"]


def test_a_package_other_than_the_locked_one_is_refused(tmp_path: Path, lock: Path) -> None:
    """The hash in the lock decides, whatever the index serves under that name and version."""
    lock.write_text(lock.read_text().replace("sha256:", "sha256:0000")[:-5] + "\n")
    with pytest.raises(ArgolaneError, match="not the one the lock file names"):
        _ensure(lock, tmp_path / "envs")


def test_a_lock_without_hashes_is_refused(tmp_path: Path, lock: Path) -> None:
    """A requirement that could be anything is no lock; the error says how to write one."""
    lock.write_text("toypkg==1.0\n")
    with pytest.raises(ArgolaneError, match=r"Write toy/train.lock again with `uv pip compile --generate"):
        _ensure(lock, tmp_path / "envs")


def test_a_full_disk_is_named(tmp_path: Path, lock: Path) -> None:
    """No space left: the error says which disk, and with space again the environment is made."""
    if os.geteuid() != 0 or sys.platform != "linux":
        pytest.skip("mounts a small disk")
    disk = tmp_path / "small"
    disk.mkdir()
    argv = ["mount", "-t", "tmpfs", "-o", "size=64k", "small", str(disk)]
    if subprocess.run(argv, check=False).returncode:
        pytest.skip("may not mount")
    try:
        with pytest.raises(ArgolaneError, match=r"The disk that holds .*small.* is full"):
            _ensure(lock, disk / "envs")
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_project_image_runs_in_its_own_environment(
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    lock: Path,
    isolation: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Command, PATH, PYTHONPATH, the image's env with {model} filled in, variables passed through, and what
    they name can be read even below /tmp, which is private otherwise."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PASSED", "through")
    monkeypatch.setenv("NOT_PASSED", "x")
    elsewhere = tmp_path_factory.mktemp("data")
    (elsewhere / "set").write_text("rows\n")
    (tmp_path / "data").symlink_to(elsewhere)
    monkeypatch.setenv("DATA", str(tmp_path / "data"))
    package = tmp_path / "models" / "my_toy"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(
        "import os, toypkg; toypkg.main(); print(os.getcwd(), dict(os.environ))\n"
        "print(open(os.environ['DATA'] + '/set').read())\n"
    )
    settings = ImageSettings(
        name="{model}-trainer",
        folder="models/{model}",
        lock="toy/train.lock",
        command=["python", "-c", "import models.{model}"],
        env={"MODEL": "{model}"},
        pass_env=["PASSED", "ABSENT", "DATA"],
    )
    project = Project(tmp_path, ProjectSettings(image=[settings]))
    image = images.prepare(project, "registry.example:5000/my-toy-trainer:0.1")
    assert image.command == ("python", "-c", "import models.my_toy")
    output = tmp_path / "out"
    container = Container("c", image.command, image.env, image.workdir, folders=image.folders)
    assert start(container, stdout=output).wait(20) == 0
    said = output.read_text()
    assert said.startswith(f"toypkg 1.0\n{tmp_path} ")
    assert "'MODEL': 'my_toy'" in said
    assert "'PASSED': 'through'" in said
    assert "'PYTHONUNBUFFERED': '1'" in said
    assert said.endswith("rows\n\n")
    assert "NOT_PASSED" not in said
    assert "ABSENT" not in said
    environment = Path(image.env["VIRTUAL_ENV"])
    assert list((environment / "pycache").rglob("toypkg.*.pyc"))
    assert not [*package.rglob("*.pyc"), *(environment / "lib").rglob("toypkg.*.pyc")]
