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
from argolane.workflow.local import control, podnames, reconcile, resources, variables, volumes
from argolane.workflow.local.arguments import NotFound
from argolane.workflow.local.artifacts import Store
from argolane.workflow.local.errors import OperationError
from argolane.workflow.local.events import Event, NodeChanged, Printed, RunChanged, Said
from argolane.workflow.local.launcher import Launcher
from argolane.workflow.local.locks import FileLocks
from argolane.workflow.local.nodes import Node, NodeTree, stamp
from argolane.workflow.local.objects import Objects
from argolane.workflow.local.operation import Operation, PodOrder, Ports
from argolane.workflow.local.pod import Pod, Surroundings
from argolane.workflow.local.reconcile import Verdict
from argolane.workflow.local.record import Record, safe
from argolane.workflow.local.remembering import ConfigMapMemory
from argolane.workflow.local.streams import Stop
from argolane.workflow.local.submission import Submission
from argolane.workflow.local.substitution import evaluate, replace
from argolane.workflow.local.templates import Templates, type_of
from argolane.workflow.result import Run
from argolane.workflow.status import Status

Observe = Callable[[Event], None]
_POLL = 0.25
_WRITE_EVERY = 0.1
_GRACE = 5.0
_PARAMETER_LABEL = "workflows.argoproj.io/configmap-type: Parameter"
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
    ) -> None:
        self.project, self.submission, self.record = project, submission, record
        self.objects = Objects(project)
        self.status = Status()
        self._observe, self._telling = observe, threading.Lock()
        self._replay = dict(replay)
        self._news: queue.SimpleQueue[tuple[str, str, dict[str, Any] | None]] = queue.SimpleQueue()
        self._ordered: set[str] = set()
        self._answers: dict[str, dict[str, Any]] = {}
        self._written = 0.0
        self._unwritten = True
        self._complained = False
        self._locks = FileLocks(project.state / "locks", self.objects.namespace, self._limit)
        self._launcher = Launcher(self._run_pod, self._pod_is_over)
        self._store = Store(record.outputs, project.state / "artifacts", self._secret)
        self.op = self._operation()
        self._suspended = bool(self.op.spec.get("suspend"))

    def _operation(self) -> Operation:
        submission = self.submission
        ports = Ports(
            now=time.time,
            start_pod=self._start_pod,
            pod_exists=self._ordered.__contains__,
            config_map=self._config_map,
            locks=self._locks,
            memory=ConfigMapMemory(self.objects),
            answers=self._answer,
            replayed=self._replay.__contains__,
        )
        return Operation(
            name=submission.name,
            namespace=self.objects.namespace,
            spec=submission.spec,
            templates=Templates(submission.name, submission.spec, submission.others),
            nodes=NodeTree(submission.name),
            ports=ports,
        )

    def run(self) -> Run:
        """Until everything is over, or Ctrl-C."""
        self.status.head = {"phase": "Running", "startedAt": stamp(time.time())}
        self._tell(RunChanged("Running"))
        sys.setrecursionlimit(max(sys.getrecursionlimit(), 10_000))
        sys.setswitchinterval(_SWITCH)
        try:
            with _termination_as_interrupt():
                verdict = self._prepare() or self._loop()
        finally:
            self._locks.close()
        return self._end(verdict)

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
                    self._config_map,
                )
            )
            whole = {key: value for key, value in op.spec.items() if key != "templates"}
            op.spec = {**replace(whole, op.globals), "templates": op.spec.get("templates")}
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
            try:
                if not self._suspended and self._may_start():
                    self.op.globals["workflow.duration"] = f"{time.time() - self.submission.created:f}"
                    verdict = reconcile.reconcile(self.op)
                    if first:
                        self.op.set_global("workflow.status", "Running")
                        first = False
                    self._publish()
                    if verdict is not None:
                        return verdict
                    stuck = self._stuck()
                    if stuck is not None:
                        return stuck
                self._wait()
            except KeyboardInterrupt:
                self._shut_down("Terminate")

    def _may_start(self) -> bool:
        """Whether the workflow holds its own mutexes and semaphores."""
        wanted = self.op.spec.get("synchronization")
        if not wanted or self.op.shutdown:
            return True
        acquired, _, message = self._locks.try_acquire(self.op.name, wanted)
        phase = "Running" if acquired else "Pending"
        if self.status.head["phase"] != phase:
            self.status.head.update(phase=phase, message=message)
            self._unwritten = True
            self._tell(RunChanged(phase, message))
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
            if self._unwritten:
                at.append(max(now, self._written + _WRITE_EVERY))
            matters = self._take_news(max(0.0, min(at) - now))
            self._write_status()
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
        node = self.op.nodes.of(node_id)
        if kind == "started":
            if node.phase == "Pending":
                self.op.mark(node, "Running", "")
            return self._has_hooks()
        if result is not None:
            reconcile.finished(self.op, node, result)
        self._launcher.over(node_id)
        return True

    def _pod_is_over(self, node_id: str, result: dict[str, Any]) -> None:
        """In the pod's own thread, or at once for one that never started."""
        if not self.op.shutdown:
            with self._disk_may_be_full():
                self.record.keep_result(node_id, result)
        self._news.put(("done", node_id, result))

    def _has_hooks(self) -> bool:
        return '"hooks"' in self._text or "'hooks'" in self._text

    @property
    def _text(self) -> str:
        if not hasattr(self, "_spec_text"):
            self._spec_text = str(self.submission.spec)
        return self._spec_text

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
        """End the pods that must not go on; a second order to terminate kills at once."""
        grace = 0.0 if self.op.shutdown == "Terminate" else _GRACE
        self.op.shutdown = strategy
        self._suspended = False
        for node in self.op.nodes:
            if node.fulfilled or node.type != "Pod" or node.id not in self._ordered:
                continue
            if self.op.stops(on_exit=self.op.nodes.in_exit_handler(node)):
                self._launcher.stop(node.id, f"workflow shutdown with strategy:  {strategy}", grace)

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
        self.status.head.update(phase=verdict.phase, finishedAt=stamp(time.time()))
        if verdict.message:
            self.status.head["message"] = verdict.message
        if op.outputs:
            self.status.head["outputs"] = op.outputs
        self._publish()
        self._write_status(now=True)
        self._collect_garbage(verdict.phase)
        self._tell(RunChanged(verdict.phase, verdict.message))
        return Run(op.name, verdict.phase, verdict.message, self.status.to_dict(), self.record.folder)

    def _finish_pods(self) -> None:
        """Pods that still run when the workflow is over are ended."""
        self._launcher.stop_all("the workflow is over", _GRACE)
        while self._launcher.busy:
            with contextlib.suppress(KeyboardInterrupt):
                self._take_news(_POLL)

    def _collect_garbage(self, phase: str) -> None:
        strategy = (self.op.spec.get("volumeClaimGC") or {}).get("strategy") or "OnWorkflowSuccess"
        if phase == "Succeeded" or strategy == "OnWorkflowCompletion":
            shutil.rmtree(self.record.volumes, ignore_errors=True)

    def _publish(self) -> None:
        dirty, self.op.nodes.dirty = self.op.nodes.dirty, set()
        for node_id in dirty:
            node = self.op.nodes.of(node_id)
            plain = node.to_dict()
            self.status.put(plain)
            if node.type == "Suspend" and node.phase == "Succeeded":
                answer = self._answers.get(node_id, {})
                with self._disk_may_be_full():
                    self.record.keep_result(node_id, {"phase": "Succeeded", "answer": answer})
            if self._observe is not None:
                self._tell(NodeChanged(self.op.nodes.path(node), plain))
        self._unwritten = self._unwritten or bool(dirty)
        self._write_status()

    def _write_status(self, *, now: bool = False) -> None:
        began = time.time()
        if now or (self._unwritten and began >= self._written + _WRITE_EVERY):
            self._unwritten = False
            with self._disk_may_be_full():
                self.record.write_status(self.status.text())
            # A large status must not keep a core busy by being written.
            self._written = time.time() + 5 * (time.time() - began)

    @contextlib.contextmanager
    def _disk_may_be_full(self) -> Iterator[None]:
        """A record that cannot be written is said, once, and does not end what runs."""
        try:
            yield
        except OSError as error:
            if not self._complained:
                self._complained = True
                place = self.record.folder
                self._tell(Said(f"{place}: {error.strerror}: this run cannot be retried as it stands."))

    def _tell(self, event: Event) -> None:
        if self._observe is not None:
            with self._telling:
                self._observe(event)

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

    def _run_pod(self, order: PodOrder, stop: Stop) -> dict[str, Any]:
        """In the pod's own thread."""
        try:
            if order.template.get("resource") is not None:
                return self._run_resource(order, stop)
            path = self.op.nodes.path(self.op.nodes.of(order.node_id))
            return Pod(order, self._surroundings(order, path), stop).run()
        except Exception as error:
            now = time.time()
            message = f"{type(error).__name__}: {error}"
            return {
                "phase": "Error",
                "message": message,
                "outputs": None,
                "startedAt": now,
                "finishedAt": now,
            }

    def _surroundings(self, order: PodOrder, path: str) -> Surroundings:
        record = self.record
        store = Store(record.outputs / safe(path), self._store.keyed, self._secret)
        return Surroundings(
            project=self.project,
            objects=self.objects,
            folder=record.pod_folder(order.node_id),
            claims=self.project.state / "volumes",
            run_volumes=record.volumes,
            store=store,
            fields=self._fields(order),
            log=lambda container: record.log_file(path, container),
            tell=lambda container, stream, data: self._tell(Printed(path, container, stream, data)),
            say=lambda text: self._tell(Said(text)),
            started=lambda: self._news.put(("started", order.node_id, None)),
        )

    def _run_resource(self, order: PodOrder, stop: Stop) -> dict[str, Any]:
        self._news.put(("started", order.node_id, None))
        router = resources.Router(self.project, self.objects)
        owner = {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Workflow",
            "name": self.op.name,
            "uid": self.submission.uid,
            "controller": True,
            "blockOwnerDeletion": True,
        }
        manifest = resources.manifest_of(order.template, self._store, self.record.pod_folder(order.node_id))
        return resources.run(order, router, owner, stop, manifest, time.time())

    def _fields(self, order: PodOrder) -> dict[str, str]:
        template = order.template
        fields = {
            "metadata.name": podnames.pod_name(
                self.op.name, order.node_name, str(template.get("name") or "")
            ),
            "metadata.namespace": self.op.namespace,
            "metadata.uid": self.submission.uid,
            "spec.nodeName": "localhost",
            "spec.serviceAccountName": str(self.op.spec.get("serviceAccountName") or "default"),
            "status.podIP": "127.0.0.1",
            "status.hostIP": "127.0.0.1",
        }
        own = {"workflows.argoproj.io/workflow": self.op.name, "workflows.argoproj.io/completed": "false"}
        for kind, values in (("labels", own), ("annotations", {})):
            given = (template.get("metadata") or {}).get(kind) or {}
            outer = (self.op.spec.get("podMetadata") or {}).get(kind) or {}
            for key, value in {**values, **outer, **given}.items():
                fields[f"metadata.{kind}['{key}']"] = str(value)
        return fields

    def _config_map(self, name: str, key: str) -> str:
        """A parameter's value; Argo reads it only from ConfigMaps that say they hold some."""
        body = self.objects.get("ConfigMap", name)
        if body is None:
            raise NotFound(
                f"ConfigMap '{name}' does not exist. Please make sure it has the label {_PARAMETER_LABEL} "
                "to be detectable by the controller"
            )
        label, _, wanted = _PARAMETER_LABEL.partition(": ")
        if (body["metadata"].get("labels") or {}).get(label) != wanted:
            raise LookupError(
                f"ConfigMap '{name}' needs to have the label {_PARAMETER_LABEL} to load parameters"
            )
        data = self.objects.data("ConfigMap", name) or {}
        if key not in data:
            raise NotFound(f"ConfigMap '{name}' does not have the key '{key}'")
        return data[key].decode("utf-8", "replace")

    def _limit(self, name: str, key: str) -> int:
        data = self.objects.data("ConfigMap", name) or {}
        try:
            return int(data.get(key, b"0"))
        except ValueError:
            return 0

    def _secret(self, name: str, key: str) -> str:
        data = self.objects.data("Secret", name)
        if data is None or key not in data:
            raise OperationError(volumes.missing("Secret", name, self.objects))
        return data[key].decode("utf-8", "replace")


@contextlib.contextmanager
def _termination_as_interrupt() -> Iterator[None]:
    """SIGTERM and SIGHUP end a run as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
