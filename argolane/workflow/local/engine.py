"""A submission in, a finished run out: the loop around the reconciler, its pods, record and observers."""

import contextlib
import queue
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from argolane.project import Project
from argolane.workflow.local import control, reconcile, variables
from argolane.workflow.local.errors import OperationError
from argolane.workflow.local.events import RunChanged
from argolane.workflow.local.journal import Journal, Observe
from argolane.workflow.local.launcher import Launcher
from argolane.workflow.local.locks import FileLocks
from argolane.workflow.local.lookups import Lookups
from argolane.workflow.local.nodes import Node, stamp
from argolane.workflow.local.nodetree import NodeTree
from argolane.workflow.local.objects import Objects
from argolane.workflow.local.operation import Operation
from argolane.workflow.local.pods import Pods, StandIn
from argolane.workflow.local.ports import PodOrder, Ports
from argolane.workflow.local.reconcile import Verdict
from argolane.workflow.local.record import Record
from argolane.workflow.local.remembering import ConfigMapMemory
from argolane.workflow.local.submission import Submission
from argolane.workflow.local.substitution import evaluate, replace
from argolane.workflow.local.templates import Templates, type_of
from argolane.workflow.result import Run

_POLL = 0.25
_GRACE = 5.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# Threads of pods wake up for a moment only: five milliseconds, Python's own, would be most of their time.
_SWITCH = 0.0005


