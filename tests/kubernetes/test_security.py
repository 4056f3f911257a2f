"""Who main is: what the pod says, then the container, over what the image says."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from argolane.containers.container import EngineImage, ImageRoot
from argolane.errors import ArgolaneError
from argolane.kubernetes import security, volumes
from argolane.kubernetes.objects import Objects
from argolane.kubernetes.security import Asked
from argolane.kubernetes.volumes import Places
from argolane.project import Project

APP = {"uid": 1234, "gid": 1235, "groups": (77,), "declared": "app"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\napp:x:1234:1235::/home/app:/bin/sh\n")
    (tmp_path / "etc/group").write_text("root:x:0:\napp:x:1235:\nextra:x:77:app\n")
    return tmp_path


@pytest.mark.parametrize(
    ("image", "pod", "container", "wanted"),
    [
        (APP, {}, {}, (1234, 1235, (77,))),
        (APP, {}, {"runAsUser": 3000}, (3000, 0, ())),
        (APP, {}, {"runAsGroup": 3001}, (1234, 3001, (77,))),
        (APP, {"runAsUser": 3000, "runAsGroup": 3001}, {}, (3000, 3001, ())),
        (APP, {"runAsUser": 3000, "runAsGroup": 3001}, {"runAsGroup": 9}, (3000, 9, ())),
        ({}, {"runAsUser": 3000}, {"runAsUser": 1234}, (1234, 1235, (77,))),
        (APP, {"supplementalGroups": [4000, 77], "fsGroup": 5000}, {}, (1234, 1235, (77, 4000, 5000))),
        (APP, {"runAsUser": 3000}, {"runAsUser": 0}, (0, 0, ())),
        ({"uid": 2001, "gid": 2002, "declared": "2001:2002"}, {}, {}, (2001, 0, ())),
        ({"uid": 1234, "gid": 77, "declared": "app:extra"}, {}, {}, (1234, 1235, (77,))),
        ({"uid": 8, "declared": "8"}, {"runAsNonRoot": True}, {}, (8, 0, ())),
    ],
)
def test_the_container_comes_before_the_pod_and_both_before_the_image(
    root: Path, image: dict[str, Any], pod: dict[str, Any], container: dict[str, Any], wanted: tuple[Any, ...]
) -> None:
    """Another user has the group and the groups that the image's own files give it, else group 0; the group
    of USER does not count. All as a kubelet of 1.33 with containerd was seen to do."""
    found = security.applied(ImageRoot(root, **image), Asked.of(pod, container), "main")
    assert isinstance(found, ImageRoot)
    assert (found.uid, found.gid, found.groups) == wanted
    if found.uid != image.get("uid", 0):
        assert found.home == ("/home/app" if found.uid == 1234 else "/root" if found.uid == 0 else "/")


@pytest.mark.parametrize(
    ("pod", "container", "user", "groups"),
    [
        ({}, {}, "app", ()),
        ({"runAsUser": 3000}, {}, "3000", ()),
        ({"runAsUser": 3000}, {"runAsUser": 1, "runAsGroup": 2}, "1:2", ()),
        ({"fsGroup": 5, "supplementalGroups": [4]}, {"runAsGroup": 9}, "app:9", (4, 5)),
    ],
)
def test_an_engine_is_told_the_same(
    pod: dict[str, Any], container: dict[str, Any], user: str, groups: tuple[int, ...]
) -> None:
    """A user that has a name in the image it looks up itself."""
    found = security.applied(
        EngineImage("docker", "x", declared="app:extra"), Asked.of(pod, container), "main"
    )
    assert isinstance(found, EngineImage)
    assert (found.user, found.groups) == (user, groups)


@pytest.mark.parametrize(
    ("declared", "pod", "container", "words"),
    [
        ("", {"runAsNonRoot": True}, {}, "container has runAsNonRoot and image will run as root"),
        ("app", {"runAsUser": 0}, {"runAsNonRoot": True}, "container's runAsUser breaks non-root policy"),
        (
            "app:x",
            {"runAsNonRoot": True},
            {},
            r"container has runAsNonRoot and image has non-numeric user \(app\)",
        ),
    ],
)
def test_a_pod_that_forbids_root_gets_none(
    root: Path, declared: str, pod: Any, container: Any, words: str
) -> None:
    """In the kubelet's words."""
    for image in (ImageRoot(root, declared=declared), EngineImage("podman", "x", declared=declared)):
        with pytest.raises(ArgolaneError, match=f"Container 'main': {words}"):
            security.applied(image, Asked.of(pod, container), "main")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_the_pods_own_volumes_belong_to_its_group(tmp_path: Path) -> None:
    """An emptyDir can be written by it, a Secret that only its owner may read can be read by it."""
    objects = Objects(Project(tmp_path))
    objects.put({"kind": "Secret", "metadata": {"name": "s"}, "stringData": {"key": "k"}}, 0)
    declared: list[dict[str, Any]] = [
        {"name": "empty", "emptyDir": {}},
        {"name": "closed", "secret": {"secretName": "s", "defaultMode": 0o400}},
        {"name": "claim", "persistentVolumeClaim": {"claimName": "c"}},
    ]
    places = Places(*(tmp_path / name for name in ("claims", "run", "pod")))
    found = volumes.prepare(declared, places, objects, group=5000)
    assert found["empty"].stat().st_gid == 5000 and found["empty"].stat().st_mode & 0o2070 == 0o2070
    key = (found["closed"] / "key").stat()
    assert (key.st_gid, key.st_mode & 0o777) == (5000, 0o440)
    assert found["claim"].stat().st_gid == 0


def test_what_vanishes_while_a_volume_is_given_away_is_no_matter(tmp_path: Path) -> None:
    """A container of the pod that runs already may write and remove in it."""
    if os.geteuid():
        pytest.skip("only root can give files away")
    places, objects = Places(tmp_path, tmp_path, tmp_path / "pod"), Objects(Project(tmp_path))
    busy = tmp_path / "pod/scratch"
    program = (
        "import os, shutil, sys\n"
        "while True:\n"
        "    for n in range(30): os.makedirs(f'{sys.argv[1]}/{n}/d', exist_ok=True)\n"
        "    for n in range(30): open(f'{sys.argv[1]}/{n}/d/f', 'w').close()\n"
        "    for n in range(30): shutil.rmtree(f'{sys.argv[1]}/{n}')\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, busy / "inner"]) as writer:
        try:
            while not (busy / "inner/0").exists() and writer.poll() is None:
                time.sleep(0.01)
            for _ in range(200):
                volumes.prepare([{"name": "scratch", "emptyDir": {}}], places, objects, group=5000)
            assert writer.poll() is None
        finally:
            writer.kill()
    assert busy.stat().st_gid == 5000
