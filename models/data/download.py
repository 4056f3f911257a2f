"""A file's name, sha256 and mirrors in, its checked bytes out; kept in a cache folder.

`known` is for a data set of one CSV, which a variable of the environment may name; `by_url` for any other.

Below the data sets. A file is written beside its place and renamed, so a cache never holds half a file.
"""

import hashlib
import os
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterable
from pathlib import Path

from models.contract.errors import ModelError

TIMEOUT = 20  # seconds of silence
LARGEST = 1 << 28
SCHEMES = ("https://", "http://", "file://")


class Unavailable(ModelError):
    """No mirror gave the file; the message has each one's answer."""


class Absent(Unavailable):
    """Every mirror answered, and none has such a file."""


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def known(
    name: str, file: str, digest: str, mirrors: Iterable[str], *, cache: Path, own: str, cure: str
) -> bytes:
    """The CSV of the data set `name`: the file NAME_CSV, the cache, NAME_MIRRORS or `mirrors`.

    `own` says how another file is named, `cure` what is to be done where there is none. Raises ModelError.
    """
    variable = f"{name.upper()}_CSV"
    given = os.environ.get(variable)
    if given:
        try:
            content = Path(given).read_bytes()
        except OSError as error:
            raise ModelError(f"{variable} is '{given}', which cannot be read: {error.strerror}.") from None
        if (found := sha256(content)) != digest:
            raise ModelError(
                f"{variable} {given}: cut or another file: {len(content)} bytes, sha256 {found[:12]}...;"
                f" expected {digest[:12]}.... {own}"
            )
        return content
    try:
        return fetch(file, digest, cache / name, named(f"{name.upper()}_MIRRORS", mirrors))
    except Unavailable as error:
        raise ModelError(f"{error}\nSet {variable} to a copy of {file}, {cure}") from None


def named(variable: str, mirrors: Iterable[str]) -> list[str]:
    """Base URLs: those of the variable, between spaces or commas, or `mirrors` where it is not set."""
    return os.environ.get(variable, " ".join(mirrors)).replace(",", " ").split()


def by_url(url: str, digest: str, folder: Path) -> bytes:
    """Any file by what csv-url says; its sha256, where it is known, is csv-sha256. Raises ModelError."""
    base, _, file = url.rpartition("/")
    if not url.startswith(SCHEMES) or not base or not file:
        raise ModelError(f"csv-url is {url!r}; expected https://, http:// or file:// and a file's name.")
    try:
        # By its digest, for files of one name are many; without one nothing is kept, for it may change.
        return fetch(file, digest.lower() or None, folder / digest.lower(), [base])
    except Unavailable as error:
        raise ModelError(f"csv-url: {error}") from None


def fetch(
    name: str, digest: str | None, cache: Path, mirrors: Iterable[str], broken: set[str] | None = None
) -> bytes:
    """The bytes of `name`: from `cache`, or from the first of `mirrors` (base URLs) that has the right ones.

    Without a digest whatever is there is right, and is not kept, for it may be another file tomorrow.
    Mirrors in `broken` are not asked; one that cannot be reached is added. Raises Absent or Unavailable.
    """
    kept = cache / name
    if digest and kept.is_file():
        content = kept.read_bytes()
        if sha256(content) == digest:
            return content
        _say(f"{kept}: cut or changed; fetched again.")
    broken = set() if broken is None else broken
    answers, absent = [], True
    for mirror in mirrors:
        url = f"{mirror.rstrip('/')}/{name}"
        if mirror in broken:
            answers.append(f"{url}: not asked, the mirror did not answer.")
            absent = False
            continue
        try:
            content = _get(url)
        except FileNotFoundError:
            answers.append(f"{url}: not there.")
            continue
        except (OSError, ValueError) as error:
            answers.append(f"{url}: {error}.")
            absent = False
            if not isinstance(error, urllib.error.HTTPError):
                broken.add(mirror)
            continue
        if digest is None:
            _say(f"{name}: fetched from {mirror}, unchecked; its sha256 is {sha256(content)}.")
            return content
        if sha256(content) == digest:
            _say(f"{name}: fetched from {mirror}.")
            _keep(kept, content)
            return content
        answers.append(
            f"{url}: cut or wrong: {len(content)} bytes, sha256 {sha256(content)[:12]}...;"
            f" expected {digest[:12]}...."
        )
        absent = False
    answers = answers or [f"{name}: no mirror is given."]
    raise (Absent if absent else Unavailable)("\n".join(answers))


def _get(url: str) -> bytes:
    """Raises FileNotFoundError where the mirror says it has no such file, OSError for everything else."""
    if not url.startswith(SCHEMES):
        raise ValueError("expected a URL that starts with https://, http:// or file://")
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as response:  # noqa: S310 - the scheme is checked above
            content: bytes = response.read(LARGEST)
            return content
    except urllib.error.HTTPError as error:
        if error.code in (404, 410):
            raise FileNotFoundError(url) from None
        raise
    except urllib.error.URLError as error:
        if isinstance(error.reason, FileNotFoundError) or "No such file" in str(error.reason):
            raise FileNotFoundError(url) from None
        raise OSError(str(error.reason)) from None
    except Exception as error:  # http.client raises its own kinds for cut answers
        raise OSError(f"{type(error).__name__}: {error}") from None


def _keep(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(beside).chmod(0o644)
        Path(beside).replace(path)
    except OSError as error:
        _say(f"{path}: not kept for the next time: {error}.")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
