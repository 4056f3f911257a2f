"""A submission in, a finished run out: the loop around the reconciler, its pods, record and observers.

Over 300 lines because it is one loop: its turns share the state of the run, and are read side by side.
"""

import shutil
import sys
import time
from collections.abc import Mapping
from typing import Any

from argolane.disk import is_full
from argolane.kubernetes import sizes
from argolane.kubernetes.objects import Objects
from argolane.project import Project
from argolane.workflow.local import collection, control
from argolane.workflow.local.engine import ending
from argolane.workflow.local.engine.dispatch import Dispatch, StandIn
from argolane.workflow.local.engine.journal import Journal
from argolane.workflow.local.engine.launcher import Launcher
from argolane.workflow.local.engine.locks import FileLocks
from argolane.workflow.local.engine.lookups import Lookups
from argolane.workflow.local.engine.news import (
    Happening,
    News,
    PodNoted,
    PodOver,
    PodReady,
    PodStarted,
    Signalled,
)
from argolane.workflow.local.engine.remembering import ConfigMapMemory
from argolane.workflow.local.engine.signals import signals_to
from argolane.workflow.local.reconciler import daemons, hooks, preparation, reconcile
from argolane.workflow.local.reconciler.calling import execute_call
from argolane.workflow.local.reconciler.errors import CannotStart, OperationError
from argolane.workflow.local.reconciler.nodes.node import Node, stamp
from argolane.workflow.local.reconciler.nodes.tree import NodeTree
from argolane.workflow.local.reconciler.ports import ASK_FOR_LOCK, PodOrder, PodResult, Ports
from argolane.workflow.local.reconciler.reconcile import Verdict
from argolane.workflow.local.reconciler.state.run_state import RunState
from argolane.workflow.local.reconciler.template.lookup import Templates
from argolane.workflow.run.events import Observer, RunChanged, Said
from argolane.workflow.run.record import Record
from argolane.workflow.run.result import Run
from argolane.workflow.run.submission import Submission

_POLL = 0.25
# Who holds the workflow's own locks: not its first node, which may have some as well.
_WORKFLOW = ""
# Threads of pods wake up for a moment only: five milliseconds, Python's own, would be most of their time.
_SWITCH = 0.0005


