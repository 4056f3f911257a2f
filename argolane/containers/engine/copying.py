"""A container that an engine has run in, copies of what it left at its outputs' paths out.

The same entries of the same folder as `inside.collecting` makes for our own containers.
"""

import os
import stat
from pathlib import Path

from argolane.containers.container import Outputs
from argolane.containers.engine.client import Engine, EngineError, ask
from argolane.containers.inside.collecting import AT, lies_in


def collect(engine: Engine, name: str, outputs: Outputs) -> None:
    """What is not there has no entry; what lies on a mount has one NAME.at that tells where."""
    for path, entry in outputs.paths.items():
        place = outputs.folder / entry
        if lies_in(path, outputs.in_place):
            place.with_name(entry + AT).symlink_to(path)
            continue
        try:
            ask(engine, "cp", f"{name}:{path}", str(place))
            _follow(engine, name, path, place, outputs)
        except EngineError:
            continue
        _plain(place)


def _follow(engine: Engine, name: str, path: str, place: Path, outputs: Outputs) -> None:
    """A link to a folder stays one; of a link to a file the file is kept."""
    if not place.is_symlink():
        return
    target = os.path.normpath(os.path.join(os.path.dirname(path), place.readlink()))  # noqa: PTH118, PTH120
    if lies_in(target, outputs.in_place):
        place.unlink()
        place.with_name(place.name + AT).symlink_to(target)
        return
    followed = place.with_name(place.name + ".followed")
    ask(engine, "cp", "--follow-link", f"{name}:{path}", str(followed))
    if not followed.is_dir():
        followed.replace(place)


def _plain(place: Path) -> None:
    """No file of an image has another user's rights here, whoever unpacked it."""
    if not os.path.lexists(place):
        return
    found = [place, *(place.rglob("*") if place.is_dir() and not place.is_symlink() else ())]
    for each in found:
        mode = each.lstat().st_mode
        if not stat.S_ISLNK(mode):
            each.chmod(stat.S_IMODE(mode) & 0o1777 | stat.S_IRUSR)
