"""A URL in, the file there out: of the right SHA-256, no larger than asked, as UTF-8, whole or not at all.

What may pass (no connection, a cut answer, HTTP 5xx and 429) is tried again after longer and longer pauses.
Environment: URL, or nothing for the KNOWN file, of KNOWN_SHA256, which is the first there is of: the file
that the variable KNOWN_GIVEN names, the cache, a base URL of KNOWN_MIRRORS or of the variable
KNOWN_MIRRORS_FROM. SHA256, ENCODING, MOST_MB, OUT; CACHE, a folder or nothing; OUTPUTS.
"""

import codecs
import contextlib
import hashlib
import http.client
import os
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from models.contract.errors import ModelError

PAUSES = (1.0, 2.0, 4.0, 8.0)  # seconds before each further attempt
SILENCE = 30  # seconds
BLOCK = 1 << 20
SCHEMES = ("http://", "https://", "file://")


class Passing(ModelError):
    """Another attempt may be answered otherwise."""


def download(
    urls: Sequence[str], out: Path, *, sha256: str = "", most: int = 100 << 20, encoding: str = "utf-8",
    cache: Path | None = None, pauses: Sequence[float] = PAUSES,
) -> str:  # fmt: skip
    """The SHA-256 of what was fetched from the first of `urls` that has it. Raises ModelError."""
    wanted, kept = sha256.lower(), cache / sha256.lower() if cache and sha256 else None
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as beside:
        raw = Path(beside, "raw")
        if kept and kept.is_file() and digest(kept) == wanted:
            urls, pauses, kept = [kept.resolve().as_uri()], (), None
        found = first(urls, raw, wanted, most, pauses)
        if kept:
            keep(raw, kept)
        whole = Path(beside, out.name)
        as_utf8(raw, whole, encoding)
        whole.replace(out)
    return found


def first(urls: Sequence[str], out: Path, wanted: str, most: int, pauses: Sequence[float]) -> str:
    """From one URL after the other, and all again after each pause; a SHA-256."""
    said: dict[str, str] = {}
    left = list(urls)
    for pause in (*pauses, None):
        for url in list(left):
            try:
                found = fetch(url, out, most)
                if wanted and found != wanted:
                    raise ModelError(f"sha256 is {found}; expected {wanted}: cut, or another file")
                print(f"{url}: {out.stat().st_size} bytes, sha256 {found}", flush=True)
                return found
            except Passing as passing:
                said[url] = str(passing)
            except ModelError as final:
                said[url] = str(final)
                left.remove(url)
        if not left or pause is None:
            break
        reasons = "; ".join(f"{url}: {said[url]}" for url in left)
        print(f"{reasons}; again in {pause:g} s", file=sys.stderr, flush=True)
        time.sleep(pause)
    raise ModelError("\n".join(f"{url}: {said[url]}." for url in urls))


def fetch(url: str, out: Path, most: int) -> str:
    """The SHA-256 of what is at `url`. Raises Passing, or ModelError where it will not be otherwise."""
    if not url.startswith(SCHEMES):
        raise ModelError(f"not a URL that starts with {', '.join(SCHEMES)}")
    counted, size = hashlib.sha256(), 0
    try:
        with urllib.request.urlopen(url, timeout=SILENCE) as answer, out.open("wb") as file:
            announced = answer.headers.get("Content-Length")
            if announced and announced.isdecimal() and int(announced) > most:
                raise ModelError(f"{int(announced)} bytes; most-mb allows {most}")
            while block := answer.read(BLOCK):
                size += len(block)
                if size > most:
                    raise ModelError(f"more than {most} bytes, as most-mb allows")
                counted.update(block)
                file.write(block)
            if announced and announced.isdecimal() and size < int(announced):
                raise Passing(f"cut after {size} of {announced} bytes")
    except urllib.error.HTTPError as error:
        kind = Passing if error.code >= 500 or error.code in (408, 429) else ModelError
        raise kind(f"HTTP {error.code} {error.reason}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        lost = url.startswith("file://") or isinstance(error, ValueError)
        raise (ModelError if lost else Passing)(str(reason) or repr(reason)) from None
    if not size:
        raise ModelError("the file is empty")
    return counted.hexdigest()


def as_utf8(raw: Path, out: Path, encoding: str) -> None:
    """The same text in UTF-8; of UTF-8 the same bytes, once they have proven to be that; of binary any."""
    if encoding == "binary":
        raw.replace(out)
        return
    same = codecs.lookup(encoding).name == "utf-8"
    decoder = codecs.getincrementaldecoder(encoding)()
    with raw.open("rb") as source, out.open("wb") as file:
        try:
            for block, last in blocks(source):
                text = decoder.decode(block, last)
                file.write(block if same else text.encode())
        except UnicodeDecodeError as error:
            found = error.object[error.start : error.start + 8]
            raise ModelError(
                f"The file is not {encoding}: {error.reason}, {found!r}. Say which it is with encoding."
            ) from None


def blocks(source: IO[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each block, and whether it was the last; that one is empty."""
    while block := source.read(BLOCK):
        yield block, False
    yield b"", True


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def keep(raw: Path, kept: Path) -> None:
    """For the next time; not worth a failure."""
    with contextlib.suppress(OSError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_name(f".{kept.name}.{os.getpid()}")
        part.write_bytes(raw.read_bytes())
        part.chmod(0o644)
        part.replace(kept)


def sources(environ: Mapping[str, str]) -> tuple[list[str], str]:
    """URLs, and the SHA-256 that the file must have."""
    if url := environ["URL"]:
        return [url], environ["SHA256"]
    name, known = environ["KNOWN"], environ["KNOWN_SHA256"]
    if given := environ.get(environ["KNOWN_GIVEN"]):
        return [Path(given).absolute().as_uri()], known
    mirrors = environ.get(environ["KNOWN_MIRRORS_FROM"]) or environ["KNOWN_MIRRORS"]
    return [f"{base.rstrip('/')}/{name}" for base in mirrors.replace(",", " ").split()], known


def main(environ: Mapping[str, str] = os.environ) -> None:
    urls, sha256 = sources(environ)
    own = bool(environ["URL"])
    try:
        found = download(
            urls,
            Path(environ["OUT"]),
            sha256=sha256,
            most=int(environ["MOST_MB"]) * 1_000_000,
            encoding=environ["ENCODING"] if own else "utf-8",
            cache=Path(environ["CACHE"]) if environ["CACHE"] else None,
        )
    except ModelError as error:
        hint = (
            "Is the parameter url right?"
            if own
            else f"Set {environ['KNOWN_GIVEN']} to a copy of {environ['KNOWN']}, or"
            f" {environ['KNOWN_MIRRORS_FROM']} to base URLs that have it, or name another file with url."
        )
        sys.exit(f"{error}\n{hint}")
    except OSError as error:
        sys.exit(f"{environ['OUT']}: {error.strerror or error}")
    outputs = Path(environ["OUTPUTS"])
    outputs.mkdir(parents=True, exist_ok=True)
    (outputs / "sha256").write_text(found)


if __name__ == "__main__":
    main()
