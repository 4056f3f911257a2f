"""A layer as it was stored in, its tar as a bounded stream out, hashed while it is read.

An archive of ten megabytes may unpack to as many terabytes, or ask for one header of a gigabyte: no more is
read than is allowed, and never much at once.
"""

import gzip
import hashlib
import io
import zlib
from collections.abc import Callable
from typing import BinaryIO, cast

from backports import zstd

_AT_ONCE = 4 << 20
_PIECE = 1 << 20
_MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5": "zstd"}


class StreamError(Exception):
    """The content is broken or too large; the text says how."""


def unpacked(stored: BinaryIO) -> BinaryIO:
    """The stream without its compression: gzip, zstd or none, by its first bytes."""
    kind = _MAGIC.get(stored.read(2))
    stored.seek(0)
    if kind == "gzip":
        return cast(BinaryIO, gzip.GzipFile(fileobj=stored))
    return cast(BinaryIO, zstd.ZstdFile(stored)) if kind == "zstd" else stored


class Bounded:
    """What tarfile needs of a file, forwards only; `spend` hears of all bytes and raises when there are too
    many."""

    def __init__(self, stream: BinaryIO, spend: Callable[[int], None]) -> None:
        self._stream, self._spend = stream, spend
        self._at = 0
        self._digest = hashlib.sha256()

    def read(self, size: int) -> bytes:
        """`size` bytes, fewer only at the end."""
        if size > _AT_ONCE:
            raise StreamError(f"a header of {size} bytes")
        pieces = []
        while size:
            piece = self._piece(size)
            if not piece:
                break
            pieces.append(piece)
            size -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def tell(self) -> int:
        return self._at

    def seek(self, place: int) -> int:
        """Forwards, by reading."""
        if place < self._at:
            raise StreamError("parts of it overlap")
        while place > self._at and self.read(min(place - self._at, _PIECE)):
            pass
        return self._at

    def digest(self) -> str:
        """That of the whole, which is read to its end first."""
        while self._piece(_PIECE):
            pass
        return f"sha256:{self._digest.hexdigest()}"

    def _piece(self, size: int) -> bytes:
        try:
            piece = self._stream.read(size)
        except (gzip.BadGzipFile, zlib.error, EOFError, zstd.ZstdError) as error:
            raise StreamError(f"its compression is broken ({error})") from None
        except io.UnsupportedOperation as error:
            raise StreamError(str(error)) from None
        self._at += len(piece)
        self._spend(len(piece))
        self._digest.update(piece)
        return piece
