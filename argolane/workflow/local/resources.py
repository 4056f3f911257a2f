"""A resource template in, what became of its object out: kubectl's actions on the project's own objects.

SeldonDeployments go to `argolane.serving.deployments`, every other object is a JSON file. Conditions are
label selectors over the object, polled until one holds.
"""

import json
import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from argolane.errors import ArgolaneError
from argolane.manifest import loads
from argolane.project import Project
from argolane.workflow.local import jq, jsonpath, outputs, selectors
from argolane.workflow.local.artifacts import Store, load
from argolane.workflow.local.objects import Objects
from argolane.workflow.local.outputs import View
from argolane.workflow.local.patching import PatchError, merge_patch, patch
from argolane.workflow.local.ports import PodOrder
from argolane.workflow.local.streams import Stop
from argolane.workflow.local.values import any_string, go_json_error

ACTIONS = ("get", "create", "apply", "delete", "replace", "patch")
SERVED_KINDS = ("SeldonDeployment",)
_POLL = 0.25


class ResourceError(Exception):
    """The action failed; the text is what kubectl or Argo's executor would say."""


class Cluster(Protocol):
    """Where the objects of one kind live."""

    def get(self, kind: str, name: str) -> dict[str, Any] | None: ...

    def put(self, body: Mapping[str, Any], now: float) -> dict[str, Any]: ...

    def merge(self, kind: str, name: str, change: Mapping[str, Any]) -> dict[str, Any]: ...

    def delete(self, kind: str, name: str) -> bool: ...


def run(
    order: PodOrder,
    cluster: Cluster,
    owner: Mapping[str, Any],
    stop: Stop,
    manifest: str,
    began: float,
) -> dict[str, Any]:
    """The result, as of a pod whose main is Argo's executor."""
    template = order.template
    until = None if order.active_seconds is None else began + order.active_seconds
    saved = outputs.declared(template)
    phase, message, code = "Succeeded", "", 0
    try:
        _run(template, cluster, owner, stop, manifest, until, saved)
    except _Interrupted as interrupted:
        phase, message, code = "Failed", str(interrupted), 143
    except (ResourceError, ArgolaneError, PatchError) as error:
        phase, code = "Failed", 64
        message = f"main: Error (exit code 64): {error}"
        saved = {}
    saved["exitCode"] = str(code)
    return {
        "phase": phase,
        "message": message,
        "outputs": saved,
        "startedAt": began,
        "finishedAt": time.time(),
    }


class _Interrupted(Exception):
    """The pod's deadline, or the run's end."""


def _run(
    template: Mapping[str, Any],
    cluster: Cluster,
    owner: Mapping[str, Any],
    stop: Stop,
    manifest: str,
    until: float | None,
    saved: dict[str, Any],
) -> None:
    resource = template["resource"]
    wanted = _parse(resource, manifest)
    if resource.get("setOwnerReference"):
        metadata = wanted.setdefault("metadata", {})
        metadata["ownerReferences"] = [*(metadata.get("ownerReferences") or ()), dict(owner)]
    kind, name = str(wanted.get("kind") or ""), str((wanted.get("metadata") or {}).get("name") or "")
    found = _act(resource, cluster, wanted, kind, name)
    if found is None:
        for parameter in saved.get("parameters") or ():
            if parameter.get("valueFrom"):
                parameter["value"] = str(parameter["valueFrom"].get("default") or "")
        return
    name = str(found["metadata"]["name"])
    try:
        _wait(resource, lambda: cluster.get(kind, name), stop, until)
    except _Interrupted as interrupted:
        raise _Interrupted(f"{interrupted}{_standing(cluster.get(kind, name))}") from None
    for parameter in saved.get("parameters") or ():
        _fill(parameter, cluster.get(kind, name) or found)


