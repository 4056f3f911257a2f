"""What a container is: its program, what it sees, the user that it is, and what is kept of it at its end."""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from argolane.containers.cgroups import Limits
from argolane.containers.inside.collecting import lies_in
from argolane.containers.inside.layers import SPARSE
from argolane.errors import ArgolaneError

# Folders that every image has, much as the host does.
_SYSTEM = frozenset(
    "bin boot dev etc lib lib32 lib64 libx32 proc run sbin sys tmp usr var".split()  # noqa: SIM905
)


@dataclass(frozen=True)
class Mount:
    """The folder or file `source` of this machine, seen by the container at the absolute path `target`."""

    source: Path
    target: str
    read_only: bool = False

    def checked(self, container: str) -> "Mount":
        """Whole paths; ArgolaneError for a target that no container can have."""
        target = posixpath.normpath(self.target)
        if not target.startswith("/") or target.strip("/") in ("", "proc", "dev", "sys"):
            raise ArgolaneError(
                f"Container {container!r}: cannot mount at {self.target!r}; expected an absolute path other "
                "than /, /proc, /dev and /sys."
            )
        return Mount(self.source.absolute(), target, self.read_only)


@dataclass(frozen=True)
class Outputs:
    """Paths of a container to keep when it has ended, in `folder`, each under the name given (collecting.py).

    What lies in one of the `in_place` folders is not copied. The paths are the image's own: what the host
    has there is not shown, but for the folders of a system.
    """

    folder: Path
    paths: Mapping[str, str]
    in_place: tuple[str, ...] = ()

    def hidden(self) -> list[str]:
        """Entries of the host's root, or of its folders that are empty in an image, that are not shown."""
        found = set()
        for path in self.paths:
            top, _, rest = path.strip("/").partition("/")
            if lies_in(path, self.in_place):
                continue
            if top in SPARSE and rest:
                found.add(f"/{top}/{rest.partition('/')[0]}")
            elif top and top not in _SYSTEM:
                found.add(f"/{top}")
        return sorted(found)


@dataclass(frozen=True)
class ImageRoot:
    """The root folder of a real image, shared and never written to, and the user that its main is: by
    numbers, and as the image's USER has it."""

    folder: Path
    uid: int = 0
    gid: int = 0
    groups: tuple[int, ...] = ()
    declared: str = ""
    home: str = "/"


@dataclass(frozen=True)
class EngineImage:
    """An image of a local engine's, by its digest: that engine runs the container.

    `workdir` and `declared`, its USER, are its own. `user` is what the pod says instead, '' for nothing:
    `uid` or `uid:gid`; `groups` come on top of those that the image has for the user.
    """

    engine: Literal["docker", "podman"]
    digest: str
    workdir: str = "/"
    declared: str = ""
    user: str = ""
    groups: tuple[int, ...] = ()


@dataclass(frozen=True)
class Container:
    """What to run, and what it sees.

    `tmp` is the folder behind /tmp (None: a fresh one, removed afterwards). `folders` are the image's: its
    own files, which stay where they are even if /tmp or a mount would hide them. `literal_text` are texts,
    such as a script's source, that must not hold a mount path where paths are rewritten. `layer` is an
    empty folder for what it changes in its root folder (None: memory), of no use afterwards. `address` is
    its pod's (addresses.py), where it has what it binds on all addresses or on loopback; `hosts` are names
    and their addresses that its /etc/hosts has besides the machine's. With an `image` it sees that instead of
    this machine's files. `limits` hold where the machine lets them (cgroups.lacking).
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    workdir: str | Path = "/"
    mounts: tuple[Mount, ...] = ()
    tmp: Path | None = None
    folders: tuple[Mount, ...] = ()
    literal_text: tuple[str, ...] = ()
    layer: Path | None = None
    outputs: Outputs | None = None
    address: str | None = None
    hosts: Mapping[str, str] = field(default_factory=dict)
    image: ImageRoot | EngineImage | None = None
    limits: Limits = field(default_factory=Limits)
