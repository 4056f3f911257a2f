"""The doors of the engine: check, preview, run, retry."""

import contextlib
import threading
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from argolane.disk import said
from argolane.errors import ArgolaneError, ManifestError, NotSupportedLocally
from argolane.kubernetes import sizes
from argolane.manifest import Document, dump, loads
from argolane.project import Project
from argolane.serving.deployments import Deployments
from argolane.workflow.local import effects, needs, subset
from argolane.workflow.local.engine.dispatch import StandIn
from argolane.workflow.local.engine.loop import Engine
from argolane.workflow.local.reconciler.errors import OperationError
from argolane.workflow.local.reconciler.template.evaluation import replace
from argolane.workflow.local.reconciler.workflow_tags import of_workflow
from argolane.workflow.local.submit import submit
from argolane.workflow.run import recorded
from argolane.workflow.run.events import Event, Observer, Said
from argolane.workflow.run.record import Record
from argolane.workflow.run.result import Run
from argolane.workflow.run.status import is_over
from argolane.workflow.run.submission import Submission

OF_RUN = "argolane.dev/workflow"  # a label with the run that has deployed something


def check(
    project: Project,
    workflow: Document,
    templates: Sequence[Document] = (),
    parameters: Mapping[str, str] | None = None,
) -> None:
    """NotSupportedLocally with every field that the local runner does not run, ManifestError with what is
    wrong with a deployment; nothing is started."""
    _outlook(project, submit(workflow, templates, parameters or {}), ())


def run(
    project: Project,
    workflow: Document,
    *,
    templates: Sequence[Document] = (),
    parameters: Mapping[str, str] | None = None,
    name: str | None = None,
    entrypoint: str | None = None,
    observe: Observer | None = None,
    stand_ins: Mapping[str, StandIn] | None = None,
) -> Run:
    """Run a workflow to its end, in this process; `stand_ins` act for the templates of these names."""
    submission = submit(workflow, templates, parameters or {}, name=name, entrypoint=entrypoint)
    doubts = _outlook(project, submission, stand_ins or ())
    if not stand_ins:  # a test brings up what it needs
        tell = observe or (lambda event: None)
        needs.bring_up(project, submission.metadata, submission.changed, say=lambda text: tell(Said(text)))
    record = Record(project.runs / submission.name)
    try:
        record.create()
        record.write_submission(submission.to_dict())
    except OSError as error:
        raise ArgolaneError(f"{said(error, record.folder)}.") from None
    if observe is not None:
        observe = _once(observe)
        for doubt in doubts:
            observe(Said(doubt))
    return _run(project, submission, record, observe, {}, stand_ins or {})


def preview(
    project: Project,
    workflow: Document,
    *,
    templates: Sequence[Document] = (),
    parameters: Mapping[str, str] | None = None,
    name: str | None = None,
) -> str:
    """What a run would be, as YAML: the merged workflow with the values that are known before it starts, then
    what its resource templates apply, each below a line with its size. Raises what `run` would."""
    submission = submit(workflow, templates, parameters or {}, name=name)
    found = _looked_at(project, submission, ())
    bodies = [_substituted(submission)]
    for text in found.applied:
        # What is no manifest yet has a value that only a task gives.
        with contextlib.suppress(ManifestError):
            bodies += [body for body in loads(text, "manifest") if isinstance(body, dict)]
    return "---\n".join(dump(body, comment=_sized(body)) for body in bodies)


def _substituted(submission: Submission) -> dict[str, Any]:
    """The merged workflow with the values of the workflow's own tags; others are only known in the run."""
    body = submission.manifest()
    try:
        return dict(replace(body, of_workflow(submission, "", lambda name, key: "{{?}}")))
    except OperationError:
        return body


def _sized(body: Mapping[str, Any]) -> str:
    name = str((body.get("metadata") or {}).get("name") or "")
    size = sizes.of_object(body)
    return f"{body.get('kind')} {name}: {size} bytes as JSON; an API server takes {sizes.STORED}"


