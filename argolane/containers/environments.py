"""A hashed lock file in, a Python environment out: made by uv once, then shared by every container and run.

An environment is made in a folder with a name of its own and becomes visible by the rename of a link, the
last thing that happens: whoever is killed in the middle, or runs out of disk, leaves nothing that counts.
"""

import contextlib
import hashlib
import os
import secrets
import shutil
import sys
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path

import filelock
from uv import find_uv_bin

from argolane.containers.process import launch
from argolane.errors import ArgolaneError

_NEWS_EVERY = 15.0
_LAST_LINES = 12


def ensure(lock: Path, cache: Path, *, root: Path, say: Callable[[str], None]) -> Path:
    """The environment of `lock` for the Python that runs this, below `cache`; made when it is missing.

    Several at once make it once. ArgolaneError, with uv's own last lines, when it cannot be made.
    """
    link = cache / _key(lock)
    if _usable(link):
        with contextlib.suppress(OSError):  # A cache that cannot be written to is good enough to be used.
            os.utime(link, follow_symlinks=False)
        return link.resolve()
    cache.mkdir(parents=True, exist_ok=True)
    guard = filelock.FileLock(f"{link}.lock")
    try:
        guard.acquire(timeout=0)
    except filelock.Timeout:
        say(f"Another run is making the Python environment of {_shown(lock, root)}; waiting for it.")
        guard.acquire()
    try:
        if not _usable(link):
            _make(lock, link, root, say)
        return link.resolve()
    finally:
        guard.release()


def _key(lock: Path) -> str:
    content = hashlib.sha256(lock.read_bytes()).hexdigest()[:20]
    python = ".".join(str(part) for part in sys.version_info[:3])
    # Not the folder's name: models that lock the same packages share one environment.
    return f"{lock.stem}-{content}-python{python}-{sysconfig.get_platform()}"


def _usable(link: Path) -> bool:
    # The interpreter is a link to the machine's own, which may have been removed since.
    return (link / "bin" / "python").exists()


def _make(lock: Path, link: Path, root: Path, say: Callable[[str], None]) -> None:
    _remove_remains(link)
    folder = link.with_name(f"{link.name}.{secrets.token_hex(4)}")
    log = folder.with_name(f"{folder.name}.log")
    name = _shown(lock, root)
    say(f"Making the Python environment of {name} (once; it is kept in {link}).")
    started = time.monotonic()
    uv = find_uv_bin()
    for arguments in (
        ["venv", "--no-project", "--python", sys.executable],
        # The lock is the whole truth: what it overrides, such as a cap of an old package, stays overridden.
        ["pip", "install", "--no-deps", "--require-hashes", "-r", str(lock), "--python"],
    ):
        argv = [uv, "--quiet", *arguments, str(folder)]
        code = _run(argv, log, root, lambda: say(f"{name}: {time.monotonic() - started:.0f} s ..."))
        if code != 0:
            raise ArgolaneError(_failure(name, code, log, link))
    pointer = folder.with_name(f"{folder.name}.link")
    pointer.symlink_to(folder.name)
    pointer.replace(link)
    _remove_remains(link)
    say(f"Made the Python environment of {name} in {time.monotonic() - started:.0f} s.")


def _remove_remains(link: Path) -> None:
    """What makers left behind; the caller holds the lock, so that nobody else is at it, except perhaps for a
    moment the uv of one that was killed: hence also once the new one is made."""
    for remains in link.parent.glob(f"{link.name}.*"):
        if remains.suffix == ".lock" or remains == link.resolve():
            continue
        if remains.is_dir() and not remains.is_symlink():
            shutil.rmtree(remains, ignore_errors=True)
        else:
            remains.unlink(missing_ok=True)


def _run(argv: list[str], log: Path, folder: Path, news: Callable[[], None]) -> int:
    """The exit code. Started like a container, so that uv ends with this process, but with no isolation."""
    env = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    with log.open("ab") as stream:
        plain = {"isolation": "none", "fresh_tmp": ""}
        process = launch(
            "uv",
            {**plain, "argv": argv, "env": env, "workdir": str(folder)},
            stream.fileno(),
            stream.fileno(),
        )
    while True:
        try:
            return process.wait(_NEWS_EVERY)
        except TimeoutError:
            news()


def _failure(name: str, code: int, log: Path, link: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    said = "\n".join(f"  {line}" for line in lines[-_LAST_LINES:])
    if "os error 28" in said or shutil.disk_usage(link.parent).free < 1 << 20:
        cure = f"The disk that holds {link.parent} is full: free some space and run again."
    elif "couldn't parse" in said.lower():
        cure = f"{name} is not a lock file: write it again with `uv pip compile --generate-hashes`."
    elif "--require-hashes" in said:
        cure = f"Write {name} again with `uv pip compile --generate-hashes`."
    elif "hash" in said.lower():
        cure = (
            "A package is not the one the lock file names: check the index in use, or write the lock again."
        )
    else:
        cure = (
            "With no network: name a mirror (UV_DEFAULT_INDEX) or a folder of wheels (UV_FIND_LINKS), or "
            "fill uv's cache (UV_CACHE_DIR) from a machine that has one."
        )
    _remove_remains(link)
    return f"Cannot make the Python environment of {name} (uv ended with exit code {code}):\n{said}\n{cure}"


def _shown(path: Path, root: Path) -> str:
    return str(path.relative_to(root) if path.is_relative_to(root) else path)
