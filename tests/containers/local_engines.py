"""Docker and Podman of this machine with an image to run, or why there is none of them.

Docker's daemon is started for the tests where this user may; both are given an image made here.
"""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from made_images import entry, folder, programs, tar

IMAGE = "argolane-made:1"
_TOOLS = ("sh", "cat", "ls", "id", "mkdir", "sleep", "env", "ln", "chmod", "head", "tail", "pwd", "test")
_STARTS_WITHIN = 60.0
_CONFIG = (
    "ENV COLOR=red",
    "USER app",
    "WORKDIR /srv/made",
    'ENTRYPOINT ["sh", "-c"]',
    'CMD ["echo by itself"]',
)


def _files() -> bytes:
    return tar(
        [
            folder("etc"),
            entry("etc/passwd", "root:x:0:0:root:/root:/bin/sh\napp:x:1234:1235::/home/app:/bin/sh\n"),
            entry("etc/group", "root:x:0:\napp:x:1235:\nextra:x:77:app\n"),
            folder("home/app", uid=1234, gid=1235),
            entry("only-here", "of the image\n"),
            *programs(*_TOOLS),
        ]
    )


@contextlib.contextmanager
def ready(engine: str, folder: Path) -> Iterator[str]:
    """The engine with IMAGE; skips the test, with the engine's words, where it cannot run a container."""
    if shutil.which(engine) is None:
        pytest.skip(f"no {engine} on PATH; `make {engine}` installs it, as root on Debian")
    with pytest.MonkeyPatch.context() as patch, contextlib.ExitStack() as ends:
        if engine == "docker":
            ends.enter_context(_daemon(patch, folder))
        else:
            store = f'[storage]\ndriver = "overlay"\ngraphroot = "{folder}/root"\nrunroot = "{folder}/run"\n'
            (folder / "storage.conf").write_text(store)
            patch.setenv("CONTAINERS_STORAGE_CONF", str(folder / "storage.conf"))
        changes = [part for change in _CONFIG for part in ("--change", change)]
        _run(engine, "import", *changes, "-", IMAGE, given=_files())
        if engine == "podman" and (why := _fails()):
            if shutil.which("runc") is None:
                pytest.skip(why)
            # crun refuses a machine with both versions of control groups.
            (folder / "containers.conf").write_text('[engine]\nruntime = "runc"\n')
            patch.setenv("CONTAINERS_CONF", str(folder / "containers.conf"))
            if why := _fails():
                pytest.skip(why)
        yield engine


def _fails() -> str:
    done = subprocess.run(
        ["podman", "run", "--rm", "--init", "--network=host", "--ulimit=nofile=512:512",
         "--ulimit=nproc=512:512", IMAGE],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stderr.strip() if done.returncode else ""


@contextlib.contextmanager
def _daemon(patch: pytest.MonkeyPatch, folder: Path) -> Iterator[None]:
    """The one that is there, or one that is started."""
    if subprocess.run(["docker", "version"], capture_output=True, check=False).returncode == 0:
        yield
        return
    if os.geteuid() or shutil.which("dockerd") is None:
        pytest.skip("docker does not answer, and there is no dockerd that this user may start")
    patch.setenv("DOCKER_HOST", f"unix://{folder}/s")
    # In a network of its own: with no bridge of its own it would remove that of another daemon. And its
    # mounts, which it leaves behind, go with it.
    options = {"data-root": "data", "exec-root": "exec", "pidfile": "pid"}
    with (folder / "log").open("w") as log:
        daemon = subprocess.Popen(
            ["unshare", "--net", "--mount", "dockerd", f"--host=unix://{folder}/s", "--bridge=none",
             "--iptables=false", *(f"--{option}={folder}/{name}" for option, name in options.items())],
            stdout=log, stderr=log,
        )  # fmt: skip
    try:
        end = time.monotonic() + _STARTS_WITHIN
        while subprocess.run(["docker", "version"], capture_output=True, check=False).returncode:
            if daemon.poll() is not None or time.monotonic() > end:
                pytest.skip((folder / "log").read_text()[-500:])
            time.sleep(0.2)
        yield
    finally:
        daemon.terminate()
        daemon.wait(60)


def _run(*command: str, given: bytes) -> None:
    done = subprocess.run(command, input=given, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def containers(engine: str) -> list[str]:
    """The names of those that are there, whatever their state."""
    done = subprocess.run(
        [engine, "ps", "--all", "--format", "{{.Names}}"], capture_output=True, text=True, check=True
    )
    return done.stdout.split()
