"""What a container sees, writes and exits with, in every kind of isolation this machine allows."""

import dataclasses
import os
import signal
import socket
import tempfile
import threading
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from own_python import PYTHON, python

from argolane.containers import machine
from argolane.containers.sandbox import Container, Mount, start
from argolane.errors import ArgolaneError, NotSupportedLocally

Shell = Callable[..., tuple[int, str]]
STORE = "/mnt/model-store"


def test_a_volume_appears_at_its_mount_path(isolation: str, sh: Shell, tmp_path: Path) -> None:
    """What the container writes below a mount path, given by argument and by variable, is in the folder."""
    store = tmp_path / "store"
    store.mkdir()
    code, output = sh(
        'echo one > "$1/a" && echo two > "$OUT/b" && cat "$1/a" "$OUT/b"',
        f"{STORE}/",
        mounts=[(store, STORE)],
        env={"OUT": STORE},
    )
    assert (code, output) == (0, "one\ntwo\n")
    assert (store / "a").read_text() + (store / "b").read_text() == "one\ntwo\n"
    assert not Path(STORE).exists()


def test_tmp_is_private_and_its_files_are_found_in_the_folder_given(
    isolation: str, sh: Shell, tmp_path: Path
) -> None:
    """/tmp of a container is the folder given, and nothing of it is in the host's /tmp."""
    tmp = tmp_path / "tmp"
    tmp.mkdir()
    name = f"accuracy-{uuid.uuid4()}"
    assert sh('echo 0.98 > "$1"; ls "$2"', f"/tmp/{name}", "/tmp", tmp=tmp) == (0, f"{name}\n")
    assert (tmp / name).read_text() == "0.98\n"
    assert not Path("/tmp", name).exists()


