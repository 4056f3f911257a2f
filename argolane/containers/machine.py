"""This machine in, what its containers have of it out: Python, the tools on PATH, a way to the network."""

import hashlib
import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from argolane.containers.sandbox import Mount

# What the machine needs to reach the network at all; a container has it from its node.
_NETWORK = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")


def own_python() -> Path:
    """The interpreter that argolane's own environment was made with: without argolane's packages."""
    return Path(getattr(sys, "_base_executable", "") or sys.executable)


def own_python_folders() -> tuple[Mount, ...]:
    """What it needs of this machine, with the certificates in use; its own folder may be one of links."""
    certificates = named(network_env().values())
    return readable(own_python().parent, Path(sys.base_prefix), *certificates)


def named(values: Iterable[str]) -> list[Path]:
    """The files and folders of this machine that variables name, such as a data set below /tmp."""
    there = [path for path in map(Path, values) if path.is_absolute() and path.exists()]
    return [each for path in there for each in (path, path.resolve())]


def readable(*folders: Path) -> tuple[Mount, ...]:
    return tuple(Mount(folder, str(folder), read_only=True) for folder in dict.fromkeys(folders))


def python_links(cache: Path, python: Path) -> Path:
    """A folder for PATH in `cache` that holds `python`, which many machines only have as python3."""
    folder = cache / f"{python_version()}-{hashlib.sha256(bytes(python)).hexdigest()[:8]}"
    major, minor = sys.version_info[:2]
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("python", f"python{major}", f"python{major}.{minor}"):
        link = folder / name
        if not link.exists():
            with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
                new = Path(scratch, name)
                new.symlink_to(python)
                new.replace(link)
    return folder


def python_version() -> str:
    return ".".join(str(part) for part in sys.version_info[:3])


def base_env(*folders: Path) -> dict[str, str]:
    own = str(Path(sys.prefix, "bin"))
    path = [folder for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if folder != own]
    return network_env() | {
        "PATH": os.pathsep.join([*map(str, folders), *path]),
        "HOME": "/tmp",  # noqa: S108  (private to each container)
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
    }


def network_env() -> dict[str, str]:
    names = [name for names in _NETWORK for name in (names, names.lower())]
    return {name: os.environ[name] for name in names if name in os.environ}
