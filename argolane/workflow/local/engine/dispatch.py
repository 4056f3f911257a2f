"""An order for a pod in, its result out, of whoever runs that kind: a kubelet, resources, a test's stand-in.

Told with it is what a pod needs to know of its run.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from argolane.disk import said
from argolane.kubernetes import fields, sizes
from argolane.kubernetes.objects import Objects
from argolane.project import Project
from argolane.serving import host_names
from argolane.serving.ports import HOST
from argolane.workflow.local import asking, listing, resources
from argolane.workflow.local.engine.journal import Journal
from argolane.workflow.local.engine.lookups import Lookups
from argolane.workflow.local.engine.news import News, PodNoted, PodReady, PodStarted
from argolane.workflow.local.pod.artifacts import Repository
from argolane.workflow.local.pod.exits import over
from argolane.workflow.local.pod.imagecache import ImageCache
from argolane.workflow.local.pod.kubelet import run_pod
from argolane.workflow.local.pod.stopping import Stop
from argolane.workflow.local.pod.surroundings import Surroundings
from argolane.workflow.local.reconciler.daemons import is_daemon
from argolane.workflow.local.reconciler.nodes.naming import pod_name
from argolane.workflow.local.reconciler.ports import PodOrder, PodResult
from argolane.workflow.local.reconciler.state.run_state import RunState
from argolane.workflow.run.events import Printed, Said
from argolane.workflow.run.record import safe
from argolane.workflow.run.submission import Submission

_TASK_RESULT = 1024  # bytes that a WorkflowTaskResult has besides the outputs
# Acts for the pods of one template: nothing of the template itself is started.
StandIn = Callable[[PodOrder, Surroundings, Stop], PodResult]


class Dispatch:
    """Runs the pods of one run, each in the thread that calls."""

    def __init__(
        self,
        project: Project,
        submission: Submission,
        state: RunState,
        journal: Journal,
        news: News,
        stand_ins: Mapping[str, StandIn],
    ) -> None:
        self._project, self._submission, self._state, self._journal = project, submission, state, journal
        self._objects = Objects(project)
        self._lookups = Lookups(self._objects)
        self._images = ImageCache(project, lambda text: journal.tell(Said(text)))
        self._news, self._stand_ins = news, stand_ins

    def run(self, order: PodOrder, stop: Stop) -> PodResult:
        """The result, whatever happens: a bug of ours ends this node, not the run's bookkeeping."""
        try:
            path = self._state.nodes.path(self._state.nodes.of(order.node_id))
            stand_in = self._stand_ins.get(str(order.template.get("name")))
            if stand_in is not None:
                return self._acted(stand_in, order, path, stop)
            if order.template.get("resource") is not None:
                return _reported(self._run_resource(order, stop, path))
            if order.template.get("http") is not None:
                self._news.tell(PodStarted(order.node_id))
                return _reported(asking.run(order, self._lookups.secret))
            if order.template.get("data") is not None:
                self._news.tell(PodStarted(order.node_id))
                return _reported(listing.run(order, self._repository(path)))
            return _reported(run_pod(order, self._surroundings(order, path), stop))
        except OSError as error:
            return over("Error", said(error, self._journal.record.pod_folder(order.node_id)))
        except Exception as error:
            return over("Error", f"{type(error).__name__}: {error}")

    def _acted(self, stand_in: StandIn, order: PodOrder, path: str, stop: Stop) -> PodResult:
        """A daemon that is acted is up at once, and until it is not needed any more."""
        result = stand_in(order, self._surroundings(order, path), stop)
        if is_daemon(order.template) and result.phase == "Succeeded":
            self._news.tell(PodReady(order.node_id, HOST))
            stop.wait()
        return result

    def _surroundings(self, order: PodOrder, path: str) -> Surroundings:
        record, journal = self._journal.record, self._journal
        return Surroundings(
            objects=self._objects,
            folder=record.pod_folder(order.node_id),
            claims=self._project.claims,
            run_volumes=record.volumes,
            repository=self._repository(path),
            fields=self._fields(order),
            log=lambda container: record.log_file(path, container),
            tell=lambda container, stream, data: journal.tell(Printed(path, container, stream, data)),
            say=lambda text: journal.tell(Said(text)),
            images=self._images,
            limits=self._project.settings.limits,
            started=lambda: self._news.tell(PodStarted(order.node_id)),
            ready=lambda address: self._news.tell(PodReady(order.node_id, address)),
            full=journal.disk_is_full,
            hosts=host_names.mounts(self._project, self._project.settings.namespace, always=False),
        )

    def _repository(self, path: str) -> Repository:
        outputs = self._journal.record.outputs
        return Repository(outputs / safe(path), self._project.state / "artifacts", self._lookups.secret)

    def _run_resource(self, order: PodOrder, stop: Stop, path: str) -> PodResult:
        self._news.tell(PodStarted(order.node_id))
        owner = {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Workflow",
            "name": self._state.name,
            "uid": self._submission.uid,
            "controller": True,
            "blockOwnerDeletion": True,
        }
        folder = self._journal.record.pod_folder(order.node_id)
        manifest = resources.manifest_of(order.template, self._repository(path), folder)
        server = resources.Server(
            resources.ApiServer(self._project, say=lambda text: self._journal.tell(Said(text))),
            resources.Runs(self._project, self._submission.others, folder / "made"),
        )
        return resources.run(
            order, server, owner, stop, manifest, time.time(),
            lambda words: self._news.tell(PodNoted(order.node_id, words)),
        )  # fmt: skip

    def _fields(self, order: PodOrder) -> dict[str, str]:
        """What a fieldRef may read."""
        state, template = self._state, order.template
        outer, given = state.spec.get("podMetadata") or {}, template.get("metadata") or {}
        own = {"workflows.argoproj.io/workflow": state.name, "workflows.argoproj.io/completed": "false"}
        return fields.of_pod(
            pod_name(state.name, order.node_name, str(template.get("name") or "")),
            state.namespace,
            self._submission.uid,
            labels={**own, **(outer.get("labels") or {}), **(given.get("labels") or {})},
            annotations={**(outer.get("annotations") or {}), **(given.get("annotations") or {})},
            service_account=str(state.spec.get("serviceAccountName") or "default"),
        )


def _reported(result: PodResult) -> PodResult:
    """As the controller hears of it: outputs travel in one object, a task result, which has a bound."""
    size = sizes.of_object(result.outputs) + _TASK_RESULT if result.outputs else 0
    reason = sizes.refusal(size)
    if not reason:
        return result
    return replace(result, phase="Error", message=f"wait: Error (exit code 64): {reason}", outputs=None)
