"""What of a batch is done, in a file beside its output: read by whoever goes on.


A line of JSON says what the batch is, then there is one for each request that was answered, in the order in
which they were. Whoever has the file open holds its lock.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from argolane.errors import ArgolaneError
from argolane.serving.batch.rows import Answered


@dataclass(frozen=True)
class Batch:
    """What stays the same when a batch goes on."""

    input: str
    sha256: str
    rows: int
    text: list[str]
    deployment: str


class Journal:
    """Of the batch whose answers go to `out`; a context."""

    def __init__(self, out: Path) -> None:
        self.path = out.with_name(f".{out.name}.journal")
        self._out = out
        self._file: IO[bytes] | None = None
        self._lines: list[tuple[int, int]] = []
        self.columns: list[str] = []
        self.failed = 0
        self._begun = False

    def __enter__(self) -> Self:
        """ArgolaneError while somebody else is at the same output."""
        while self._file is None:
            try:
                file = self.path.open("r+b" if self.path.exists() else "x+b")
            except (FileExistsError, FileNotFoundError):
                if self._out.parent.is_dir():
                    continue  # Another made it, or ended, between the two looks.
                raise ArgolaneError(f"{self._out.parent}: there is no such folder.") from None
            except OSError as error:
                raise ArgolaneError(f"{self.path}: {error.strerror or error}.") from None
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
                raise ArgolaneError(
                    f"{self._out}: another 'argolane predict --batch' is writing it. Wait for its end, "
                    "or name another --out."
                ) from None
            if self._is_at_path(file):
                self._file = file
            else:
                file.close()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        file = self._open
        if not self._lines and (self._begun or not file.seek(0, os.SEEK_END)):
            self.path.unlink(missing_ok=True)  # Nothing was done yet.
        file.close()

    def begin(self, batch: Batch) -> bytearray:
        """Which rows are done, a byte each; ArgolaneError where what was begun is another batch."""
        file, done = self._open, bytearray(batch.rows)
        good = 0
        begun: dict[str, Any] = {}
        for place, found in self._read():
            if not place:
                begun = found
                continue
            self._same(batch, begun)
            self._note(place, found)
            done[found["first"] : found["first"] + len(found["values"])] = b"\1" * len(found["values"])
            good = file.tell()
        file.truncate(good)  # A line that a death or a full disk cut off.
        file.seek(good)
        if not good:
            self._append(asdict(batch))
        self._begun = True
        return done

    def add(self, answered: Answered) -> None:
        self._note(self._append(asdict(answered)), asdict(answered))

    def answers(self) -> Iterator[Answered]:
        """All, in the order of the rows."""
        for _, place in sorted(self._lines):
            self._open.seek(place)
            found = json.loads(self._open.readline())
            failed = {int(row): (line, reason) for row, (line, reason) in found["failed"].items()}
            yield Answered(found["first"], found["values"], found["columns"], failed)

    def end(self) -> None:
        """All is written elsewhere."""
        self.path.unlink()

    def _read(self) -> Iterator[tuple[int, dict[str, Any]]]:
        self._open.seek(0)
        while True:
            place, line = self._open.tell(), self._open.readline()
            if not line.endswith(b"\n"):
                return
            try:
                found = json.loads(line)
            except ValueError:
                return
            yield place, found

    def _append(self, found: dict[str, Any]) -> int:
        place = self._open.seek(0, os.SEEK_END)
        self._open.write(json.dumps(found).encode() + b"\n")
        self._open.flush()
        return place

    def _note(self, place: int, found: dict[str, Any]) -> None:
        self._lines.append((found["first"], place))
        self.columns = self.columns or list(found["columns"])
        self.failed += len(found["failed"])

    def _same(self, batch: Batch, found: dict[str, Any]) -> None:
        begun = asdict(batch) | found
        cure = f"Put that back, or begin anew: delete {self.path}."
        if begun["deployment"] != batch.deployment:
            was = f"with the deployment {begun['deployment']}, and now it is {batch.deployment}"
        elif begun["sha256"] != batch.sha256:
            was = (
                f"from {begun['input']} (sha256 {begun['sha256'][:12]}), "
                f"and {batch.input} is another now (sha256 {batch.sha256[:12]})"
            )
        elif begun["text"] != batch.text or begun["rows"] != batch.rows:
            was = f"with {begun['text'] or 'no columns'} as text, and now it is {batch.text or 'none'}"
        else:
            return
        raise ArgolaneError(f"{self._out}: this batch was begun {was}. {cure}")

    def _is_at_path(self, file: IO[bytes]) -> bool:
        try:
            return os.path.samestat(os.fstat(file.fileno()), self.path.stat())
        except FileNotFoundError:
            return False

    @property
    def _open(self) -> IO[bytes]:
        assert self._file is not None, "a journal is a context"  # noqa: S101
        return self._file
