"""A folder that is being written in, a version in the model store out: whole or not at all.

A version is written beside its place and renamed, so that no reader sees half a model. One that exists is
kept when it was made of the same inputs, and is an error when it was not, unless it is to be overwritten.
"""

import contextlib
import ctypes
import errno
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from models.errors import ModelError

LINEAGE = "lineage.json"
METRICS = "metrics.json"
_VERSION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")  # an image tag, too
_ABANDONED = 24 * 3600  # seconds after which an unfinished folder is nobody's


def place(store: Path, model: str, version: str) -> Path:
    """Where a version of a model is, or will be. Raises ModelError for a version that is no image tag."""
    if not _VERSION.fullmatch(version):
        raise ModelError(f"version is {version!r}; expected letters, digits, '_', '.' and '-', such as 0.1.")
    return store / model / version


def same_as_stored(folder: Path, lineage: Mapping[str, Any]) -> bool:
    """Whether the version exists and is made of the same inputs. Raises ModelError if of others."""
    if not folder.exists():
        return False
    try:
        stored = json.loads((folder / LINEAGE).read_text(encoding="utf-8"))
        differences = list(_differences(stored, lineage))
    except (OSError, ValueError, AttributeError) as error:
        differences = [f"its {LINEAGE} cannot be read ({error})"]
    if differences:
        raise ModelError(
            f"{folder} exists and is another model: {'; '.join(differences)}.\n"
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


def save(
    folder: Path, lineage: Mapping[str, Any], write: Callable[[Path], None], *, overwrite: bool = False
) -> bool:
    """Make the version: `write` fills a fresh folder, lineage.json is added, the whole is put in place.

    False when another writer was first with the same inputs: its version is kept. Raises ModelError when it
    was first with other inputs.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    _sweep(folder.parent)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        write(beside)
        (beside / LINEAGE).write_text(json.dumps(lineage, indent=2) + "\n", encoding="utf-8")
        _finish(beside)
        if overwrite:
            _swap(beside, folder)
            return True
        try:
            beside.rename(folder)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                raise
            return not same_as_stored(folder, lineage)
        return True
    finally:
        shutil.rmtree(beside, ignore_errors=True)  # after a swap this is the old version


def _differences(stored: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """In words, out of the two lineages: `params.epochs is 8, now 12`."""
    found = []
    old_params, params = stored.get("params", {}), new["params"]
    for name in sorted(old_params.keys() | params.keys()):
        if old_params.get(name) != params.get(name):
            found.append(f"params.{name} is {old_params.get(name)!r}, now {params.get(name)!r}")
    if stored.get("data_sha256") != new["data_sha256"]:
        found.append(f"its data are {stored.get('dataset')}, now {new.get('dataset')}")
    if stored.get("code_sha256") != new["code_sha256"]:
        found.append("the training code has changed since")
    return found


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
