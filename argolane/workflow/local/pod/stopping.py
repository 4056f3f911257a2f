"""An order from any thread in, a pod's thread awake out: its containers have to end now."""

import contextlib
import os
import select

# The kubelet's words at a pod's activeDeadlineSeconds, which needs no order.
PAST_DEADLINE = "Pod was active on the node longer than the specified deadline"


class Stop:
    """The order to one pod; `reason` is empty until it is given."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self.reason = ""
        self.grace = 0.0

    def fileno(self) -> int:
        return self._reader

    def wait(self) -> None:
        """Until the order comes."""
        select.select([self], [], [])

    def order(self, reason: str, grace: float) -> None:
        if not self.reason:
            self.reason, self.grace = reason, grace
            with contextlib.suppress(OSError):
                os.write(self._writer, b"x")

    def close(self) -> None:
        os.close(self._reader)
        os.close(self._writer)