def _standing(found: Mapping[str, Any] | None) -> str:
    """What the object says of itself, for whoever waited in vain; '' when it says nothing."""
    status = found.get("status") if found else None
    if not found or not isinstance(status, Mapping) or not status.get("description"):
        return ""
    first = str(status["description"]).partition("\n")[0]
    return f". {found.get('kind')} {found['metadata']['name']!r} is {status.get('state')}: {first}"


def _parse(resource: Mapping[str, Any], manifest: str) -> dict[str, Any]:
    if resource.get("action") == "patch" and manifest.lstrip().startswith("{"):
        try:
            json.loads(manifest)
        except ValueError:
            problem = f"error decoding patch: {go_json_error(manifest)}"
            raise ResourceError(f"no more retries Error from server (BadRequest): {problem}") from None
    try:
        bodies = [_json_keys(body) for body in loads(manifest, "resource.manifest")]
    except ArgolaneError as error:
        raise ResourceError(str(error)) from None
    if len(bodies) != 1 or not isinstance(bodies[0], dict):
        raise ResourceError(f"resource.manifest: expected one object, found {len(bodies)}")
    wanted = dict(bodies[0])
    if not wanted.get("kind"):
        raise ResourceError("resource.manifest: Object 'Kind' is missing")
    return wanted


def _json_keys(tree: Any) -> Any:
    """Keys as JSON has them: an unquoted n is the boolean false to YAML, and so the text "false"."""
    if isinstance(tree, dict):
        return {k if isinstance(k, str) else any_string(k): _json_keys(v) for k, v in tree.items()}
    return [_json_keys(part) for part in tree] if isinstance(tree, list) else tree


def _act(
    resource: Mapping[str, Any], cluster: Cluster, wanted: dict[str, Any], kind: str, name: str
) -> dict[str, Any] | None:
    action = str(resource.get("action"))
    plural = f"{kind.lower()}s"
    generate = str(wanted["metadata"].get("generateName") or "") if not name else ""
    if generate and action == "create":
        name = generate + "".join(secrets.choice("bcdfghjklmnpqrstvwxz2456789") for _ in range(5))
        wanted["metadata"]["name"] = name
    if not name:
        raise ResourceError("resource name may not be empty")
    before = cluster.get(kind, name)
    now = time.time()
    if action == "delete":
        if before is not None:
            cluster.delete(kind, name)
        return None
    if action == "create":
        if before is not None:
            raise ResourceError(
                "no more retries Error from server (AlreadyExists): error when creating "
                f'"/tmp/manifest.yaml": '
                f'{plural} "{name}" already exists'
            )
        return cluster.put(wanted, now)
    if kind in SERVED_KINDS and action in ("apply", "replace"):
        return cluster.put(wanted, now)  # They know themselves what an apply changes.
    if action == "apply":
        return cluster.put(_applied(before, wanted), now)
    if before is None:
        raise ResourceError(f'no more retries Error from server (NotFound): {plural} "{name}" not found')
    if action == "get":
        return before
    if action == "replace":
        return cluster.put(wanted, now)
    if kind in SERVED_KINDS:
        return cluster.merge(kind, name, wanted)
    strategy = str(resource.get("mergeStrategy") or "strategic")
    return cluster.put(patch(before, wanted, strategy), now)


_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def _applied(before: dict[str, Any] | None, wanted: dict[str, Any]) -> dict[str, Any]:
    """kubectl apply: what an earlier apply said and this one does not is removed, the rest is merged."""
    note = json.dumps(wanted, ensure_ascii=False, separators=(",", ":"))
    fresh = json.loads(note)
    fresh.setdefault("metadata", {}).setdefault("annotations", {})[_APPLIED] = note
    if before is None:
        return dict(fresh)
    last = (before.get("metadata") or {}).get("annotations") or {}
    pruned = _without(before, json.loads(last.get(_APPLIED) or "{}"), wanted)
    merged = merge_patch(pruned, fresh)
    return dict(merged)


