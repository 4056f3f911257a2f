"""A real image with no network: Debian's Python and shell, of the packages that this machine has of them.

What an image `python:3.11-slim` is, as far as its containers can tell; the same packages are the lab's.
"""

import io
import os
import re
import subprocess
import tarfile
from pathlib import Path

from made_images import digest, image

from argolane.containers.oci.store import Store

_PACKAGES = (
    "base-files", "base-passwd", "bash", "ca-certificates", "coreutils", "dash", "debianutils", "diffutils",
    "findutils", "grep", "gzip", "hostname", "libc-bin", "libpython3.11-stdlib", "mawk", "ncurses-bin",
    "procps", "python3.11", "python3.11-minimal", "sed", "tar", "util-linux",
)  # fmt: skip
_LEFT_OUT = re.compile(r"/usr/(share/(doc|man|locale|info|lintian|bash-completion)|lib/valgrind|include)/")
_MERGED = ("bin", "sbin", "lib", "lib64", "lib32", "libx32")
_NAMES = ("python3.11", "python3", "python")
# A debconf question decides which of these is sh, and no package's list of files.
_LINKS = {"usr/bin/sh": "dash", **{f"usr/bin/{name}": _NAMES[0] for name in _NAMES[1:]}}


def missing() -> str:
    """Why there is none on this machine; '' where there is."""
    try:
        found = _query("${Package}\n", *_PACKAGES).split()
    except (OSError, subprocess.CalledProcessError) as error:
        return f"no Debian packages to make an image of: {error}"
    return "" if Path("/bin").is_symlink() and len(found) >= len(_PACKAGES) else "no merged /usr"


def put(store: Store, name: str) -> str:
    """The image in the store under that name; its digest."""
    made = image(_layer(), compression="none", Cmd=["python3"], Env=["PATH=/usr/local/bin:/usr/bin:/bin"])
    for key, content in made.blobs.items():
        store.path(key).parent.mkdir(parents=True, exist_ok=True)
        store.path(key).write_bytes(content)
    store.record(name, made.manifest, "file")
    return digest(made.blobs[made.manifest])


def _layer() -> bytes:
    packed = io.BytesIO()
    seen = set(_LINKS)
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in _MERGED:
            if Path("/", name).is_symlink():
                archive.add(f"/{name}", name, recursive=False)
        for name in ("dev", "proc", "sys", "tmp", "run", "root", "etc", "home", "var", "opt", "mnt", "srv"):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
            archive.addfile(folder)
        for name, target in _LINKS.items():
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, target
            archive.addfile(link)
        for path in sorted(_files()):
            place = _merged(path)
            if place not in seen and os.path.lexists(path) and not Path(path).is_dir():
                seen.add(place)
                archive.add(path, place, recursive=False)
        for path in ("/etc/passwd", "/etc/group"):
            _add(archive, f"/usr/share/base-passwd/{Path(path).name}.master", path.lstrip("/"))
        _add(archive, "/etc/ssl/certs/ca-certificates.crt", "etc/ssl/certs/ca-certificates.crt")
    return packed.getvalue()


def _add(archive: tarfile.TarFile, path: str, place: str) -> None:
    if Path(path).is_file():
        archive.add(path, place, recursive=False)


def _files() -> set[str]:
    names = set(_PACKAGES)
    queue = list(names)
    while queue:
        wanted = _query("${Pre-Depends}, ${Depends}\n", queue.pop())
        for word in re.findall(r"(?:^|[,|])\s*([a-z0-9][a-z0-9+.-]*)", wanted):
            if word not in names and not word.startswith(("debconf", "perl", "systemd", "media-types")):
                names.add(word)
                queue.append(word)
    listed = _listed(names)
    return {path for path in listed if path.startswith("/") and not _LEFT_OUT.match(path)}


def _query(form: str, *packages: str) -> str:
    """'' for a package that is not installed here, as an alternative need not be."""
    done = subprocess.run(
        ["dpkg-query", "--show", f"--showformat={form}", *packages],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def _listed(names: set[str]) -> list[str]:
    done = subprocess.run(
        ["dpkg-query", "--listfiles", *sorted(names)], capture_output=True, text=True, check=False
    )
    return done.stdout.splitlines()


def _merged(path: str) -> str:
    parts = Path(path).parts[1:] or ("",)
    return "/".join(("usr", *parts) if parts[0] in _MERGED else parts)
