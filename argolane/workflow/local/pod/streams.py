"""Containers of one pod in; their output into files and to the observer, their ends and deadlines out.

One thread a pod waits here on everything at once: pipes, ends of containers, the order to stop.
"""

import contextlib
import os
import selectors
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from argolane.containers.process import Process
from argolane.disk import is_full
from argolane.workflow.local.pod.outputs import RESULT_BYTES
from argolane.workflow.local.pod.stopping import Stop

Stream = Literal["stdout", "stderr"]
Tell = Callable[[str, Stream, bytes], None]
Full = Callable[[OSError, Path], None]
_CHUNK = 1 << 16
# What a container wrote just before its end is still in the pipe; what it left behind may hold that open.
_DRAIN = 0.5


class Capture:
    """The two pipes of one container, its log file, and the end of its stdout."""

    def __init__(self, container: str, log: Path, tell: Tell, full: Full, *, keep: bool) -> None:
        self.container = container
        self._tell, self._full, self._keep = tell, full, keep
        self._place = log
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        self._open: dict[int, Stream] = {}
        self.tail = bytearray()
        self.problem = ""
        self.ends: dict[Stream, int] = {}
        streams: tuple[Stream, ...] = ("stdout", "stderr")
        for stream in streams:
            reader, writer = os.pipe2(os.O_CLOEXEC)
            os.set_blocking(reader, False)
            self._open[reader] = stream
            self.ends[stream] = writer

    def readers(self) -> list[int]:
        return list(self._open)

    def started(self) -> None:
        """The container has its ends of the pipes; ours would keep them open."""
        for writer in self.ends.values():
            os.close(writer)
        self.ends.clear()

    def read(self, descriptor: int) -> bool:
        """Take what there is; False at the end of the stream."""
        try:
            data = os.read(descriptor, _CHUNK)
        except BlockingIOError:
            return True
        except OSError:
            data = b""
        if not data:
            self._close(descriptor)
            return False
        self._take(self._open[descriptor], data)
        return True

    def drain(self) -> None:
        """Read to the end, or for half a second."""
        until = time.monotonic() + _DRAIN
        with selectors.DefaultSelector() as waiting:
            for descriptor in self._open:
                waiting.register(descriptor, selectors.EVENT_READ)
            while self._open and (left := until - time.monotonic()) > 0:
                for key, _ in waiting.select(left):
                    if not self.read(key.fd):
                        waiting.unregister(key.fd)

    def close(self) -> None:
        for descriptor in list(self._open):
            self._close(descriptor)
        self.started()
        if self._log >= 0:
            os.close(self._log)
            self._log = -1

    def _close(self, descriptor: int) -> None:
        del self._open[descriptor]
        os.close(descriptor)

    def _take(self, stream: Stream, data: bytes) -> None:
        rest = memoryview(data)
        while rest and not self.problem:
            try:
                rest = rest[os.write(self._log, rest) :]
            except OSError as error:  # Whether the container has to end is for others to say.
                self.problem = f"its log is cut: {error.strerror}"
                if is_full(error):
                    self._full(error, self._place)
        if self._keep and stream == "stdout":
            self.tail += data
            if len(self.tail) > 2 * RESULT_BYTES:
                del self.tail[: -RESULT_BYTES - 1]
        self._tell(self.container, stream, data)


class Watch:
    """Waits for containers to end while their output flows."""

    def __init__(self, stop: Stop, deadline: float | None) -> None:
        self._selector = selectors.DefaultSelector()
        self._selector.register(stop, selectors.EVENT_READ, None)
        self._stop, self.deadline = stop, deadline

    def add(self, process: Process, capture: Capture) -> None:
        self._selector.register(process.fileno(), selectors.EVENT_READ, process)
        for reader in capture.readers():
            self._selector.register(reader, selectors.EVENT_READ, capture)

    def until(self, process: Process, seconds: float | None = None) -> int | None:
        """The container's exit code; None when the pod has to stop, or `seconds` are over, first."""
        limit = None if seconds is None else time.monotonic() + seconds
        while True:
            left = _left(limit, self.deadline)
            ready = self._selector.select(left)
            for key, _ in ready:
                if key.data is None:
                    return None
                if isinstance(key.data, Capture):
                    if not key.data.read(key.fd):
                        self._selector.unregister(key.fd)
                    continue
                self._selector.unregister(key.fd)
                ended: Process = key.data
                code = ended.wait()
                if ended is process:
                    return code
            if not ready and left is not None:
                return None

    def forget(self, capture: Capture) -> None:
        """A container's output is read to its end elsewhere."""
        for reader in capture.readers():
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(reader)

    def stopped(self, *, ordered: bool) -> None:
        """The pod ends: no deadline from here on, and an order to stop was seen if there was one."""
        if ordered:
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(self._stop)
        self.deadline = None

    def close(self) -> None:
        self._selector.close()


def _left(*limits: float | None) -> float | None:
    given = [limit for limit in limits if limit is not None]
    return max(0.0, min(given) - time.monotonic()) if given else None
