"""An image whose layers are here in, its root folder out: unpacked once, then shared by all its containers.

The name of the folder is made of the layers' digests, so that images of the same layers share it. It is never
written to: what a container changes lies in an overlay above it. Who uses it holds a lock on it that no death
outlives.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from argolane import disk
from argolane.containers import spawner
from argolane.containers.oci.documents import Config, Manifest
from argolane.containers.oci.layers import Limits, Root
from argolane.containers.oci.store import Store

_held: dict[Path, int] = {}
_holding = threading.Lock()


@dataclass(frozen=True)
class Unpacked:
    """`size`: bytes of its files; `left_out`: devices of its layers that it has not."""

    size: int
    entries: int
    left_out: int = 0


def place(store: Store, config: Config) -> Path:
    """Where the root folder is, or would be. Only root can give files away to other users, and so only its
    folders have the owners that images say; in a user namespace there is one user, who has them all."""
    chain = hashlib.sha256(" ".join(config.diff_ids).encode()).hexdigest()
    return store.folder / "roots" / (chain if _owners() else f"{chain}.mine")


def ensure(
    store: Store,
    manifest: Manifest,
    config: Config,
    what: str,
    *,
    say: Callable[[str], None],
    limits: Limits | None = None,
) -> Path:
    """The root folder; ArgolaneError when a layer is refused. Nobody removes it while this process lives."""
    folder = place(store, config)
    hold(folder)
    if _note(folder).exists():
        os.utime(_note(folder))
        return folder
    with store.turn(
        f"root {folder.name}", lambda: say(f"Another process is unpacking {what}; waiting for it.")
    ):
        if not _note(folder).exists():
            _unpack(store, manifest, config, what, folder, limits, say)
    return folder


def _unpack(
    store: Store,
    manifest: Manifest,
    config: Config,
    what: str,
    folder: Path,
    limits: Limits | None,
    say: Callable[[str], None],
) -> None:
    started = time.monotonic()
    for remains in (folder, *folder.parent.glob(f".{folder.name}.*")):  # of a process that was killed
        shutil.rmtree(remains, ignore_errors=True)
    # A folder that only this user can enter: what is in it may be anybody's to write to.
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    try:
        new.mkdir(mode=0o755)
        root = Root(new, owners=_owners(), limits=limits)
        for layer, diff_id in zip(manifest.layers, config.diff_ids, strict=True):
            root.put(store.path(layer.digest), diff_id, what)
        root.finish()
        new.rename(folder)
    except BaseException as error:
        shutil.rmtree(new, ignore_errors=True)
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(folder.parent)
        raise
    made = Unpacked(root.size, root.entries, root.left_out)
    disk.write_whole(_note(folder), json.dumps(asdict(made)))
    seconds = time.monotonic() - started
    devices = f"; {made.left_out} devices left out" if made.left_out else ""
    say(f"Unpacked {what}: {made.size / 1e6:.0f} MB in {seconds:.1f} s{devices}.")


def size(folder: Path) -> int | None:
    """Bytes of a root folder; None when it is not unpacked."""
    try:
        return int(json.loads(_note(folder).read_text(encoding="utf-8"))["size"])
    except (OSError, ValueError, KeyError):
        return None


def used(folder: Path) -> float:
    """When a container was last started on it; 0 when it is not unpacked."""
    try:
        return _note(folder).stat().st_mtime
    except FileNotFoundError:
        return 0.0


def is_held(folder: Path) -> bool:
    """Whether a process, this one included, uses it."""
    descriptor = _alone(folder)
    if descriptor is not None:
        os.close(descriptor)
    return descriptor is None


def remove(folder: Path) -> bool:
    """The root folder and all about it; False when a process uses it. Whoever asks has the store alone."""
    descriptor = _alone(folder)
    if descriptor is None:
        return False
    try:
        _note(folder).unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        _lock(folder).unlink(missing_ok=True)
    finally:
        os.close(descriptor)
    return True


def hold(folder: Path) -> None:
    """Until this process ends nobody removes it."""
    with _holding:
        while folder not in _held:
            descriptor = _opened(folder)
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            with contextlib.suppress(FileNotFoundError):
                if _lock(folder).stat().st_ino == os.fstat(descriptor).st_ino:
                    _held[folder] = descriptor
                    continue
            os.close(descriptor)  # it was just removed, and its lock with it


def _alone(folder: Path) -> int | None:
    """The lock for this process alone; None when another one has it."""
    descriptor = _opened(folder)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _opened(folder: Path) -> int:
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return os.open(_lock(folder), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _owners() -> bool:
    return spawner.current().isolation == "root"


def _note(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.json")


def _lock(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")
