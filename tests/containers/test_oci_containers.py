"""A container of a real image: its root, user and rights; and what an image that means harm cannot do."""

import os
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made_images import entry, folder, image, link, programs, tar

from argolane.containers.oci import prepared
from argolane.containers.oci.store import Store
from argolane.containers.sandbox import Container, ImageRoot, Mount, Outputs, start
from argolane.errors import ArgolaneError

BASE = tar(
    [
        folder("etc"),
        entry("etc/passwd", "root:x:0:0:root:/root:/bin/sh\napp:x:1234:1235::/home/app:/bin/sh\n"),
        entry("etc/group", "root:x:0:\napp:x:1235:\nextra:x:77:app\n"),
        folder("home/app", uid=1234, gid=1235),
        entry("only-here", "of the image\n"),
        *programs("sh", "cat", "ls", "id", "mkdir", "mknod", "chmod", "stat", "mount", "ln"),
    ]
)
Run = Callable[..., tuple[int, str]]
Roots = Callable[..., prepared.Prepared]


@pytest.fixture
def roots(tmp_path: Path) -> Roots:
    """An image of a layer upon BASE, unpacked."""

    def make(*entries: tuple[tarfile.TarInfo, bytes], **config: Any) -> prepared.Prepared:
        store, layers = Store(tmp_path / "images"), [BASE, tar(entries)]
        made = image(*layers, compression="none", **config)
        for key, content in made.blobs.items():
            store.path(key).parent.mkdir(parents=True, exist_ok=True)
            store.path(key).write_bytes(content)
        store.record("docker.io/library/x:1", made.manifest, "file")
        return prepared.get(store, "x:1", (), say=lambda _: None)

    return make


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Shell text in a container of the image; exit code and output."""

    def start_and_wait(ready: prepared.Prepared, script: str, **fields: Any) -> tuple[int, str]:
        output = tmp_path / "output.txt"
        output.unlink(missing_ok=True)
        user = ready.user
        root = ImageRoot(ready.folder, user.uid, user.gid, user.groups)
        fields = {"workdir": ready.config.workdir, "env": {"PATH": "/bin"}, **fields}
        made = Container("c", ("sh", "-c", script), image=root, **fields)
        return start(made, stdout=output).wait(20), output.read_text()

    return start_and_wait


def test_it_sees_the_image_and_not_this_machine(namespaces: str, roots: Roots, run: Run) -> None:
    """Its files, a pod's folders, and nothing else at the root."""
    code, output = run(roots(), "cat /only-here; ls /")
    assert code == 0
    names = ["bin", "dev", "etc", "home", "lib", "only-here", "proc", "sys", "tmp"]
    assert output.splitlines()[0] == "of the image"
    assert [name for name in output.splitlines()[1:] if name != "lib64"] == names


def test_what_it_writes_is_thrown_away(namespaces: str, roots: Roots, run: Run) -> None:
    """Everywhere in its root, and the next container sees the image as it was."""
    ready = roots()
    assert run(ready, "echo x > /only-here && echo y > /new && mkdir /opt && cat /only-here") == (0, "x\n")
    assert run(ready, "cat /only-here; ls /new")[1].startswith("of the image\n")
    assert sorted(path.name for path in ready.folder.iterdir() if path.name in ("new", "opt")) == []


def test_mounts_and_tmp_are_where_a_pod_has_them(
    namespaces: str, roots: Roots, run: Run, tmp_path: Path
) -> None:
    """A folder, a file, one of both read-only, below a path that the image has not, and /tmp."""
    for name in ("store", "closed", "tmp"):
        (tmp_path / name).mkdir()
    (tmp_path / "key").write_text("k\n")
    mounts = (
        Mount(tmp_path / "store", "/mnt/a/store"),
        Mount(tmp_path / "closed", "/mnt/closed", True),
        Mount(tmp_path / "key", "/etc/app/key"),
        Mount(tmp_path / "key", "/dev/termination-log"),
    )
    script = "echo 1 > /mnt/a/store/f; echo 2 > /tmp/g; cat /etc/app/key /dev/termination-log"
    script += "; echo 3 > /mnt/closed/h"
    code, output = run(roots(), script, mounts=mounts, tmp=tmp_path / "tmp")
    assert code != 0 and output.startswith("k\nk\n") and "Read-only" in output
    assert (tmp_path / "store/f").read_text() + (tmp_path / "tmp/g").read_text() == "1\n2\n"
    assert not list((tmp_path / "closed").iterdir())


