"""A resource template in, what became of its object out: kubectl's actions on the project's own objects.

The objects are those of `argolane.serving.apiserver`. Conditions are label selectors over the object, polled
until one holds.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from argolane.errors import ArgolaneError
from argolane.kubernetes.patching import PatchError
from argolane.languages import jq, jsonpath
from argolane.languages.jsonpath.parser import PathError
from argolane.serving.apiserver import KINDS, ApiServer
from argolane.workflow.local.pod import outputs
from argolane.workflow.local.pod.artifacts import Repository, load
from argolane.workflow.local.pod.exits import NO_PROGRAM, Exit, over
from argolane.workflow.local.pod.outputs import View
from argolane.workflow.local.pod.stopping import Stop
from argolane.workflow.local.reconciler.ports import PodOrder, PodResult
from argolane.workflow.local.resources import runs
from argolane.workflow.local.resources.conditions import Interrupted, standing, wait
from argolane.workflow.local.resources.kubectl import ResourceError, act, namespace_of, parse
from argolane.workflow.local.resources.runs import Runs
from argolane.workflow.local.resources.server import Server

__all__ = ["ApiServer", "Runs", "Server", "manifest_of", "run"]


def run(
    order: PodOrder,
    server: Server,
    owner: Mapping[str, Any],
    stop: Stop,
    manifest: str,
    began: float,
    note: Callable[[str], None],
) -> PodResult:
    """The result, as of a pod whose main is Argo's executor; `note` is told what it waits for."""
    until = None if order.active_seconds is None else began + order.active_seconds
    saved = outputs.declared(order.template)
    phase, message, code = "Succeeded", "", 0
    try:
        wanted = _wanted(order.template["resource"], manifest, owner)
        _run(order.template["resource"], server, wanted, stop, until, saved.get("parameters") or [], note)
    except Interrupted as interrupted:
        phase, message, code = "Failed", str(interrupted), 143
    except (ResourceError, ArgolaneError, PatchError) as error:
        phase, message, code = "Failed", Exit("main", NO_PROGRAM, str(error)).message, NO_PROGRAM
        saved = {}
    return over(phase, message, outputs={**saved, "exitCode": str(code)}, began=began)


def manifest_of(template: Mapping[str, Any], repository: Repository, folder: Path) -> str:
    """The manifest's text, or that of the input artifact it is read from."""
    resource = template["resource"]
    source = (resource.get("manifestFrom") or {}).get("artifact")
    if source is None:
        return str(resource.get("manifest") or "")
    name = str(source["name"])
    given = (template.get("inputs") or {}).get("artifacts") or ()
    artifact = {**source, **next((a for a in given if a["name"] == name), {}), "path": f"/tmp/{name}"}  # noqa: S108
    view = View((), folder / "tmp")
    loaded = load({"inputs": {"artifacts": [artifact]}}, view, repository, folder / "artifacts")
    return loaded[0].source.read_text(encoding="utf-8")


def _wanted(resource: Mapping[str, Any], manifest: str, owner: Mapping[str, Any]) -> dict[str, Any]:
    wanted = parse(resource, manifest)
    if not wanted:  # Flags name it.
        return wanted
    known = (*KINDS, *runs.KINDS)
    if wanted["kind"] not in known:  # Of a manifest that was not known before the run.
        reason = f"kind is {wanted['kind']!r}; the local runner has {', '.join(known)}"
        raise ResourceError(f"resource.manifest: {reason}")
    if resource.get("setOwnerReference"):
        metadata = wanted.setdefault("metadata", {})
        metadata["ownerReferences"] = [*(metadata.get("ownerReferences") or ()), dict(owner)]
    return wanted


def _run(
    resource: Mapping[str, Any],
    server: Server,
    wanted: dict[str, Any],
    stop: Stop,
    until: float | None,
    parameters: list[dict[str, Any]],
    note: Callable[[str], None],
) -> None:
    """Act, wait, and fill in the output parameters."""
    found = act(resource, server, wanted)
    if found is None:
        for parameter in parameters:
            if parameter.get("valueFrom"):
                parameter["value"] = str(parameter["valueFrom"].get("default") or "")
        return
    kind, name = str(wanted.get("kind")), str(found["metadata"]["name"])

    def get() -> dict[str, Any] | None:
        return server.get(kind, name, namespace=namespace_of(wanted))

    try:
        wait(resource, get, stop, until, note)
    except Interrupted as interrupted:
        words = standing(get())
        raise Interrupted(f"{interrupted}. {words}" if words else str(interrupted)) from None
    for parameter in parameters:
        _fill(parameter, get() or found)


def _fill(parameter: dict[str, Any], found: dict[str, Any]) -> None:
    source = parameter.get("valueFrom") or {}
    try:
        if source.get("jsonPath"):
            parameter["value"] = jsonpath.render(str(source["jsonPath"]), found)
        elif source.get("jqFilter"):
            parameter["value"] = jq.run(str(source["jqFilter"]), found)
    except (PathError, jq.JqError) as error:
        raise ResourceError(str(error)) from None
