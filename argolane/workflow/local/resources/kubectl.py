"""kubectl's actions in, the object they leave out, with kubectl's complaints."""

import json
import secrets
from collections.abc import Mapping
from typing import Any

from argolane.errors import ArgolaneError
from argolane.kubernetes import selectors
from argolane.kubernetes.names import invalid, not_a_subdomain
from argolane.languages.values import any_string, go_json_error
from argolane.manifest import loads
from argolane.workflow.local.resources import flags
from argolane.workflow.local.resources.server import Server

_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


class ResourceError(Exception):
    """The action failed; the text is what kubectl or Argo's executor would say."""


def parse(resource: Mapping[str, Any], manifest: str) -> dict[str, Any]:
    """The one object of a manifest, as JSON has it."""
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
    if not manifest.strip() and resource.get("action") == "delete" and resource.get("flags"):
        return {}
    if len(bodies) != 1 or not isinstance(bodies[0], dict):
        raise ResourceError(f"resource.manifest: expected one object, found {len(bodies)}")
    wanted = dict(bodies[0])
    if not wanted.get("kind"):
        raise ResourceError("resource.manifest: Object 'Kind' is missing")
    return wanted


def act(resource: Mapping[str, Any], server: Server, wanted: dict[str, Any]) -> dict[str, Any] | None:
    """The object after the action; None once it is deleted."""
    action, kind = str(resource.get("action")), str(wanted.get("kind"))
    named = _flags(resource)
    if action == "delete" and named.kind:
        _delete(server, named)
        return None
    plural, name = f"{kind.lower()}s", _name(action, wanted)
    space = namespace_of(wanted)
    before = server.get(kind, name, namespace=space)
    if action == "delete":
        if before is not None:
            server.delete(kind, name, namespace=space)
        return None
    if action == "create":
        if before is not None:
            raise ResourceError(
                "no more retries Error from server (AlreadyExists): error when creating "
                f'"/tmp/manifest.yaml": {plural} "{name}" already exists'
            )
        return server.create(wanted)
    if action == "apply":
        return server.apply(wanted)
    if before is None:
        raise ResourceError(f'no more retries Error from server (NotFound): {plural} "{name}" not found')
    if action == "get":
        return before
    if action == "replace":
        return server.replace(wanted)
    # A custom resource has no strategic patch, which kubectl turns into a merge.
    strategy = "merge" if kind == "SeldonDeployment" else str(resource.get("mergeStrategy") or "strategic")
    return server.patch(kind, name, wanted, namespace=space, strategy=strategy)


def _flags(resource: Mapping[str, Any]) -> flags.Flags:
    try:
        return flags.parse(resource)
    except flags.UnknownFlag as unknown:
        raise ResourceError(f"no more retries {unknown}") from None


def _delete(server: Server, named: flags.Flags) -> None:
    """What flags name: argoexec adds --ignore-not-found, so what is not there is no fault."""
    names = list(named.names)
    if named.selector:
        try:
            requirements = selectors.parse(named.selector)
        except selectors.SelectorError as error:
            raise ResourceError(f"no more retries error: {error}") from None
        for found in server.list(named.kind):
            labels = (found.get("metadata") or {}).get("labels") or {}
            if all(requirement.matches_label(labels) for requirement in requirements):
                names.append(str(found["metadata"]["name"]))
    for name in names:
        server.delete(named.kind, name)


def namespace_of(wanted: Mapping[str, Any]) -> str | None:
    """Where the object is, or None for the project's own namespace."""
    return (wanted.get("metadata") or {}).get("namespace") or None


def _name(action: str, wanted: dict[str, Any]) -> str:
    """The object's name; one is made up for `create` with generateName."""
    metadata = wanted.get("metadata") or {}
    if metadata.get("generateName") and not metadata.get("name") and action == "create":
        letters = "".join(secrets.choice(_LETTERS) for _ in range(5))
        metadata["name"] = f"{metadata['generateName']}{letters}"
    name = str(metadata.get("name") or "")
    if not name:
        raise ResourceError("resource name may not be empty")
    for fault in not_a_subdomain(name) if action in ("create", "apply") else ():
        reason = invalid(str(wanted["kind"]), name, [f'metadata.name: Invalid value: "{name}": {fault}'])
        raise ResourceError(f"no more retries The {reason}")
    return name


def _json_keys(tree: Any) -> Any:
    """Keys as JSON has them: an unquoted n is the boolean false to YAML, and so the text "false"."""
    if isinstance(tree, dict):
        return {k if isinstance(k, str) else any_string(k): _json_keys(v) for k, v in tree.items()}
    return [_json_keys(part) for part in tree] if isinstance(tree, list) else tree