def test_a_fresh_tmp_is_removed(
    isolation: str, sh: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With no folder given /tmp starts empty, and what was in it is gone afterwards."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert sh('ls -A "$1"; mkdir -p "$1/x/y"; echo > "$1/x/y/z"', "/tmp") == (0, "")
    assert not list(tmp_path.glob("argolane-*"))


def test_a_read_only_mount_refuses_writing(namespaces: str, sh: Shell, tmp_path: Path) -> None:
    """A write to a read-only mount fails in the container, a read succeeds."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model/m.onnx").write_text("weights\n")
    code, output = sh(f"cat {STORE}/m.onnx; echo x > {STORE}/y", mounts=[(tmp_path / "model", STORE, True)])
    assert code != 0
    assert output.startswith("weights\n")
    assert "Read-only" in output
    assert [file.name for file in (tmp_path / "model").iterdir()] == ["m.onnx"]


def test_single_files_and_nested_folders_can_be_mounted(namespaces: str, sh: Shell, tmp_path: Path) -> None:
    """A configMap's file at a path that is not there, below another mount, and over an existing file."""
    (tmp_path / "config").write_text("k: v\n")
    (tmp_path / "outer").mkdir()
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner/f").write_text("inner\n")
    mounts = [
        (tmp_path / "inner", "/mnt/outer/deep/inner"),
        (tmp_path / "config", "/etc/argolane-test/config.yaml"),
        (tmp_path / "config", "/etc/hostname"),
        (tmp_path / "outer", "/mnt/outer"),
        (tmp_path / "inner", "/tmp/inner"),
        (tmp_path / "inner", "/var/run/argolane-test/secret"),  # /var/run is a link
    ]
    files = "/etc/argolane-test/config.yaml /etc/hostname /mnt/outer/deep/inner/f /tmp/inner/f"
    script = f"cat {files} /var/run/argolane-test/secret/f"
    assert sh(script, mounts=mounts) == (0, "k: v\nk: v\ninner\ninner\ninner\n")
    assert not Path("/etc/argolane-test").exists()


def test_folders_of_the_image_are_there_whatever_is_mounted(
    isolation: str, sh: Shell, tmp_path: Path
) -> None:
    """A project below /tmp, or below a mount's path, can be read at its own path and not be written."""
    project, volume = tmp_path / "project", tmp_path / "volume"
    (project / "sub").mkdir(parents=True)
    volume.mkdir()
    (project / "f").write_text("project\n")
    folders = (Mount(project, str(project), read_only=True),)
    for mounts in ([], [(volume, str(tmp_path))]):
        assert sh('cat "$1/f"', str(project), folders=folders, mounts=mounts) == (0, "project\n")
    if isolation != "none":
        mounts = [(volume, f"{project}/sub/new/deep"), (volume, f"{project}/vol")]
        script = f"cd {project}; ls; echo x > sub/new/deep/x; cat vol/x; ! touch y"
        code, output = sh(script, folders=folders, mounts=mounts)
        assert (code, output.split("\n")[:4]) == (0, ["f", "sub", "vol", "x"])
        assert sorted(path.name for path in project.rglob("*")) == ["f", "sub"]


def test_a_writable_folder_of_the_image_can_be_written(isolation: str, sh: Shell, tmp_path: Path) -> None:
    """Such as its bytecode: what a container writes there is there for the next one."""
    folders = (Mount(tmp_path, str(tmp_path)),)
    assert sh('echo x > "$1/f"', str(tmp_path), folders=folders) == (0, "")
    assert sh('cat "$1/f"', str(tmp_path), folders=folders) == (0, "x\n")


def test_a_folder_beside_a_mount_stays_visible(namespaces: str, sh: Shell, tmp_path: Path) -> None:
    """A mount in a folder of the host that has other entries hides none of them, links included."""
    store = tmp_path / "store"
    store.mkdir()
    code, output = sh("ls /usr/share | sort; readlink -f /bin", mounts=[(store, "/usr/share/argolane-test")])
    there = sorted([*(entry.name for entry in Path("/usr/share").iterdir()), "argolane-test"])
    assert (code, sorted(output.split("\n")[:-2])) == (0, there)
    assert not Path("/usr/share/argolane-test").exists()


def test_what_is_written_to_the_host_is_thrown_away(namespaces: str, sh: Shell, tmp_path: Path) -> None:
    """Files of the host are readable at their paths; what a container writes there, only it sees."""
    here = Path(os.__file__)  # unlike the tests, Python itself is hardly below /tmp, which is private
    script = f"head -c 3 {here}; cd {here.parent}; touch written; rm {here}; mv json jason"
    assert sh(script)[1].startswith(here.read_text()[:3])
    assert not here.with_name("written").exists()
    assert here.exists()
    assert here.with_name("json").is_dir()
    assert sh(f"ls -d {here.parent}/json") == (0, f"{here.parent}/json\n")


def test_the_root_folder_is_the_containers_own(namespaces: str, sh: Shell) -> None:
    """A script may write anywhere, as in an image of its own, and into /dev; the host stays as it was."""
    places = ["", "/dev", "/etc", "/mnt", "/opt", "/srv", "/usr", "/var"]
    name = f"argolane-{uuid.uuid4()}"
    for place in places:
        script = f"mkdir {place}/{name} && echo hi > {place}/{name}/x && cat {place}/{name}/x"
        assert sh(script) == (0, "hi\n"), place
    assert not any(Path(f"{place}/{name}").exists() for place in places)


def test_files_of_the_image_can_be_replaced(namespaces: str, sh: Shell) -> None:
    """By writing, by a rename onto them, and by removing them."""
    before = Path("/etc/passwd").read_bytes(), Path("/etc/group").read_bytes()
    script = "cd /etc; echo x > passwd; echo y > new; mv new group; rm -rf profile.d; cat passwd group"
    assert sh(script) == (0, "x\ny\n")
    assert before == (Path("/etc/passwd").read_bytes(), Path("/etc/group").read_bytes())
    assert Path("/etc/profile.d").is_dir()


def test_devices_are_a_pods(namespaces: str, sh: Shell) -> None:
    """What programs need of /dev works."""
    script = "head -c 2 /dev/zero | wc -c; head -c 3 /dev/urandom > /dev/null; echo x | cat /dev/stdin"
    assert sh(f"{script}; echo y | cat /dev/fd/0; echo z > /dev/shm/z; ls /dev/shm") == (0, "2\nx\ny\nz\n")


def test_proc_shows_the_containers_processes_only(namespaces: str, sh: Shell) -> None:
    """Pid 1 is the init, main comes next, and no process of the host is in /proc."""
    code, output = sh("echo $$; ls /proc | grep -c '^[0-9]*$'")
    assert code == 0
    main, processes = map(int, output.split())
    assert main == 2
    assert processes <= 5


def test_the_user_is_the_one_who_started_it(isolation: str, sh: Shell) -> None:
    """Files that a container writes belong to the user who runs argolane."""
    assert sh("id -u; id -g") == (0, f"{os.getuid()}\n{os.getgid()}\n")


def test_the_environment_is_exactly_what_was_given(isolation: str, tmp_path: Path) -> None:
    """No variable of the starter leaks in, and values may hold anything but NUL."""
    os.environ["LEAK"] = "1"
    values = {"PATH": os.environ["PATH"], "TEXT": "a'b\"\n=é", "TMPDIR": "x"}
    output = tmp_path / "out"
    script = f"import os, json; print(json.dumps({{k: os.environ.get(k) for k in {[*values, 'LEAK']}}}))"
    assert start(python(script, env=values), stdout=output).wait(20) == 0
    assert eval(output.read_text().replace("null", "None")) == values | {"LEAK": None}  # noqa: S307
    del os.environ["LEAK"]


def test_the_starters_environment_is_nowhere_to_be_read(isolation: str, sh: Shell) -> None:
    """Not even in the container's first process, where a token of the user's would be in reach."""
    assert "HOME" in os.environ
    said = sh("grep -ao PATH= /proc/$PPID/environ; grep -ao HOME= /proc/$PPID/environ")[1]
    assert said == "PATH=\n" or said.count("Permission denied") == 2


def test_the_working_folder_is_made_as_in_kubernetes(namespaces: str, sh: Shell) -> None:
    """A workingDir that is nowhere is made, one inside a mount is the mount's."""
    assert sh("pwd; echo x > y; cat y", workdir="/app/deep") == (0, "/app/deep\nx\n")
    assert not Path("/app").exists()


def test_the_network_is_the_hosts(isolation: str, sh: Shell) -> None:
    """Containers talk to each other, and to the host, on localhost: same network namespace."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        script = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1]))).send(b'hi')"
        said = sh(
            '"$PYTHON" -c "$1" "$2"',
            script,
            str(server.getsockname()[1]),
            env={"PYTHON": PYTHON},
            folders=machine.own_python_folders(),
        )
        assert said == (0, "")
        with server.accept()[0] as connection:
            assert connection.recv(2) == b"hi"


@pytest.mark.parametrize(
    ("script", "code"),
    [("exit 0", 0), ("exit 3", 3), ("exit 255", 255), ("kill -TERM $$", 143), ("kill -KILL $$", 137)],
)
def test_the_exit_code_is_mains(isolation: str, sh: Shell, script: str, code: int) -> None:
    """An exit code is passed on, death by signal n is 128 + n."""
    assert sh(script)[0] == code


def test_a_missing_program_is_127_and_one_that_cannot_run_126(isolation: str, tmp_path: Path) -> None:
    """Both say so on the container's stderr, as in a shell."""
    bad = tmp_path / "bad"
    bad.write_text("#!/no/such/interpreter\n")
    bad.chmod(0o755)
    for argv, code, reason in [
        (("no-such-program-x",), 127, "'no-such-program-x': it is not on PATH"),
        (("/no/such",), 127, "'/no/such': no such file"),
        ((os.__file__,), 126, "it is not an executable file"),
        (("/mnt/bin/bad",), 126, "bad names is not there"),
        (("/etc",), 126, "it is not an executable file"),
    ]:
        error = tmp_path / f"{code}.txt"
        error.unlink(missing_ok=True)
        container = Container("c", argv, {"PATH": "/usr/bin"}, mounts=(Mount(tmp_path, "/mnt/bin"),))
        process = start(container, stdout=tmp_path / "out", stderr=error)
        assert process.wait(20) == code
        assert reason in error.read_text()


def test_stdout_and_stderr_are_wired_apart_or_together(isolation: str, tmp_path: Path) -> None:
    """Two files hold one stream each; a file is appended to; bytes that are not UTF-8 pass."""
    argv = ("sh", "-c", "printf '\\377\\000'; echo err >&2")
    for _ in range(2):
        assert (
            start(
                Container("c", argv, {"PATH": os.defpath}), stdout=tmp_path / "o", stderr=tmp_path / "e"
            ).wait()
            == 0
        )
    assert (tmp_path / "o").read_bytes() == b"\xff\x00\xff\x00"
    assert (tmp_path / "e").read_text() == "err\nerr\n"


def test_a_pipe_closes_with_the_container(isolation: str) -> None:
    """A reader of a container's output pipe sees its end, as nobody else keeps the pipe open."""
    reader, writer = os.pipe()
    process = start(Container("c", ("sh", "-c", "echo hi"), {"PATH": os.defpath}), stdout=writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        assert stream.read() == b"hi\n"
    assert process.wait(20) == 0


def test_stdin_is_empty(isolation: str, sh: Shell) -> None:
    """A container that reads stdin reads its end at once instead of the terminal."""
    assert sh("cat; echo done") == (0, "done\n")


def test_signals_are_as_in_a_fresh_process(isolation: str, sh: Shell) -> None:
    """SIGPIPE ends a writer and no signal is blocked or ignored for main, whatever Python has done."""
    code, output = sh("grep -E '^Sig(Blk|Ign)' /proc/self/status")
    blocked, ignored = (int(text, 16) for text in output.split()[1::2])
    internal = 1 << 31 | 1 << 32  # glibc's own, which its posix_spawn leaves ignored
    assert (code, blocked, ignored & ~internal) == (0, 0, 0)


def test_only_the_three_streams_are_open(isolation: str, sh: Shell) -> None:
    """No descriptor of the starter, of the spawner or of another container is inherited."""
    assert sh("ls /proc/self/fd | sort")[1].split() == ["0", "1", "2", "3"]  # 3: ls itself


def test_what_cannot_be_set_up_is_an_error_before_anything_runs(
    namespaces: str, sh: Shell, tmp_path: Path
) -> None:
    """A source that is missing, a target that cannot be, a file over a folder: each is named."""
    (tmp_path / "file").write_text("x")
    for mount, words in [
        ((tmp_path / "no", STORE), "No such file"),
        ((tmp_path, "/"), "expected an absolute path"),
        ((tmp_path, "relative"), "expected an absolute path"),
        ((tmp_path / "file", "/usr"), "Not a directory"),
    ]:
        with pytest.raises(ArgolaneError, match="Container 'test'") as error:
            sh("exit 0", mounts=[mount])
        assert words in str(error.value)
        assert str(mount[1]) in str(error.value)


def test_folders_that_are_not_there_are_named(isolation: str, tmp_path: Path) -> None:
    """A /tmp, a log's folder, and without namespaces a working folder: an error, and no container."""
    container = Container("c", ("true",), {"PATH": os.defpath})
    for fields, place, name in [
        ({"tmp": tmp_path / "no"}, tmp_path / "out", "no"),
        ({}, tmp_path / "nowhere" / "out", "nowhere"),
        ({"workdir": "/no/such"}, tmp_path / "out", "/no/such"),
    ]:
        if name != ("no" if isolation == "none" else "/no/such"):
            with pytest.raises(ArgolaneError, match=f"Container 'c' cannot start: .*{name}"):
                start(dataclasses.replace(container, **fields), stdout=place)


def test_what_is_too_long_or_no_text_is_an_error(isolation: str, sh: Shell) -> None:
    """An argument longer than the system takes: exit code 126 with the reason; one with NUL: no start."""
    assert sh("true", "x" * 200_000) == (126, "argolane: cannot run 'sh': Argument list too long.\n")
    with pytest.raises(ArgolaneError, match="cannot start: ValueError: embedded null byte"):
        sh("true", "a\0b")


def test_a_container_without_a_command_is_an_error() -> None:
    """An empty argv, of an image with no command of its own, is refused by the container's name."""
    with pytest.raises(ArgolaneError, match="Container 'c': nothing to run"):
        start(Container("c", (), {}), stdout=1)


def test_without_namespaces_a_script_that_holds_a_mount_path_is_refused(
    no_namespaces: str, sh: Shell, tmp_path: Path
) -> None:
    """The refusal names each path, and a path that is only part of another is none."""
    with pytest.raises(NotSupportedLocally) as error:
        sh("x", literal_text=(f"open('{STORE}/m'); open('/tmp/x')",), mounts=[(tmp_path, STORE)])
    assert [fault.count(path) for fault, path in zip(error.value.faults, [STORE, "/tmp"], strict=True)] == [
        1,
        1,
    ]
    assert sh("exit 0", literal_text=(f"{STORE}2 /x{STORE} /tmpfile",), mounts=[(tmp_path, STORE)])[0] == 0


def test_many_threads_start_containers_at_once(isolation: str, tmp_path: Path) -> None:
    """Containers outlive the thread that started them, and each thread hears of its own."""
    codes: dict[int, int] = {}
    processes = {}

    def launch(number: int) -> None:
        argv = ("sh", "-c", f"sleep 0.2; exit {number}")
        processes[number] = start(Container(str(number), argv, {"PATH": os.defpath}), stdout=tmp_path / "o")

    threads = [threading.Thread(target=launch, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, process in processes.items():
        codes[number] = process.wait(20)
    assert codes == {number: number for number in range(12)}


def test_a_container_gets_its_grace_and_then_ends(isolation: str, tmp_path: Path) -> None:
    """SIGTERM lets main clean up; main that ignores it is killed after the grace period."""
    output = tmp_path / "out"
    polite = ("sh", "-c", "trap 'echo bye; exit 7' TERM; echo up; while :; do sleep 0.05; done")
    deaf = ("sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.05; done")
    for argv, grace, code in [(polite, 10.0, 7), (deaf, 0.2, 137), (("sleep", "60"), 10.0, 143)]:
        output.unlink(missing_ok=True)
        process = start(Container("c", argv, {"PATH": os.defpath}), stdout=output)
        while argv[0] == "sh" and "up" not in output.read_text():
            assert process.poll() is None
        assert process.terminate(grace) == code
        assert process.poll() == process.wait() == code
    assert process.fileno() == -1


def test_waiting_has_a_bound(isolation: str, tmp_path: Path) -> None:
    """wait(timeout) raises TimeoutError and leaves the container running; kill ends it with 137."""
    process = start(Container("slow", ("sleep", "60"), {"PATH": os.defpath}), stdout=tmp_path / "o")
    with pytest.raises(TimeoutError, match="'slow' still runs"):
        process.wait(0.05)
    assert process.poll() is None
    os.kill(process.pid, 0)
    process.kill()
    assert process.wait(10) == 128 + signal.SIGKILL
    process.kill()
    assert process.terminate(1) == 137


def test_mount_values_are_data() -> None:
    """A Mount compares by value, so that an unchanged specification can be told from a changed one."""
    assert Mount(Path("/a"), "/b") == Mount(Path("/a"), "/b", read_only=False)