def test_user_and_working_folder_are_those_of_the_image(namespaces: str, roots: Roots, run: Run) -> None:
    """USER by name with its groups and home, WORKDIR made where it is missing."""
    ready = roots(User="app", WorkingDir="/srv/made")
    assert (ready.user.uid, ready.user.gid, ready.user.home) == (1234, 1235, "/home/app")
    code, output = run(
        ready, "id -u; id -g; id -G; pwd; echo x > /tmp/x; echo y > /home/app/y && cat /home/app/y"
    )
    uid, gid, groups, workdir, wrote = output.splitlines()
    assert (code, uid, gid, workdir, wrote) == (0, "1234", "1235", "/srv/made", "y")
    assert groups == ("1235 77" if namespaces == "root" else groups)


def test_hosts_and_name_servers_are_the_machines(namespaces: str, roots: Roots, run: Run) -> None:
    """With names of its own, and whatever the image has there, be it a link."""
    ready = roots(link("etc/hosts", "/only-here"), entry("etc/resolv.conf", "nameserver 6.6.6.6\n"))
    code, output = run(ready, "cat /etc/hosts /etc/resolv.conf", hosts={"model-store": "127.64.0.9"})
    assert code == 0 and "127.64.0.9\tmodel-store" in output and "6.6.6.6" not in output


def test_it_has_few_rights(namespaces: str, roots: Roots, run: Run) -> None:
    """No device, no mount, no kernel setting, nothing of another process, no rights by a set-id file."""
    code, output = run(
        roots(),
        "ls /dev; mknod /tmp/d c 1 3 && echo DEVICE; mount -t tmpfs x /home && echo MOUNT; "
        "echo x > /proc/sys/kernel/hostname && echo SETTING; ls /proc/1/root && echo INIT; "
        "ls /sys/firmware; cat /proc/self/status; cat /proc/mounts",
    )
    assert code == 0
    assert not {"DEVICE", "MOUNT", "SETTING", "INIT"} & set(output.splitlines())
    devices = "fd full null ptmx pts random shm stderr stdin stdout tty urandom zero"
    assert output.splitlines()[:13] == devices.split()
    status = dict(line.split(":\t", 1) for line in output.splitlines() if ":\t" in line)
    assert status["NoNewPrivs"] == "1"
    assert int(status["CapBnd"], 16) == int(status["CapEff"], 16) == 0xA00405FB
    overlay = next(line for line in output.splitlines() if line.startswith("overlay / "))
    assert "nosuid" in overlay and "nodev" in overlay


def test_another_user_has_no_rights_at_all(namespaces: str, roots: Roots, run: Run) -> None:
    """A process of USER app has not one capability."""
    code, output = run(roots(User="app"), "cat /proc/self/status")
    assert code == 0
    status = dict(line.split(":\t", 1) for line in output.splitlines())
    assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0


ESCAPES = [
    "/proc/self/fd/3",
    "/proc/self/fd/7/evil",
    "/proc/1/root/evil",
    "/proc/1/cwd",
    "/esc/evil",
    "/dev/fd/5/evil",
]