def _without(live: Any, last: Any, wanted: Any) -> Any:
    if not (isinstance(live, dict) and isinstance(last, dict)):
        return live
    wanted = wanted if isinstance(wanted, dict) else {}
    return {
        key: _without(value, last.get(key), wanted.get(key))
        for key, value in live.items()
        if key not in last or key in wanted
    }


def _wait(
    resource: Mapping[str, Any],
    get: Callable[[], dict[str, Any] | None],
    stop: Stop,
    until: float | None,
) -> None:
    success = _selector("success", resource.get("successCondition"))
    failure = _selector("fail", resource.get("failureCondition"))
    if not success and not failure:
        return
    while True:
        found = get()
        if found is None:
            raise ResourceError(
                "The resource has been deleted while its status was still being checked. "
                "Will not be retried: the server could not find the requested resource"
            )
        for requirement in failure:
            if requirement.matches(found):
                raise ResourceError(f"failure condition '{requirement.shown}' evaluated true")
        if all(requirement.matches(found) for requirement in success):
            return
        if stop.reason:
            raise _Interrupted(stop.reason)
        if until is not None and time.time() > until:
            raise _Interrupted("Pod was active on the node longer than the specified deadline")
        time.sleep(_POLL)


def _selector(which: str, text: object) -> tuple[selectors.Requirement, ...]:
    if not text:
        return ()
    try:
        return selectors.parse(str(text))
    except selectors.SelectorError as error:
        raise ResourceError(f"{which} condition '{text}' failed to parse: {error}") from None


def _fill(parameter: dict[str, Any], found: dict[str, Any]) -> None:
    source = parameter.get("valueFrom") or {}
    try:
        if source.get("jsonPath"):
            parameter["value"] = jsonpath.render(str(source["jsonPath"]), found)
        elif source.get("jqFilter"):
            parameter["value"] = jq.run(str(source["jqFilter"]), found)
    except (jsonpath.PathError, jq.JqError) as error:
        raise ResourceError(str(error)) from None


class Router:
    """Objects by kind: deployments to their supervisor, the rest to files."""

    def __init__(self, project: Project, objects: Objects) -> None:
        self._project, self._objects = project, objects

    def get(self, kind: str, name: str) -> dict[str, Any] | None:
        if kind in SERVED_KINDS:
            served = self._deployments()
            known = {body["metadata"]["name"] for body in served.list()}
            return dict(served.get(name)) if name in known else None
        return self._objects.get(kind, name)

    def put(self, body: Mapping[str, Any], now: float) -> dict[str, Any]:
        if body.get("kind") in SERVED_KINDS:
            return dict(self._deployments().apply(dict(body)))
        return self._objects.put(body, now)

    def merge(self, kind: str, name: str, change: Mapping[str, Any]) -> dict[str, Any]:
        """A merge patch of a deployment."""
        return dict(self._deployments().patch(name, dict(change)))

    def delete(self, kind: str, name: str) -> bool:
        if kind in SERVED_KINDS:
            self._deployments().delete(name)
            return True
        return self._objects.delete(kind, name)

    def _deployments(self) -> Any:
        from argolane.serving.deployments import Deployments

        return Deployments(self._project)


def manifest_of(template: Mapping[str, Any], store: Store, folder: Path) -> str:
    """The manifest's text, or that of the input artifact it is read from."""
    resource = template["resource"]
    source = (resource.get("manifestFrom") or {}).get("artifact")
    if source is None:
        return str(resource.get("manifest") or "")
    name = str(source["name"])
    given = (template.get("inputs") or {}).get("artifacts") or ()
    artifact = {**source, **next((a for a in given if a["name"] == name), {}), "path": f"/tmp/{name}"}  # noqa: S108
    view = View((), folder / "tmp")
    loaded = load({"inputs": {"artifacts": [artifact]}}, view, store, folder / "artifacts")
    return loaded[0].source.read_text(encoding="utf-8")
