"""A container's termination message in, the text that its pod's status tells out, as a kubelet reads it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from argolane.containers.sandbox import Mount

PATH = "/dev/termination-log"
_BYTES, _LOG_BYTES, _LOG_LINES = 4096, 2048, 80


class LastWords:
    """The file at terminationMessagePath, below `folder`, or the end of `log` where the policy says so."""

    def __init__(self, container: Mapping[str, Any], folder: Path, log: Path) -> None:
        self._falls_back = container.get("terminationMessagePolicy") == "FallbackToLogsOnError"
        self._log = log
        self._file = folder / str(container["name"])
        folder.mkdir(parents=True, exist_ok=True)
        self._file.write_bytes(b"")
        self._file.chmod(0o666)
        self.mount = Mount(self._file, str(container.get("terminationMessagePath") or PATH))

    def said(self, code: int) -> str:
        """What it wrote there, cut as Kubernetes does."""
        text = _end(self._file, _BYTES)
        if not text and code and self._falls_back:
            text = b"".join(_end(self._log, _LOG_BYTES).splitlines(keepends=True)[-_LOG_LINES:])
        return text.decode("utf-8", "replace")


def _end(file: Path, size: int) -> bytes:
    with file.open("rb") as stream:
        stream.seek(max(0, file.stat().st_size - size))
        return stream.read(size)
