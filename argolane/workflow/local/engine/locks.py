"""Mutexes and semaphores of a project in, who may go on out: shared by all its runs, released by death.

A holder is a locked byte range of a file: the kernel drops it when the runner ends in whatever way.
"""

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from argolane.workflow.local.reconciler.errors import OperationError


class FileLocks:
    """The locks of one run. `limit(config_map, key)` is a semaphore's size, 0 when nobody says it."""

    def __init__(self, folder: Path, namespace: str, limit: Callable[[str, str], int]) -> None:
        self._folder, self._namespace, self._limit = folder, namespace, limit
        self._held: dict[str, list[tuple[str, int]]] = {}

    def try_acquire(self, holder: str, synchronization: Mapping[str, Any]) -> tuple[bool, str, str]:
        """All of them or none; else the lock that is missing, and the message of the node that waits."""
        if holder in self._held:
            return True, "", ""
        got: list[tuple[str, int]] = []
        for name, size in self._wanted(synchronization):
            descriptor, free = self._take(name, size)
            if descriptor is None:
                for _, taken in got:
                    os.close(taken)
                return False, name, f"Waiting for {name} lock. Lock status: {free}/{size}"
            got.append((name, descriptor))
        self._held[holder] = got
        return True, "", ""

    def release(self, holder: str) -> None:
        for _, descriptor in self._held.pop(holder, ()):
            os.close(descriptor)

    def close(self) -> None:
        for holder in list(self._held):
            self.release(holder)

    def _wanted(self, synchronization: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
        mutexes = [*(synchronization.get("mutexes") or ()), *_one(synchronization.get("mutex"))]
        semaphores = [*(synchronization.get("semaphores") or ()), *_one(synchronization.get("semaphore"))]
        if not mutexes and not semaphores:
            raise OperationError("requested configuration is invalid: no locks")
        for semaphore in semaphores:
            reference = semaphore.get("configMapKeyRef") or {}
            namespace = semaphore.get("namespace") or self._namespace
            name, key = str(reference.get("name")), str(reference.get("key"))
            full = f"{namespace}/ConfigMap/{name}/{key}"
            # A project is one namespace: the ConfigMaps of another are not there.
            yield full, self._size(full, self._limit(name, key) if namespace == self._namespace else 0)
        for mutex in mutexes:
            yield f"{mutex.get('namespace') or self._namespace}/Mutex/{mutex.get('name')}", 1

    def _size(self, full: str, size: int) -> int:
        if size <= 0:
            raise OperationError(f"failed to initialize semaphore {full} with limit")
        return size

    def _take(self, name: str, size: int) -> tuple[int | None, int]:
        folder = self._folder / name.replace("/", "~")
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(size):
            descriptor = os.open(folder / str(number), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                continue
            return descriptor, size
        return None, 0


def _one(value: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    return [value] if value else []
