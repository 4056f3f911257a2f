"""A container of a pod spec, and the files it has mounted."""

from pathlib import Path
from typing import Any

import pytest

from argolane.containers.cgroups import Limits
from argolane.containers.images import Image
from argolane.containers.sandbox import Container
from argolane.errors import ArgolaneError
from argolane.kubernetes import containerspec, fields
from argolane.kubernetes.containerspec import in_pod
from argolane.kubernetes.objects import Objects
from argolane.kubernetes.volumes import Places

IMAGE = Image("x", ("serve", "$(A)"), {"PATH": "/bin", "A": "image"}, Path("/srv"))
POD = fields.of_pod("pod-1", "demo", "u", labels={}, annotations={})


def made(objects: Objects, folder: Path, pod: dict[str, Any], **container: Any) -> Container:
    places = Places(folder / "claims", folder / "run", folder / "pod")
    return in_pod(
        pod, {"name": "c", **container}, IMAGE, places=places, fields=POD, objects=objects, added={"B": "b"}
    )


def test_the_images_command_is_run_as_it_is(objects: Objects, tmp_path: Path) -> None:
    """Kubernetes expands what the manifest says, not what the image holds; the pod's name is its HOSTNAME."""
    found = made(objects, tmp_path, {})
    assert (found.argv, str(found.workdir)) == (("serve", "$(A)"), "/srv")
    assert found.env == {"PATH": "/bin", "A": "image", "B": "b", "HOSTNAME": "pod-1"}
    assert made(objects, tmp_path, {}, args=["$(B)", "$(NO)"]).argv == ("b", "$(NO)")


def test_volumes_of_every_kind(objects: Objects, tmp_path: Path) -> None:
    """Claims, emptyDirs, keys of Secrets and ConfigMaps, several of them in one folder."""
    volumes = [
        {"name": "claim", "persistentVolumeClaim": {"claimName": "store"}},
        {"name": "scratch", "emptyDir": {}},
        {"name": "secret", "secret": {"secretName": "conf", "defaultMode": 0o400}},
        {"name": "both", "projected": {"sources": [
            {"configMap": {"name": "conf", "items": [{"key": "colour", "path": "a/c"}]}},
            {"secret": {"name": "no", "optional": True}},
        ]}},
        {"name": "unused", "configMap": {"name": "no"}},
    ]  # fmt: skip
    mounts = [{"name": str(v["name"]), "mountPath": f"/m/{v['name']}"} for v in volumes[:4]]
    mounts.append({"name": "claim", "mountPath": "/of/pod", "subPathExpr": "$(POD)"})
    env = [{"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]
    found = made(objects, tmp_path, {"volumes": volumes}, volumeMounts=mounts, env=env)
    by_target = {mount.target: mount for mount in found.mounts}
    assert by_target["/m/claim"].source == tmp_path / "claims" / "store"
    assert by_target["/of/pod"].source == tmp_path / "claims" / "store" / "pod-1"
    assert [by_target[f"/m/{v['name']}"].read_only for v in volumes[:4]] == [False, False, True, True]
    secret = by_target["/m/secret"].source
    assert sorted(file.name for file in secret.iterdir()) == ["colour", "no name"]
    assert ((secret / "colour").read_text(), (secret / "colour").stat().st_mode & 0o777) == ("blue", 0o400)
    both = by_target["/m/both"].source
    assert [str(file.relative_to(both)) for file in sorted(both.rglob("*"))] == ["a", "a/c"]


@pytest.mark.parametrize(
    ("volume", "mount", "problem"),
    [
        ({"emptyDir": {}}, {"subPath": "../x"}, "volume 'v': subPath '../x' must stay inside the volume"),
        ({"emptyDir": {}}, {"subPathExpr": "$(NO)"}, "subPathExpr '$(NO)': missing value for 'NO'"),
        ({"secret": {"secretName": "no"}}, {}, "Secret 'no' not found"),
        ({"configMap": {"name": "conf", "items": [{"key": "k", "path": "k"}]}}, {}, "has no key 'k'"),
        ({"configMap": {"name": "conf", "items": [{"key": "colour", "path": "../../k"}]}}, {},
         "ConfigMap 'conf': path '../../k' must stay inside the volume"),
    ],
)  # fmt: skip
def test_volumes_that_cannot_be(
    objects: Objects, tmp_path: Path, volume: dict[str, Any], mount: dict[str, Any], problem: str
) -> None:
    """What leads out of a volume, or is not there, is refused by name."""
    with pytest.raises(ArgolaneError) as caught:
        made(objects, tmp_path, {"volumes": [{"name": "v", **volume}]},
             volumeMounts=[{"name": "v", "mountPath": "/m", **mount}])  # fmt: skip
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [({"memory": "100m"}, Limits(memory=1)), ({"memory": "1.5"}, Limits(memory=2)),
     ({"memory": "0", "cpu": "0"}, Limits()), ({"memory": "1Mi", "cpu": "1500m"}, Limits(1 << 20, 1.5))],
)  # fmt: skip
def test_a_part_of_a_byte_is_a_limit_too(given: dict[str, str], wanted: Limits) -> None:
    """Rounded up: no bytes would be no limit."""
    assert containerspec.limits({"resources": {"limits": given}}) == wanted
