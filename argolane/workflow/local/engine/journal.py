"""What happens in a run in: to its observers at once, to its status.json soon, results to their files."""

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from argolane.disk import is_full, said
from argolane.workflow.local.reconciler.nodes.tree import NodeTree
from argolane.workflow.run.events import Event, NodeChanged, Observer, Said
from argolane.workflow.run.record import Record
from argolane.workflow.run.status import Status

_WRITE_EVERY = 0.1


class Journal:
    """The record and the observers of one run; pods tell from their threads.

    `full` says that the disk of the record is, once it is: then the run has to end.
    """

    def __init__(self, record: Record, observe: Observer | None) -> None:
        self.record, self.status = record, Status()
        self._observe, self._telling = observe, threading.Lock()
        self._written = 0.0
        self._unwritten = True
        self._unkept: dict[str, dict[str, Any]] = {}
        self._complained = False
        self.failure: Exception | None = None
        self.full = ""

    def tell(self, event: Event) -> None:
        """An observer that fails is told no more; the run goes on, and raises its error in the end."""
        with self._telling:
            if self._observe is not None:
                try:
                    self._observe(event)
                except Exception as error:
                    self._observe, self.failure = None, error

    def publish(self, nodes: NodeTree) -> list[str]:
        """The nodes that changed, told and put into the status; their ids."""
        dirty, nodes.dirty = nodes.dirty, {}
        for node_id in dirty:
            node = nodes.of(node_id)
            plain = node.to_dict()
            self.status.put(plain)
            if self._observe is not None:
                self.tell(NodeChanged(nodes.path(node), plain))
        self._unwritten = self._unwritten or bool(dirty)
        self.write()
        return list(dirty)

    def head(self, **changes: Any) -> None:
        """Fields of the status beside its nodes."""
        self.status.head.update(changes)
        self._unwritten = True

    @property
    def due(self) -> float | None:
        """When the status wants to be written."""
        return self._written + _WRITE_EVERY if self._unwritten else None

    def write(self, *, now: bool = False) -> None:
        """Write the status, unless it was written just now."""
        began = time.time()
        if now or (self.due is not None and began >= self.due):
            self._unwritten = False
            with self._disk_may_be_full():
                self.record.write_status(self.status.text())
            # A large status must not keep a core busy by being written.
            self._written = time.time() + 5 * (time.time() - began)

    def keep(self, node_id: str, result: dict[str, Any]) -> None:
        """A result that a later runner need not come to again."""
        self._unkept[node_id] = result
        with self._disk_may_be_full():
            self.record.keep_result(node_id, result)
            del self._unkept[node_id]

    def keep_rest(self) -> None:
        """Results that did not fit before; from here on there is the room that was reserved for the end."""
        self.record.give_back_reserve()
        for node_id, result in list(self._unkept.items()):
            self.keep(node_id, result)

    def disk_is_full(self, error: OSError, place: Path) -> None:
        """The run has to end: what it does cannot be recorded any more."""
        cure = f", then go on with: argolane retry {self.record.folder.name}"
        self.full = self.full or said(error, place) + cure

    @contextlib.contextmanager
    def _disk_may_be_full(self) -> Iterator[None]:
        """What is missing from the record for another reason is said, once, and does not end the run."""
        try:
            yield
        except OSError as error:
            if is_full(error):
                self.disk_is_full(error, self.record.folder)
            elif not self._complained:
                self._complained = True
                place = self.record.folder
                self.tell(Said(f"{place}: {error.strerror}: this run cannot be retried as it stands."))
