"""What an image's USER says in, numbers out, as its own /etc/passwd and /etc/group have them.

As containerd does it: `name`, `uid`, `name:group`, `uid:gid`; a name must be there, a number need not.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from argolane.containers.oci import scoped
from argolane.errors import ArgolaneError

_LARGEST = 2**32 - 2


@dataclass(frozen=True)
class User:
    """`groups` are the supplementary ones."""

    uid: int = 0
    gid: int = 0
    groups: tuple[int, ...] = ()
    home: str = "/"


def find(root: Path, text: str, what: str) -> User:
    """ArgolaneError, which says `what` the user is of, for a name that the image does not know."""
    wanted, _, group = text.partition(":")
    wanted = wanted or "0"
    lines = [line.split(":") for line in scoped.read(root, "/etc/passwd").splitlines()]
    known = [line for line in lines if len(line) >= 6 and _number(line[2]) is not None]
    entry = next((line for line in known if line[0] == wanted), None)
    if entry is None and (number := _number(wanted)) is not None:
        entry = next((line for line in known if _number(line[2]) == number), None)
        found = User(number)
    elif entry is None:
        raise ArgolaneError(f"{what}: USER is {wanted!r}, who is not in the image's /etc/passwd.")
    else:
        found = User(_number(entry[2]) or 0)
    groups = [line.split(":") for line in scoped.read(root, "/etc/group").splitlines()]
    groups = [line for line in groups if len(line) >= 4 and _number(line[2]) is not None]
    if entry:
        others = tuple(_number(line[2]) or 0 for line in groups if entry[0] in line[3].split(","))
        found = replace(found, gid=_number(entry[3]) or 0, home=entry[5] or "/", groups=others)
    if not group:
        return found
    named = next((line for line in groups if line[0] == group), None)
    gid = _number(named[2]) if named else _number(group)
    if gid is None:
        raise ArgolaneError(
            f"{what}: the group of USER is {group!r}, which is not in the image's /etc/group."
        )
    return replace(found, gid=gid)


def _number(text: str) -> int | None:
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else None
    return number if number is None or number <= _LARGEST else None