@pytest.mark.parametrize("workdir", ESCAPES)
def test_a_working_folder_cannot_lead_out(namespaces: str, roots: Roots, run: Run, workdir: str) -> None:
    """Through /proc, as in CVE-2024-21626: it is a folder of the image, or an error."""
    ready = roots(link("esc", "/proc/self/fd/5"), WorkingDir=workdir)
    try:
        code, output = run(ready, "pwd; ls -a . .. ../../.. | cat; cat /only-here")
    except ArgolaneError as error:
        assert "working folder" in str(error)
    else:
        assert code == 0 and output.splitlines()[-1] == "of the image"
        assert "unreachable" not in output


@pytest.mark.parametrize("target", ["/esc/data", "/up/data", "/loop/data", "/abs", "/file/data"])
def test_a_mount_cannot_be_led_out(
    namespaces: str, roots: Roots, run: Run, tmp_path: Path, target: str
) -> None:
    """A mount path through links of the image ends in the image, or is an error; nothing is made outside."""
    (tmp_path / "v").mkdir()
    marker = f"argolane-evil-{os.getpid()}"
    ready = roots(
        link("esc", "/proc/self/fd/4"), link("up", "../../../../.."), link("loop", "loop"),
        entry("file", "x"), link("abs", f"/{marker}/x"),
    )  # fmt: skip
    before = sorted(path.name for path in Path("/").iterdir())
    try:
        code, output = run(ready, f"echo x > {target}/f", mounts=(Mount(tmp_path / "v", target),))
        assert code == 0 and (tmp_path / "v/f").exists(), output
    except ArgolaneError as error:
        assert "mount" in str(error)
    assert sorted(path.name for path in Path("/").iterdir()) == before


def test_dev_proc_and_tmp_of_an_image_are_not_used(namespaces: str, roots: Roots, run: Run) -> None:
    """Links, files and folders full of things in their places: the container has a pod's."""
    ready = roots(link("dev", "/etc"), link("proc", "home"), entry("tmp", "a file"), link("sys", "../../sys"))
    code, output = run(ready, "ls /dev/null /proc/self/status && echo x > /tmp/x && ls -d /tmp/x; ls /home")
    assert (code, output) == (0, "/dev/null\n/proc/self/status\n/tmp/x\napp\n")


def test_what_it_leaves_is_copied_without_set_id_bits_and_from_its_own_root(
    namespaces: str, roots: Roots, run: Run, tmp_path: Path
) -> None:
    """An output that is a link to /etc/passwd is the image's; a set-id file of root's is a plain one here."""
    (tmp_path / "kept").mkdir()
    outputs = Outputs(tmp_path / "kept", {"/out": "0", "/su": "1", "/none": "2"})
    script = "ln -s /etc/passwd /out; cat /only-here > /su; chmod 6777 /su; stat -c %a /su"
    assert run(roots(), script, outputs=outputs) == (0, "6777\n")
    assert "app:x:1234" in (tmp_path / "kept/0").read_text()
    assert (tmp_path / "kept/1").stat().st_mode & 0o7000 == 0
    assert not (tmp_path / "kept/2").exists()


def test_a_program_that_is_missing_is_said_as_in_any_container(
    namespaces: str, roots: Roots, run: Run, tmp_path: Path
) -> None:
    """127 when it is not there, 126 when it is no program, though this machine has both."""
    ready = roots(entry("bin/text", "no program", mode=0o644))
    root = ImageRoot(ready.folder)
    for argv, code in ((("env",), 127), (("/usr/bin/env",), 127), (("text",), 126)):
        output = tmp_path / "o"
        made = Container("c", argv, {"PATH": "/bin"}, image=root)
        assert start(made, stdout=output).wait(20) == code
        assert "argolane: cannot run" in output.read_text()


def test_without_namespaces_it_is_refused(no_namespaces: str, roots: Roots) -> None:
    """Not run on this machine's files instead."""
    with pytest.raises(ArgolaneError, match="allows no namespaces"):
        start(Container("c", ("sh",), {}, image=ImageRoot(roots().folder)), stdout=subprocess.DEVNULL)
