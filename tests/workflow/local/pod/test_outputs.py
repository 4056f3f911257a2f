"""What main leaves anywhere in its root folder is what its template hands on, whatever the host has there."""

import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from argolane.containers import sandbox, spawner
from argolane.errors import ArgolaneError
from tests.workflow.local.conftest import RunText, nodes

pytestmark = pytest.mark.usefixtures("kind")
Main = Callable[..., dict[str, Any]]


@pytest.fixture(params=["root", "user"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(spawner.ENVIRONMENT_VARIABLE, request.param)
    try:
        sandbox.isolation()
    except ArgolaneError as error:
        pytest.skip(str(error))
    return str(request.param)


@pytest.fixture
def main(run: RunText) -> Main:
    """One container with this shell text, outputs and inputs; its node."""

    def start(script: str, outputs: str, *, inputs: str = "{}", more: str = "") -> dict[str, Any]:
        result = run(
            f"""
entrypoint: main
templates:
- name: main
  inputs: {inputs}
  outputs: {outputs}
  container: {{image: "python:3.11-slim", command: [sh, -c, '{script}']{more}}}
"""
        )
        return nodes(result)[result.name]

    return start


@pytest.fixture
def on_host() -> Iterator[Callable[[str], Path]]:
    """Makes a folder of this machine with an old file `f` in it; it is checked and removed afterwards."""
    made: dict[Path, Path] = {}

    def make(path: str) -> Path:
        top = next(p for p in (*reversed(Path(path).parents), Path(path)) if not p.exists())
        try:
            Path(path).mkdir(parents=True)
        except PermissionError as error:
            pytest.skip(str(error))
        Path(path, "f").write_text("old")
        made[Path(path)] = top
        return Path(path)

    yield make
    for folder, top in made.items():
        left = sorted(p.name for p in folder.iterdir()), Path(folder, "f").read_text()
        shutil.rmtree(top)
        assert left == (["f"], "old")


def parameter(path: str) -> str:
    return f"{{parameters: [{{name: p, valueFrom: {{path: {path}}}}}]}}"


def artifact(path: str, more: str = "") -> str:
    return f"{{artifacts: [{{name: a, path: {path}{more}}}]}}"


def value(node: dict[str, Any]) -> str:
    assert node["phase"] == "Succeeded", node
    return str(node["outputs"]["parameters"][0]["value"])


def unpacked(node: dict[str, Any], folder: Path) -> Path:
    """What an artifact holds: a folder with its one entry."""
    assert node["phase"] == "Succeeded", node
    shutil.unpack_archive(node["outputs"]["artifacts"][0]["stored"], folder, "gztar", filter="tar")
    return folder


NAME = f"argolane-{uuid.uuid4().hex[:8]}"


@pytest.mark.parametrize(
    "place", ["", "/mnt", "/opt/deep", "/srv", "/work", "/usr/local", "/var/lib", "/etc"]
)
def test_a_folder_that_main_makes_is_an_artifact(main: Main, place: str, tmp_path: Path) -> None:
    """Made by main and by nobody else, anywhere in the root folder, with what is in it."""
    path = f"{place}/{NAME}"
    script = f"mkdir -p {place}/ && mkdir {path} && echo w > {path}/w && ln -s w {path}/l"
    found = unpacked(main(script, artifact(path)), tmp_path / "out") / NAME
    assert (found / "w").read_text() == "w\n"
    assert str((found / "l").readlink()) == "w"
    assert not Path(path).exists()


@pytest.mark.parametrize("place", ["", "/mnt", "/opt", "/home", "/new/in"])
def test_what_the_host_has_at_an_outputs_path_is_not_there(
    main: Main, on_host: Callable[[str], Path], place: str, tmp_path: Path
) -> None:
    """Neither gives its old value nor hinders main: mkdir works, and an unwritten output is missing."""
    path = on_host(f"{place.replace('new', f'{NAME}-top')}/{NAME}-host")
    place = str(path.parent)
    node = main(f"mkdir -p {place}; mkdir {path} && echo new > {path}/n", artifact(str(path)))
    assert sorted(p.name for p in (unpacked(node, tmp_path / "out") / path.name).iterdir()) == ["n"]
    assert (
        value(main(f"mkdir -p {path}; [ -e {path}/f ] || echo new > {path}/f", parameter(f"{path}/f")))
        == "new"
    )
    node = main("true", parameter(f"{path}/f"))
    missing = f"open /var/run/argo/outputs/parameters{path}/f: no such file or directory"
    assert (node["phase"], node["message"]) == ("Error", f"wait: Error (exit code 64): {missing}")


def test_nothing_stands_at_an_outputs_path_before_main(main: Main) -> None:
    """A program that looks first finds nothing, and the folder that the image lacks is not made for it."""
    script = "[ -e /mnt/p ] && echo there > /mnt/p || echo new > /mnt/p"
    assert value(main(script, parameter("/mnt/p"))) == "new"
    assert value(main("cat /q 2>/dev/null || echo new > /q", parameter("/q"))) == "new"
    assert main(f"echo x > /{NAME}/p", parameter(f"/{NAME}/p"))["phase"] == "Failed"


@pytest.mark.parametrize("path", ["/result.txt", "/mnt/result.txt", "/etc/result.txt", "/tmp/result.txt"])
def test_a_rename_onto_an_outputs_path(main: Main, path: str, tmp_path: Path) -> None:
    """As writers do who never show half a file: as parameter and as artifact."""
    script = f"echo 0.97 > {path}.tmp; mv {path}.tmp {path}"
    assert value(main(script, parameter(path))) == "0.97"
    assert (unpacked(main(script, artifact(path)), tmp_path / "o") / "result.txt").read_text() == "0.97\n"


def test_an_output_at_a_file_of_the_image(main: Main) -> None:
    """Untouched it has the image's content, as a container's would; written or replaced, main's."""
    content = Path("/etc/hostname").read_text().removesuffix("\n")
    assert value(main("true", parameter("/etc/hostname"))) == content
    assert value(main("echo x > /etc/passwd", parameter("/etc/passwd"))) == "x"
    assert value(main("echo y > /etc/n; mv /etc/n /etc/group", parameter("/etc/group"))) == "y"
    assert main("rm /etc/passwd", parameter("/etc/passwd"))["phase"] == "Error"
    assert "root:" in Path("/etc/passwd").read_text()


def test_an_output_at_the_path_of_an_input(main: Main, tmp_path: Path) -> None:
    """What main made of the input is handed on."""
    inputs = "{artifacts: [{name: i, path: /file, raw: {data: hi}}]}"
    node = main("echo more >> /file", artifact("/file"), inputs=inputs)
    assert (unpacked(node, tmp_path / "o") / "file").read_text() == "himore\n"
    assert value(main("true", parameter("/file"), inputs=inputs)) == "hi"


@pytest.mark.parametrize("folder", ["", "/tmp", "/srv"])
def test_a_link_is_followed_where_main_sees_it(main: Main, folder: str, tmp_path: Path) -> None:
    """To a file: its content, wherever it lies. To a folder: Argo's archive holds the link alone."""
    script = f"mkdir /tmp/d /d; echo t > /tmp/d/f; echo r > /d/f; ln -s $0 {folder}/out"
    for target, content in (("/tmp/d/f", "t"), ("/d/f", "r")):
        linked = script.replace("$0", target)
        assert value(main(linked, parameter(f"{folder}/out"))) == content
        kept = unpacked(main(linked, artifact(f"{folder}/out")), tmp_path / content)
        assert (kept / "out").read_text() == f"{content}\n"
        assert not (kept / "out").is_symlink()
    kept = unpacked(main(script.replace("$0", "/d"), artifact(f"{folder}/out")), tmp_path / "link")
    assert str((kept / "out").readlink()) == "/d"
    nowhere = main(script.replace("$0", "/nowhere"), parameter(f"{folder}/out"))
    assert nowhere["phase"] == "Error"


def test_a_link_to_a_file_of_the_host_is_none(main: Main, tmp_path: Path) -> None:
    """A path that only this machine has leads nowhere in a container."""
    secret = tmp_path / "secret"
    secret.write_text("secret")
    assert main(f"ln -s {secret} /tmp/out", parameter("/tmp/out"))["phase"] == "Error"
    assert main(f"ln -s {secret} /out", artifact("/out"))["phase"] == "Error"


def test_bytes_of_an_output_file_are_kept(main: Main) -> None:
    """One newline is cut at its end, and no carriage return anywhere."""
    script = 'printf "a\\\\r\\\\nb\\\\r\\\\n" > /cr'.replace("\\\\", "\\")
    assert value(main(script, parameter("/cr"))) == "a\r\nb\r"


def test_a_zip_of_one_file_is_an_error_as_in_argo(main: Main) -> None:
    """Of a file in the root folder; of a folder it holds what is in it."""
    node = main("echo 1 > /tmp/f", artifact("/tmp/f", ", archive: {zip: {}}"))
    missing = "stat /tmp/argo/outputs/artifacts/a: no such file or directory"
    assert (node["phase"], node["message"]) == ("Error", f"wait: Error (exit code 64): {missing}; ")
    assert main("mkdir /z; echo 1 > /z/f", artifact("/z", ", archive: {zip: {}}"))["phase"] == "Succeeded"


def test_several_outputs_that_hold_each_other(main: Main) -> None:
    """A file, and the folder it lies in, are both handed on."""
    outputs = "{parameters: [{name: p, valueFrom: {path: /m/f}}], artifacts: [{name: a, path: /m}]}"
    node = main("mkdir /m; echo 1 > /m/f", outputs)
    assert value(node) == "1"
    assert node["outputs"]["artifacts"][0]["name"] == "a"


@pytest.mark.parametrize(
    ("script", "more", "message"),
    [
        ("echo boom > /dev/termination-log; exit 3", "", "main: Error (exit code 3): boom\n"),
        (
            "echo mine > /tmp/m; exit 5",
            ", terminationMessagePath: /tmp/m",
            "main: Error (exit code 5): mine\n",
        ),
        ("echo mine > /m/x; exit 5", ", terminationMessagePath: /m/x", "main: Error (exit code 5): mine\n"),
        (
            "echo one; echo two >&2; exit 4",
            ", terminationMessagePolicy: FallbackToLogsOnError",
            "main: Error (exit code 4): one\ntwo\n",
        ),
        (
            "echo one; printf two > /dev/termination-log; exit 4",
            ", terminationMessagePolicy: FallbackToLogsOnError",
            "main: Error (exit code 4): two",
        ),
        ("echo one; exit 4", "", "main: Error (exit code 4)"),
        ("echo fine > /dev/termination-log", "", ""),
    ],
)
def test_a_termination_message_is_told(main: Main, script: str, more: str, message: str) -> None:
    """As recorded of Argo 3.7.18; that of a program that ended well is no message."""
    assert main(script, "{}", more=more).get("message", "") == message


def test_a_termination_message_is_cut(main: Main) -> None:
    """To its last 4096 bytes, and the log's to 2048 bytes and 80 lines."""
    told = main("seq 5000 > /dev/termination-log; exit 1", "{}")["message"]
    assert len(told) == len("main: Error (exit code 1): ") + 4096
    assert told.endswith("\n5000\n")
    policy = ", terminationMessagePolicy: FallbackToLogsOnError"
    told = main("seq 5000; exit 1", "{}", more=policy)["message"]
    assert told == "main: Error (exit code 1): " + "".join(f"{n}\n" for n in range(4921, 5001))