class Engine:
    """One run from its first pass to its end."""

    def __init__(
        self,
        project: Project,
        submission: Submission,
        record: Record,
        observe: Observe | None,
        replay: Mapping[str, dict[str, Any]],
        stand_ins: Mapping[str, StandIn],
    ) -> None:
        self.submission, self.record = submission, record
        self.journal = Journal(record, observe)
        self._objects = Objects(project)
        self._lookups = Lookups(self._objects)
        self._replay = dict(replay)
        self._news: queue.SimpleQueue[tuple[str, str, dict[str, Any] | None]] = queue.SimpleQueue()
        self._ordered: set[str] = set()
        self._answers: dict[str, dict[str, Any]] = {}
        self._locks = FileLocks(project.state / "locks", self._objects.namespace, self._lookups.limit)
        self.op = self._operation()
        pods = Pods(project, submission, self.op, self.journal, self._pod_has_started, stand_ins)
        self._launcher = Launcher(pods.run, self._pod_is_over)
        self._suspended = bool(self.op.spec.get("suspend"))
        self._hooked = "'hooks'" in str(submission.spec)

    def _operation(self) -> Operation:
        submission = self.submission
        ports = Ports(
            now=time.time,
            start_pod=self._start_pod,
            pod_exists=self._ordered.__contains__,
            config_map=self._lookups.parameter,
            locks=self._locks,
            memory=ConfigMapMemory(self._objects),
            answers=self._answer,
            replayed=self._replay.__contains__,
        )
        return Operation(
            name=submission.name,
            namespace=self._objects.namespace,
            spec=submission.spec,
            templates=Templates(submission.name, submission.spec, submission.others),
            nodes=NodeTree(submission.name),
            ports=ports,
        )

    def run(self) -> Run:
        """Until everything is over, or Ctrl-C."""
        self.journal.head(phase="Running", startedAt=stamp(time.time()))
        self.journal.tell(RunChanged("Running"))
        sys.setrecursionlimit(max(sys.getrecursionlimit(), 10_000))
        sys.setswitchinterval(_SWITCH)
        try:
            with _signals_to(lambda: self._news.put(("signal", "", None))):
                verdict = self._prepare() or self._loop()
                return self._end(verdict)
        finally:
            self._locks.close()

    def _prepare(self) -> Verdict | None:
        op, submission = self.op, self.submission
        try:
            op.globals.update(
                variables.of_workflow(
                    submission.name,
                    submission.uid,
                    op.namespace,
                    submission.created,
                    submission.metadata,
                    op.spec,
                    self._lookups.parameter,
                )
            )
            whole = {key: value for key, value in op.spec.items() if key != "templates"}
            op.spec = {**replace(whole, op.globals), "templates": op.spec.get("templates")}
            op.globals["workflow.status"] = ""
            labels = (op.spec.get("workflowMetadata") or {}).get("labelsFrom") or {}
            for key, source in labels.items():
                value = evaluate(str(source["expression"]), op.globals)
                op.globals[f"workflow.labels.{key}"] = str(value)
        except OperationError as error:
            return Verdict("Failed", f"failed to set global parameters: {error}")
        for template in op.spec.get("templates") or ():
            if not type_of(template):
                return Verdict("Failed", f"invalid spec: template '{template.get('name')}' type is unknown")
        limit = op.spec.get("activeDeadlineSeconds")
        if limit is not None:
            op.deadline = time.time() + float(limit)
        return None

    def _loop(self) -> Verdict:
        first = True
        while True:
            if not self._suspended and self._may_start():
                self.op.globals["workflow.duration"] = f"{time.time() - self.submission.created:f}"
                verdict = reconcile.reconcile(self.op)
                if first:
                    self.op.set_global("workflow.status", "Running")
                    first = False
                self._publish()
                verdict = verdict or self._stuck()
                if verdict is not None:
                    return verdict
            self._wait()

    def _may_start(self) -> bool:
        """Whether the workflow holds its own mutexes and semaphores."""
        wanted = self.op.spec.get("synchronization")
        if not wanted or self.op.shutdown:
            return True
        acquired, _, message = self._locks.try_acquire(self.op.name, wanted)
        phase = "Running" if acquired else "Pending"
        if self.journal.status.head["phase"] != phase:
            self.journal.head(phase=phase, message=message)
            self.journal.tell(RunChanged(phase, message))
        if not acquired:
            self.op.wake_at = time.time() + 0.2
        return acquired

    def _wait(self) -> None:
        """Until something happened that may let a node go on."""
        while True:
            now = time.time()
            at = [now + _POLL]
            if self.op.wake_at is not None:
                at.append(self.op.wake_at)
            if self.op.deadline is not None and now < self.op.deadline:
                at.append(self.op.deadline)
            if self.journal.due is not None:
                at.append(max(now, self.journal.due))
            matters = self._take_news(max(0.0, min(at) - now))
            self.journal.write()
            now = time.time()
            if self._take_orders() or matters:
                return
            if self.op.wake_at is not None and now >= self.op.wake_at:
                return
            if self.op.deadline is not None and now >= self.op.deadline and self._past_deadline():
                return

    def _take_news(self, timeout: float) -> bool:
        """Everything that pods have to say; whether a pass is due."""
        matters = False
        try:
            kind, node_id, result = self._news.get(timeout=timeout) if timeout else self._news.get_nowait()
            while True:
                matters = self._hear(kind, node_id, result) or matters
                kind, node_id, result = self._news.get_nowait()
        except queue.Empty:
            self._publish()
            return matters

    def _hear(self, kind: str, node_id: str, result: dict[str, Any] | None) -> bool:
        if kind == "signal":
            self._shut_down("Terminate")
            return True
        node = self.op.nodes.of(node_id)
        if kind == "started":
            if node.phase == "Pending":
                self.op.mark(node, "Running", "")
            return self._hooked
        if result is not None:
            reconcile.finished(self.op, node, result)
        self._launcher.over(node_id)
        return True

    def _pod_has_started(self, node_id: str) -> None:
        self._news.put(("started", node_id, None))

    def _pod_is_over(self, node_id: str, result: dict[str, Any]) -> None:
        """In the pod's own thread, or at once for one that never started."""
        if not self.op.shutdown:
            self.journal.keep(node_id, result)
        self._news.put(("done", node_id, result))

    def _past_deadline(self) -> bool:
        """End what runs beyond the workflow's deadline; whether there was anything."""
        late = [
            node
            for node in self.op.nodes
            if not node.fulfilled
            and (node.type == "Pod" or node.suspended)
            and not self.op.nodes.in_exit_handler(node)
        ]
        for node in late:
            if node.id in self._ordered:
                self._launcher.stop(node.id, "Step exceeded its deadline", _GRACE)
                self.op.mark(node, "Failed", "Step exceeded its deadline")
        return bool(late)

    def _take_orders(self) -> bool:
        """What `argolane resume` and `stop` wrote; whether a pass is due."""
        due = False
        for order in control.orders(self.record):
            due = True
            if order.kind == "resume":
                self._suspended = False
                for node in self.op.nodes:
                    if node.suspended and order.concerns(node):
                        self._answers[node.id] = order.answer
            elif order.kind in ("Stop", "Terminate"):
                self._shut_down(order.kind)
        return due

    def _shut_down(self, strategy: str) -> None:
        """End the pods that must not go on."""
        self.op.shutdown = strategy
        self._suspended = False
        for node in self.op.nodes:
            if node.fulfilled or node.type != "Pod" or node.id not in self._ordered:
                continue
            if self.op.stops(on_exit=self.op.nodes.in_exit_handler(node)):
                self._launcher.stop(node.id, f"workflow shutdown with strategy:  {strategy}", _GRACE)

    def _stuck(self) -> Verdict | None:
        """Argo would wait for ever; here that is an error."""
        waiting = any(node.suspended or node.waiting_for for node in self.op.nodes if not node.fulfilled)
        if self._launcher.busy or self.op.wake_at is not None or waiting or not self._news.empty():
            return None
        reasons = "; ".join(f"{name}: {reason}" for name, reason in self.op.waits.items())
        for name, reason in self.op.waits.items():
            waiter = self.op.nodes.named(name)
            if waiter is not None and not waiter.fulfilled:
                self.op.mark(waiter, "Error", f"waits for ever: {reason}")
        why = reasons or "nothing runs, and parallelism lets nothing start"
        return Verdict("Error", f"The workflow waits for ever, as it would on a cluster: {why}")

    def _end(self, verdict: Verdict) -> Run:
        self._finish_pods()
        op = self.op
        for node in op.nodes:
            if not node.fulfilled:
                op.mark(node, "Failed" if op.shutdown else "Error", node.message or "the workflow is over")
        self.journal.head(phase=verdict.phase, finishedAt=stamp(time.time()))
        self.journal.head(**({"message": verdict.message} if verdict.message else {}))
        self.journal.head(**({"outputs": op.outputs} if op.outputs else {}))
        self._publish()
        self.journal.write(now=True)
        self._collect_garbage(verdict.phase)
        self.journal.tell(RunChanged(verdict.phase, verdict.message))
        if self.journal.failure is not None:
            raise self.journal.failure
        status = self.journal.status.to_dict()
        return Run(op.name, verdict.phase, verdict.message, status, self.record.folder)

    def _finish_pods(self) -> None:
        """Pods that still run when the workflow is over are ended."""
        self._launcher.stop_all("the workflow is over", _GRACE)
        while self._launcher.busy:
            self._take_news(_POLL)

    def _collect_garbage(self, phase: str) -> None:
        strategy = (self.op.spec.get("volumeClaimGC") or {}).get("strategy") or "OnWorkflowSuccess"
        if phase == "Succeeded" or strategy == "OnWorkflowCompletion":
            shutil.rmtree(self.record.volumes, ignore_errors=True)

    def _publish(self) -> None:
        for node_id in self.journal.publish(self.op.nodes):
            node = self.op.nodes.of(node_id)
            if node.type == "Suspend" and node.phase == "Succeeded":
                answer = self._answers.get(node_id, {})
                self.journal.keep(node_id, {"phase": "Succeeded", "answer": answer})

    def _answer(self, node: Node) -> Mapping[str, Any] | None:
        if node.id in self._replay:
            self._answers[node.id] = self._replay.pop(node.id).get("answer") or {}
        return self._answers.get(node.id)

    def _start_pod(self, order: PodOrder) -> None:
        self._ordered.add(order.node_id)
        known = self._replay.pop(order.node_id, None)
        if known is not None:
            self._news.put(("done", order.node_id, known))
            return
        self._launcher.add(order)


@contextlib.contextmanager
def _signals_to(take: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C, SIGTERM and SIGHUP become news of the run: no pass is torn in the middle."""
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