class Engine:
    """One run from its first pass to its end."""

    def __init__(
        self,
        project: Project,
        submission: Submission,
        record: Record,
        observe: Observer | None,
        replay: Mapping[str, dict[str, Any]],
        stand_ins: Mapping[str, StandIn],
    ) -> None:
        self._submission, self._record = submission, record
        self._journal = Journal(record, observe)
        self._objects = Objects(project)
        self._lookups = Lookups(self._objects)
        self._replay = dict(replay)
        self._answers: dict[str, dict[str, Any]] = {}
        self._news = News()
        self._ordered: set[str] = set()
        self._ended: set[str] = set()  # daemons
        self._locks = FileLocks(project.state / "locks", self._objects.namespace, self._lookups.limit)
        self._state = self._begin()
        dispatch = Dispatch(project, submission, self._state, self._journal, self._news, stand_ins)
        self._launcher = Launcher(dispatch.run, self._pod_is_over)
        self._suspended = bool(self._state.spec.get("suspend"))
        self._hooked = hooks.anywhere(self._state)

    def _begin(self) -> RunState:
        submission = self._submission
        ports = Ports(
            now=time.time,
            start_pod=self._start_pod,
            pod_exists=self._ordered.__contains__,
            config_map=self._lookups.parameter,
            locks=self._locks,
            memory=ConfigMapMemory(self._objects),
            answers=self._answer,
            replayed=self._replay.__contains__,
            end_pod=self._end_daemon,
        )
        return RunState(
            name=submission.name,
            namespace=self._objects.namespace,
            spec=submission.spec,
            templates=Templates(submission.name, submission.spec, submission.others),
            nodes=NodeTree(submission.name, time.time),
            ports=ports,
            execute_call=execute_call,
        )

    def run(self) -> Run:
        """Until everything is over, or Ctrl-C."""
        self._journal.head(phase="Running", startedAt=stamp(time.time()))
        self._journal.tell(RunChanged("Running"))
        sys.setrecursionlimit(max(sys.getrecursionlimit(), 10_000))
        sys.setswitchinterval(_SWITCH)
        try:
            with signals_to(lambda: self._news.tell(Signalled())):
                return self._end(self._verdict())
        finally:
            self._locks.close()

    def _verdict(self) -> Verdict:
        try:
            problem = preparation.prepare(self._state, self._submission)
            return Verdict("Failed", problem) if problem else self._loop()
        except CannotStart as reason:
            return Verdict(reason.phase, str(reason))
        except OSError as error:  # Of a lock or an object, say: where those lie, this run lies as well.
            if not is_full(error):
                raise
            self._journal.disk_is_full(error, self._record.folder)
            return Verdict("Error", self._journal.full)

    def _loop(self) -> Verdict:
        first = True
        while True:
            if self._journal.full:
                return Verdict("Error", self._journal.full)
            if not self._suspended and self._may_start():
                self._state.variables.set("workflow.duration", f"{time.time() - self._submission.created:f}")
                verdict = reconcile.reconcile(self._state)
                if first:
                    self._state.variables.set("workflow.status", "Running")
                    first = False
                self._publish()
                if verdict is None and not self._launcher.works and not self._news:
                    verdict = ending.of_waiting(self._state)
                if verdict is not None:
                    return verdict
            self._wait()

    def _may_start(self) -> bool:
        """Whether the workflow holds its own mutexes and semaphores."""
        wanted = self._state.spec.get("synchronization")
        if not wanted or self._state.shutdown:
            return True
        try:
            acquired, _, message = self._locks.try_acquire(_WORKFLOW, wanted)
        except OperationError as error:
            raise CannotStart("Failed", f"Failed to acquire the synchronization lock. {error}") from None
        phase = "Running" if acquired else "Pending"
        if self._journal.status.head["phase"] != phase:
            self._journal.head(phase=phase, message=message)
            self._journal.tell(RunChanged(phase, message))
        if not acquired:
            self._state.this_pass.wake_at = time.time() + ASK_FOR_LOCK
        return acquired

    def _wait(self) -> None:
        """Until something happened that may let a node go on."""
        state = self._state
        while True:
            now = time.time()
            at = [now + _POLL]
            if state.this_pass.wake_at is not None:
                at.append(state.this_pass.wake_at)
            if state.deadline is not None and now < state.deadline:
                at.append(state.deadline)
            if self._journal.due is not None:
                at.append(max(now, self._journal.due))
            matters = self._hear_all(max(0.0, min(at) - now))
            self._journal.write()
            now = time.time()
            if self._take_orders() or matters or self._journal.full:
                return
            if state.this_pass.wake_at is not None and now >= state.this_pass.wake_at:
                return
            if (
                state.deadline is not None
                and now >= state.deadline
                and ending.at_deadline(state, self._launcher)
            ):
                return

    def _hear_all(self, seconds: float) -> bool:
        """Everything that pods have to say; whether a pass is due."""
        matters = [self._hear(happening) for happening in self._news.take(seconds)]
        self._publish()
        return any(matters)

    def _hear(self, happening: Happening) -> bool:
        if isinstance(happening, PodStarted):
            node = self._state.nodes.of(happening.node_id)
            # A daemon is Pending until it is ready, as is what waits for it.
            if node.phase == "Pending" and not daemons.is_daemon(self._state.settled.template_of(node.id)):
                self._state.nodes.mark(node, "Running", "")
            return self._hooked
        if isinstance(happening, PodReady):
            daemons.ready(self._state, self._state.nodes.of(happening.node_id), happening.address)
            self._launcher.idle(happening.node_id)
            return True
        if isinstance(happening, PodNoted):
            node = self._state.nodes.of(happening.node_id)
            if not node.fulfilled:
                self._state.nodes.mark(node, node.phase, happening.words)
            return False
        if isinstance(happening, PodOver):
            if happening.node_id not in self._ended:
                reconcile.finished(self._state, self._state.nodes.of(happening.node_id), happening.result)
            self._launcher.over(happening.node_id)
        else:
            self._shut_down("Terminate")
        return True

    def _take_orders(self) -> bool:
        """What `argolane resume` and `stop` wrote; whether a pass is due."""
        orders = control.orders(self._record)
        for order in orders:
            if order.kind == "resume":
                self._suspended = False
                for node in self._state.nodes:
                    if node.suspended and order.concerns(node):
                        self._answers[node.id] = order.answer
            else:
                self._shut_down(order.kind)
        return bool(orders)

    def _shut_down(self, strategy: str) -> None:
        self._suspended = False
        ending.by_order(self._state, self._launcher, strategy)

    def _end(self, verdict: Verdict) -> Run:
        if self._journal.full:
            self._state.shutdown = "Terminate"
        daemons.end(self._state)
        ending.with_run(self._launcher, self._journal.full or "the workflow is over")
        while self._launcher.busy:
            self._hear_all(_POLL)
        ending.of_rest(self._state)
        self._journal.head(artifactGCStatus=collection.at_end(self._state))
        self._publish()
        verdict = self._record_end(verdict)
        self._collect_garbage(verdict.phase)
        self._journal.tell(RunChanged(verdict.phase, verdict.message))
        if self._journal.failure is not None:
            raise self._journal.failure
        status = self._journal.status.to_dict()
        return Run(self._state.name, verdict.phase, verdict.message, status, self._record.folder)

    def _record_end(self, verdict: Verdict) -> Verdict:
        """A run whose record could not be written has not Succeeded, whatever its nodes did."""
        journal = self._journal
        journal.keep_rest()
        if journal.full:
            verdict = Verdict("Error", journal.full)
        journal.head(phase=verdict.phase, finishedAt=stamp(time.time()))
        if verdict.message:
            journal.head(message=verdict.message)
        if self._state.outputs:
            journal.head(outputs=self._state.outputs)
        if reason := sizes.too_long_a_status(journal.status.to_dict().get("nodes") or {}):
            words = f"workflow is longer than maximum allowed size. {reason}"
            journal.tell(Said(f"On a cluster this run would never end: {words}"))
        journal.write(now=True)
        return Verdict("Error", journal.full) if journal.full else verdict

    def _collect_garbage(self, phase: str) -> None:
        strategy = (self._state.spec.get("volumeClaimGC") or {}).get("strategy") or "OnWorkflowSuccess"
        if phase == "Succeeded" or strategy == "OnWorkflowCompletion":
            shutil.rmtree(self._record.volumes, ignore_errors=True)

    def _publish(self) -> None:
        for node_id in self._journal.publish(self._state.nodes):
            node = self._state.nodes.of(node_id)
            if node.type == "Suspend" and node.phase == "Succeeded":
                answer = self._answers.get(node_id, {})
                self._journal.keep(node_id, {"phase": "Succeeded", "answer": answer})

    def _answer(self, node: Node) -> Mapping[str, Any] | None:
        if node.id in self._replay:
            self._answers[node.id] = self._replay.pop(node.id).get("answer") or {}
        return self._answers.get(node.id)

    def _start_pod(self, order: PodOrder) -> None:
        self._ordered.add(order.node_id)
        known = self._replay.pop(order.node_id, None)
        if known is not None:
            self._news.tell(PodOver(order.node_id, PodResult.from_dict(known)))
        else:
            self._launcher.add(order)

    def _end_daemon(self, node_id: str) -> None:
        """Its result is nothing that a later runner could go on from."""
        self._ended.add(node_id)
        self._launcher.stop(node_id, "the daemon is not needed any more", ending.GRACE)

    def _pod_is_over(self, node_id: str, result: PodResult) -> None:
        """In the pod's own thread, or at once for one that never started."""
        if node_id not in self._ended and (not self._state.shutdown or result.phase == "Succeeded"):
            self._journal.keep(node_id, result.to_dict())
        self._news.tell(PodOver(node_id, result))