def retry(project: Project, name: str, *, observe: Observer | None = None) -> Run:
    """Go on with a run: what Succeeded is not run again, what failed is.

    After a runner's death everything that was decided stays. What the run has deployed is brought
    back where that was killed, too.
    """
    record = recorded.named(project, name).record
    try:
        record.open()
    except OSError as error:
        raise ArgolaneError(f"{said(error, record.folder)}.") from None
    try:
        submission = Submission.from_dict(record.read_submission())
        status = _last_status(record)
        if status.get("phase") == "Succeeded":
            raise ArgolaneError(f"Run {name!r} has Succeeded: there is nothing to retry.")
        replay = _replayed(record, status)
        # On a cluster what a run has deployed comes back by itself.
        Deployments(project).bring_back(label=OF_RUN, value=name)
    except BaseException:
        record.close()
        raise
    return _run(project, submission, record, observe, replay, {})


def _outlook(project: Project, submission: Submission, acted: Collection[str]) -> list[str]:
    """What is doubtful; raises what is not to be started."""
    return _looked_at(project, submission, acted).doubted


def _looked_at(project: Project, submission: Submission, acted: Collection[str]) -> subset.Outlook:
    found = subset.outlook(project, submission, acted)
    if found.wrong:
        raise ManifestError([*found.wrong, *found.refused])
    if found.refused:
        raise NotSupportedLocally(found.refused)
    return found


def _once(observe: Observer) -> Observer:
    """What was said before the run is not said again when a deployment is applied."""
    said_before: set[str] = set()

    def tell(event: Event) -> None:
        if isinstance(event, Said):
            if event.text in said_before:
                return
            said_before.add(event.text)
        observe(event)

    return tell


def _run(
    project: Project,
    submission: Submission,
    record: Record,
    observe: Observer | None,
    replay: Mapping[str, dict[str, Any]],
    stand_ins: Mapping[str, StandIn],
) -> Run:
    try:
        if observe is not None:
            for line in effects.without_effect(submission.spec, project.settings):
                observe(Said(line))
        # Dumping a large workflow takes a while, and nobody waits for it.
        writer = threading.Thread(target=_write_workflow, args=(record, submission))
        writer.start()
        try:
            return Engine(project, submission, record, observe, replay, stand_ins).run()
        finally:
            writer.join()
    finally:
        record.close()


def _write_workflow(record: Record, submission: Submission) -> None:
    """For the reader only: a retry reads the submission."""
    with contextlib.suppress(OSError, ManifestError):
        record.write_workflow(submission.manifest())


def _last_status(record: Record) -> dict[str, Any]:
    """Empty when the file is missing or cut: what Succeeded is known by its own result."""
    try:
        return record.read_status()
    except ArgolaneError:
        return {}


def _replayed(record: Record, status: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The results to keep; the others are forgotten."""
    results = record.results()
    if not status:
        lost = [node_id for node_id, result in results.items() if result.get("phase") != "Succeeded"]
        for node_id in lost:
            record.forget(node_id)
        return {node_id: result for node_id, result in results.items() if node_id not in lost}
    if not is_over(status):
        return results
    nodes: Mapping[str, Mapping[str, Any]] = status.get("nodes") or {}
    root = str(record.folder.name)
    kept = {}
    attempts_of_success = {
        child
        for node in nodes.values()
        if node["type"] == "Retry" and node["phase"] == "Succeeded"
        for child in node.get("children") or ()
    }
    for node_id, result in results.items():
        name = str((nodes.get(node_id) or {}).get("name") or "")
        in_exit = name.startswith(f"{root}.onExit")
        good = result.get("phase") == "Succeeded" or node_id in attempts_of_success
        if good and not in_exit:
            kept[node_id] = result
        else:
            record.forget(node_id)
    return kept
