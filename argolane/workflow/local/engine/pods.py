"""Orders for pods in, results out: what a pod needs to know of its run, and which kind of pod it is."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from argolane.disk import said
from argolane.kubernetes.objects import Objects
from argolane.project import Project
from argolane.workflow.local import resources
from argolane.workflow.local.engine.journal import Journal
from argolane.workflow.local.engine.lookups import Lookups
from argolane.workflow.local.pod.artifacts import Store
from argolane.workflow.local.pod.imagecache import ImageCache
from argolane.workflow.local.pod.pod import Pod
from argolane.workflow.local.pod.result import result
from argolane.workflow.local.pod.streams import Stop
from argolane.workflow.local.pod.surroundings import Surroundings
from argolane.workflow.local.reconciler.operation import Operation
from argolane.workflow.local.reconciler.podnames import pod_name
from argolane.workflow.local.reconciler.ports import PodOrder
from argolane.workflow.local.submission import Submission
from argolane.workflow.run.events import Printed, Said
from argolane.workflow.run.record import safe

# Acts for the pods of one template: nothing of the template itself is started.
StandIn = Callable[[PodOrder, Surroundings, Stop], dict[str, Any]]


class Pods:
    """Runs the pods of one run, each in the thread that calls."""

    def __init__(
        self,
        project: Project,
        submission: Submission,
        op: Operation,
        journal: Journal,
        started: Callable[[str], None],
        noted: Callable[[str, str], None],
        stand_ins: Mapping[str, StandIn],
    ) -> None:
        self._project, self._submission, self._op, self._journal = project, submission, op, journal
        self._objects = Objects(project)
        self._lookups = Lookups(self._objects)
        self._images = ImageCache(project, lambda text: journal.tell(Said(text)))
        self._started, self._noted, self._stand_ins = started, noted, stand_ins

    def run(self, order: PodOrder, stop: Stop) -> dict[str, Any]:
        """The result, whatever happens: a bug of ours ends this node, not the run's bookkeeping."""
        try:
            path = self._op.nodes.path(self._op.nodes.of(order.node_id))
            stand_in = self._stand_ins.get(str(order.template.get("name")))
            if stand_in is not None:
                return stand_in(order, self._surroundings(order, path), stop)
            if order.template.get("resource") is not None:
                return self._run_resource(order, stop, path)
            return Pod(order, self._surroundings(order, path), stop).run()
        except OSError as error:
            return result("Error", said(error, self._journal.record.pod_folder(order.node_id)))
        except Exception as error:
            return result("Error", f"{type(error).__name__}: {error}")

    def _surroundings(self, order: PodOrder, path: str) -> Surroundings:
        record, journal = self._journal.record, self._journal
        return Surroundings(
            objects=self._objects,
            folder=record.pod_folder(order.node_id),
            claims=self._project.claims,
            run_volumes=record.volumes,
            store=self._store(path),
            fields=self._fields(order),
            log=lambda container: record.log_file(path, container),
            tell=lambda container, stream, data: journal.tell(Printed(path, container, stream, data)),
            say=lambda text: journal.tell(Said(text)),
            images=self._images,
            started=lambda: self._started(order.node_id),
            full=journal.disk_is_full,
        )

    def _store(self, path: str) -> Store:
        outputs = self._journal.record.outputs
        return Store(outputs / safe(path), self._project.state / "artifacts", self._lookups.secret)

    def _run_resource(self, order: PodOrder, stop: Stop, path: str) -> dict[str, Any]:
        self._started(order.node_id)
        owner = {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Workflow",
            "name": self._op.name,
            "uid": self._submission.uid,
            "controller": True,
            "blockOwnerDeletion": True,
        }
        folder = self._journal.record.pod_folder(order.node_id)
        manifest = resources.manifest_of(order.template, self._store(path), folder)
        server = resources.ApiServer(
            self._project, self._objects, lambda text: self._journal.tell(Said(text))
        )
        return resources.run(
            order, server, owner, stop, manifest, time.time(), lambda words: self._noted(order.node_id, words)
        )

    def _fields(self, order: PodOrder) -> dict[str, str]:
        """What a fieldRef may read."""
        op, template = self._op, order.template
        fields = {
            "metadata.name": pod_name(op.name, order.node_name, str(template.get("name") or "")),
            "metadata.namespace": op.namespace,
            "metadata.uid": self._submission.uid,
            "spec.nodeName": "localhost",
            "spec.serviceAccountName": str(op.spec.get("serviceAccountName") or "default"),
            "status.podIP": "127.0.0.1",
            "status.hostIP": "127.0.0.1",
        }
        own = {"workflows.argoproj.io/workflow": op.name, "workflows.argoproj.io/completed": "false"}
        for kind, values in (("labels", own), ("annotations", {})):
            given = (template.get("metadata") or {}).get(kind) or {}
            outer = (op.spec.get("podMetadata") or {}).get(kind) or {}
            for key, value in {**values, **outer, **given}.items():
                fields[f"metadata.{kind}['{key}']"] = str(value)
        return fields
