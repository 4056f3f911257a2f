"""A full disk: how it is said, how nothing half written stays on it, and room kept for the last words."""

import errno
import os
import shutil
from pathlib import Path

_RESERVED = 1 << 20
_NOTHING = 1 << 16
_FULL = (errno.ENOSPC, errno.EDQUOT)


def is_full(error: OSError) -> bool:
    """Whether the disk, or the user's part of it, is full."""
    # shutil.copytree tells the errors of all its files in one text.
    return any(f"[Errno {number}]" in str(error) for number in _FULL)


def check_room(place: Path) -> None:
    """OSError when next to nothing can be written below a folder."""
    if shutil.disk_usage(place).free < _NOTHING:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(place))


def said(error: OSError, place: Path) -> str:
    """What went wrong where; `place` is what was to be written, if the error does not know."""
    where = shown(Path(error.filename) if isinstance(error.filename, str) else place)
    if is_full(error):
        reason = error.strerror or os.strerror(errno.ENOSPC)
        return f"The disk that holds {where} is full ({reason}): free some space"
    return f"{where}: {error.strerror or error}"


def shown(path: Path) -> str:
    """A path as short as it is clear."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def write_whole(file: Path, text: str, *, durable: bool = False, private: bool = False) -> None:
    """Write a file so that a reader, also after a death or on a full disk, sees all of it or none.

    `private`: nobody but its owner is such a reader.
    `durable` waits until the disk has it: then not even a loss of power takes it back.
    """
    new = file.with_name(f".{file.name}.{os.getpid()}.new")
    try:
        with new.open("wb") as stream:
            if private:
                os.fchmod(stream.fileno(), 0o600)
            stream.write(text.encode("utf-8", "surrogatepass"))
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        new.replace(file)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


class Reserve:
    """Room on the disk that is taken while there is some, and given back when there is none."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def take(self) -> None:
        """OSError when there is not even that much."""
        descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            os.posix_fallocate(descriptor, 0, _RESERVED)
        except OSError:
            self.give_back()
            raise
        finally:
            os.close(descriptor)

    def give_back(self) -> None:
        self._file.unlink(missing_ok=True)
