"""A run in, the artifacts removed that its artifactGC lets go now: when it is over, and when it is deleted.

On a cluster pods of the controller do it. Here they are files of the folder that stands for all stores.
"""

import contextlib
from collections.abc import Mapping
from typing import Any

from argolane.errors import ArgolaneError
from argolane.workflow.local.pod import artifacts
from argolane.workflow.local.reconciler.state.run_state import RunState
from argolane.workflow.run.record import Record

_COMPLETION, _DELETION = "OnWorkflowCompletion", "OnWorkflowDeletion"

Tree = Mapping[str, Any]


def at_end(run: RunState) -> dict[str, Any]:
    """Those that go with the run's completion are gone, and marked so; its `artifactGCStatus`."""
    for node in run.nodes:
        if _collect(node.outputs, run.spec, (_COMPLETION,)):
            run.nodes.changed(node)
    _collect(run.outputs, run.spec, (_COMPLETION,))
    declared = [artifact for template in run.templates for artifact in _outputs(template)]
    if all(_strategy(artifact, run.spec) == "Never" for artifact in declared):
        return {"notSpecified": True}
    return {"strategiesProcessed": {_COMPLETION: True}}


def at_deletion(record: Record) -> None:
    """Those that go with the run's record. One that says nothing any more lets nothing go."""
    try:
        spec, status = record.read_submission().get("spec") or {}, record.read_status()
    except (ArgolaneError, OSError):
        return
    for node in (status.get("nodes") or {}).values():
        _collect(node.get("outputs"), spec, (_COMPLETION, _DELETION))


def _collect(outputs: Tree | None, spec: Tree, strategies: tuple[str, ...]) -> bool:
    """Whether there was anything to remove. What cannot be removed is not marked either."""
    found = False
    for artifact in (outputs or {}).get("artifacts") or ():
        if _strategy(artifact, spec) in strategies and not artifact.get("deleted"):
            with contextlib.suppress(OSError):
                artifacts.remove(artifact)
                artifact["deleted"] = found = True
    return found


def _strategy(artifact: Tree, spec: Tree) -> str:
    """Its own, else the workflow's."""
    own = (artifact.get("artifactGC") or {}).get("strategy")
    return str(own or (spec.get("artifactGC") or {}).get("strategy") or "Never")


def _outputs(template: Tree) -> list[Tree]:
    return list((template.get("outputs") or {}).get("artifacts") or ())
