"""A stock image of the public registries in, what of this machine stands in for it out.

Most public workflows run a line of shell in busybox, alpine, debian, ubuntu or bash, or let Argo's own
argosay and whalesay print. A shell is here as well; what argosay and cowsay do, two small programs of ours
do. Images of one tool run where this machine has the tool.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from argolane.containers.reference import Reference

FOLDER = Path(__file__).with_name("stock_programs")
# Where an image has what a folder of programs() has here.
PATHS = {"/argosay": "argosay", "/usr/games/cowsay": "cowsay", "/bin/ash": "ash"}
_OWN = ("argosay", "cowsay", "ash")
_HUBS = ("", "docker.io", "index.docker.io", "registry-1.docker.io")


@dataclass(frozen=True)
class Stock:
    """Its ENTRYPOINT and CMD, and the programs that its containers are of no use without."""

    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


_LIBRARY = {
    **{name: Stock(command=("sh",), needs=("sh",)) for name in ("busybox", "alpine")},
    **{name: Stock(command=("bash",), needs=("bash",)) for name in ("debian", "ubuntu", "bash")},
    "golang": Stock(command=("bash",), needs=("go",)),
    "node": Stock(command=("node",), needs=("node",)),
    "influxdb": Stock(command=("influxd",), needs=("influxd",)),
    "nginx": Stock(command=("nginx", "-g", "daemon off;"), needs=("nginx",)),
}
_OTHERS = {
    "argoproj/argosay": Stock(entrypoint=("/argosay",)),
    "docker/whalesay": Stock(command=("cowsay",)),
    "curlimages/curl": Stock(entrypoint=("curl",), needs=("curl",)),
    "appropriate/curl": Stock(entrypoint=("curl",), needs=("curl",)),
    "alpine/curl": Stock(entrypoint=("curl",), needs=("curl",)),
    "alpine/git": Stock(entrypoint=("git",), needs=("git",)),
    "stedolan/jq": Stock(entrypoint=("jq",), needs=("jq",)),
    "bitnami/kubectl": Stock(entrypoint=("kubectl",), needs=("kubectl",)),
}
_ARGOSAY_V1 = Stock(command=("cowsay",))
NAMES = ", ".join((*_LIBRARY, *_OTHERS))


def find(parts: Reference) -> Stock | None:
    """By its path, whatever the tag: `alpine`, `docker.io/library/alpine`, a mirror's `x/library/alpine`."""
    *above, name = parts.path.split("/")
    if name in _LIBRARY and (above[-1:] == ["library"] or (not above and parts.registry in _HUBS)):
        return _LIBRARY[name]
    path = "/".join(parts.path.split("/")[-2:])
    found = _OTHERS.get(path)
    if path == "argoproj/argosay" and parts.tag == "v1":
        return _ARGOSAY_V1
    return found


def missing(stock: Stock) -> str:
    """The first program that it needs and that this machine lacks, or ''."""
    return next((name for name in stock.needs if not has(name)), "")


def has(program: str) -> bool:
    """Whether a container of a stock image finds this program."""
    if program in _OWN or program in PATHS:
        return True
    return os.access(program, os.X_OK) if "/" in program else shutil.which(program) is not None


def programs(cache: Path, python: Path) -> Path:
    """A folder for PATH with the programs of ours, made once for each version of them."""
    texts = dict(_texts(python))
    digest = hashlib.sha256(repr(sorted(texts.items())).encode()).hexdigest()[:12]
    folder = cache / digest
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=cache))
    for name, text in texts.items():
        (scratch / name).write_text(text, encoding="utf-8")
        (scratch / name).chmod(0o755)
    scratch.chmod(0o755)
    try:
        scratch.rename(folder)
    except OSError:
        shutil.rmtree(scratch)  # Another run was faster.
    return folder


def _texts(python: Path) -> Iterator[tuple[str, str]]:
    yield "ash", '#!/bin/sh\nexec sh "$@"\n'
    for name in ("argosay", "cowsay"):
        yield name, f"#!/bin/sh\nexec '{python}' -I -S '{FOLDER / name}.py' \"$@\"\n"
