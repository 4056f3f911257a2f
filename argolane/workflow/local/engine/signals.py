"""Ctrl-C, SIGTERM and SIGHUP become news of the run: no pass is torn in the middle."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def signals_to(take: Callable[[], None]) -> Iterator[None]:
    """`take` is called for each of them; nothing changes outside the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # What is ignored, by nohup or by a shell's &, stays ignored.
    heard = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, lambda *_: take()) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
