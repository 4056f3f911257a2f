"""A pod's and a container's securityContext in, who main is in its image out, as a kubelet and containerd do.

The container's word comes before the pod's, field by field, and that before the image's USER. Groups are the
pod's alone, on top of those that the image has for the user.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from argolane.containers.container import EngineImage, ImageRoot
from argolane.containers.oci import users
from argolane.errors import ArgolaneError

Tree = Mapping[str, Any]


@dataclass(frozen=True)
class Asked:
    """What is asked for; None where it is left to the image."""

    uid: int | None = None
    gid: int | None = None
    groups: tuple[int, ...] = ()
    never_root: bool = False

    @classmethod
    def of(cls, pod: Tree, container: Tree) -> "Asked":
        both = {**_given(pod), **_given(container)}
        groups = [int(group) for group in pod.get("supplementalGroups") or ()]
        if (own := fs_group(pod)) is not None:
            groups.append(own)
        return cls(
            _number(both.get("runAsUser")),
            _number(both.get("runAsGroup")),
            tuple(dict.fromkeys(groups)),
            bool(both.get("runAsNonRoot")),
        )


def fs_group(pod: Tree) -> int | None:
    """The group that a pod's own volumes belong to."""
    return _number(pod.get("fsGroup"))


def applied(image: ImageRoot | EngineImage, asked: Asked, container: str) -> ImageRoot | EngineImage:
    """ArgolaneError, in the kubelet's words, for a user that the pod forbids."""
    if reason := _forbidden(image.declared.partition(":")[0], asked):
        raise ArgolaneError(f"Container {container!r}: {reason}.")
    return _of_engine(image, asked) if isinstance(image, EngineImage) else _of_root(image, asked, container)


def _of_root(image: ImageRoot, asked: Asked, container: str) -> ImageRoot:
    user, colon, _ = image.declared.partition(":")
    # The group of USER is of no account to a kubelet.
    if asked.uid is not None or colon:
        who = user if asked.uid is None else str(asked.uid)
        found = users.find(image.folder, who, f"Container {container!r}")
        image = replace(image, uid=found.uid, gid=found.gid, groups=found.groups, home=found.home)
    if asked.gid is not None:
        image = replace(image, gid=asked.gid)
    return replace(image, groups=tuple(dict.fromkeys((*image.groups, *asked.groups))))


def _of_engine(image: EngineImage, asked: Asked) -> EngineImage:
    own, colon, _ = image.declared.partition(":")
    user = (own if colon else "") if asked.uid is None else str(asked.uid)
    if asked.gid is not None:
        user = f"{user or own or 0}:{asked.gid}"
    return replace(image, user=user, groups=asked.groups)


def _forbidden(user: str, asked: Asked) -> str:
    """Why main would break runAsNonRoot, or might; `user` is the image's."""
    if not asked.never_root or asked.uid:
        return ""
    if asked.uid == 0:
        return "container's runAsUser breaks non-root policy"
    if user.isdigit() or not user:
        return "" if int(user or 0) else "container has runAsNonRoot and image will run as root"
    return (
        f"container has runAsNonRoot and image has non-numeric user ({user}), cannot verify user is non-root"
    )


def _given(context: Tree) -> dict[str, Any]:
    names = ("runAsUser", "runAsGroup", "runAsNonRoot")
    return {name: context[name] for name in names if context.get(name) is not None}


def _number(value: object) -> int | None:
    return None if value is None else int(str(value))
