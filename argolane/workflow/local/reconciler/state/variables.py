"""The values of a run's `{{workflow...}}` tags: read like a mapping, written by one door only.

Whatever is worked out from them is as old as the `moment` it was made at, see cache.py.
"""

import contextlib
from collections.abc import Hashable, Iterator, Mapping

# Every pass says anew how long the run has taken. That makes nothing old that was worked out before.
_FLEETING = frozenset({"workflow.duration"})
_STATUS, _FAILURES = "workflow.status", "workflow.failures"


class Variables(Mapping[str, str]):
    """Names to texts."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._values: dict[str, str] = dict(values or {})
        self._version = 0
        self._ending: tuple[str, str] | None = None

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    @property
    def moment(self) -> Hashable:
        """Equal as long as no variable has another value."""
        return self._version, self._ending

    def set(self, name: str, value: str) -> None:
        if self._values.get(name) != value:
            self._values[name] = value
            self._version += name not in _FLEETING

    @contextlib.contextmanager
    def ending(self, status: str, failures: str) -> Iterator[None]:
        """While the workflow's own hooks and its exit handler are looked at, they read how it ended."""
        before = self._values.get(_STATUS, "")
        self._ending = status, failures
        self._values |= {_STATUS: status, _FAILURES: failures}
        try:
            yield
        finally:
            self._ending = None
            self._values[_STATUS] = before
            del self._values[_FAILURES]
