"""A folder that is being written in, a version in the model store out: whole or not at all.

A version is written beside its place and renamed, so that no reader sees half a model. One that exists is
kept when it was made of the same inputs, and is an error when it was not, unless it is to be overwritten.
"""

import contextlib
import ctypes
import errno
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from models.contract.errors import ModelError
from models.contract.version import Inputs, differences, load

OBSERVATIONS = ".observations"  # beside the units: what was asked of deployments, a folder each
TESTED = "gauges.json"  # in there: what the deployment's last test came to
_VERSION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")  # an image tag, too
_ABANDONED = 24 * 3600  # seconds after which an unfinished folder is nobody's


def place(store: Path, unit: str, version: str) -> Path:
    """Where a version of a unit is, or will be. Raises ModelError for a version that is no image tag."""
    if not _VERSION.fullmatch(version):
        raise ModelError(f"version is {version!r}; expected letters, digits, '_', '.' and '-', such as 0.1.")
    return store / unit / version


def same_as_stored(folder: Path, inputs: Inputs) -> bool:
    """Whether the version exists, whole, and is made of the same inputs. ModelError if of others."""
    if not folder.exists():
        return False
    try:
        found = "; ".join(differences(load(folder).inputs, inputs))
    except ModelError as error:
        found = str(error).removesuffix(".")
    if found:
        raise ModelError(
            f"{folder} exists and is another version: {found}.\n"
            "Choose another version, or overwrite it with overwrite=true."
        )
    return True


def check_writable(folder: Path) -> None:
    """Raises ModelError where `save` could not make this version: told before a training, not after it."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder.parent).close()
    except OSError as error:
        raise ModelError(
            f"The model store cannot be written to: {error}. MODEL_STORE names its folder."
        ) from None


def save(folder: Path, inputs: Inputs, write: Callable[[Path], None], *, overwrite: bool = False) -> bool:
    """Make the version: `write` fills a fresh folder, version.json and all, which is then put in place.

    False when another writer was first with the same inputs: its version is kept. Raises ModelError when it
    was first with other inputs.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    _sweep(folder.parent)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        write(beside)
        _finish(beside)
        if overwrite:
            _swap(beside, folder)
            return True
        try:
            beside.rename(folder)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                raise
            return not same_as_stored(folder, inputs)
        return True
    finally:
        shutil.rmtree(beside, ignore_errors=True)  # after a swap this is the old version


def _finish(folder: Path) -> None:
    """Readable for other users (mkdtemp makes it private), and on the disk before the rename is."""
    for path in [*folder.iterdir(), folder]:
        path.chmod(0o755 if path.is_dir() else 0o644)
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _swap(new: Path, folder: Path) -> None:
    """Put `new` in the place of `folder`; what was there is at `new` afterwards, or gone."""
    aside = new.with_name(new.name + "-old")
    while True:
        try:
            new.rename(folder)
            break
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
        if _exchanged(new, folder):
            break
        with contextlib.suppress(FileNotFoundError):  # another writer was faster: look again
            folder.rename(aside)
    shutil.rmtree(aside, ignore_errors=True)


def _exchanged(one: Path, other: Path) -> bool:
    """Exchange two folders in one step: renameat2, which Linux has and not every network file system."""
    renameat2 = getattr(ctypes.CDLL(None), "renameat2", None)
    here, exchange = -100, 2
    return renameat2 is not None and not renameat2(here, os.fsencode(one), here, os.fsencode(other), exchange)


def _sweep(parent: Path) -> None:
    """Remove what killed trainings left behind."""
    for path in parent.glob(".*-*"):
        try:
            if path.is_dir() and path.stat().st_mtime < time.time() - _ABANDONED:
                shutil.rmtree(path, ignore_errors=True)
        except FileNotFoundError:  # another training sweeps as well
            continue
