"""A workflow or WorkflowTemplate in, every complaint Argo would have about it out, Argo's first one first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from argolane.kubernetes.label_selector import not_a_selector
from argolane.languages.gotext import quote
from argolane.workflow.lint.argo.arguments import check_arguments
from argolane.workflow.lint.argo.base import (  # fmt: skip
    Base,
    Check,
    Complaint,
    Library,
    mapping,
    mappings,
    placeholder,
    prefixed,
    tidy,
    value_text,
)
from argolane.workflow.lint.argo.cron import check_cron
from argolane.workflow.lint.argo.names import field_name, is_tag, named
from argolane.workflow.lint.argo.resolving import namespace_of
from argolane.workflow.lint.argo.steps import check_hooks
from argolane.workflow.lint.argo.templates import check_holder

_POD_GC = ("", "OnPodCompletion", "OnPodSuccess", "OnWorkflowCompletion", "OnWorkflowSuccess")
_TITLES = {
    "Workflow": "workflow",
    "WorkflowTemplate": "workflow template",
    "ClusterWorkflowTemplate": "cluster workflow template",
}


def check_document(base: Base, library: Library) -> Iterator[Complaint]:
    """What `argo lint --offline` would say about one document, and all that it would say after the first."""
    if base.document.kind == "CronWorkflow":
        yield from check_cron(base)
        faults = _check(base, library, lint=False, template_only=False)
        yield from prefixed("cannot validate Workflow: ", faults)
        return
    template = base.document.kind != "Workflow"
    yield from _check(base, library, lint=True, template_only=template)


def check_submission(base: Base, library: Library) -> Iterator[Complaint]:
    """What the controller's server would say to `argo submit`."""
    yield from _check(base, library, lint=False, template_only=False)


def _check(base: Base, library: Library, *, lint: bool, template_only: bool) -> Iterator[Complaint]:
    spec, root = base.spec, base.root
    check = Check(base, library, _globals(), check_holder, template_only)
    yield from _name(base)
    reference = mapping(spec.get("workflowTemplateRef"))
    entrypoint, shared = str(spec.get("entrypoint") or ""), None
    if reference:
        if spec.get("templates"):
            yield base.complaint(
                "Templates is invalid field in spec if workflow referred WorkflowTemplate reference",
                f"{root}.templates",
            )
        shared = library.get(reference)
        if shared is None:
            text = library.missing(reference, namespace_of(base))
            yield base.complaint(text, f"{root}.workflowTemplateRef")
            return
        entrypoint = entrypoint or str(shared.spec.get("entrypoint") or "")
    for index, reason in named(mappings(spec.get("templates")), field_name):
        yield base.complaint(f"spec.templates{reason}", f"{root}.templates[{index}].name")
    arguments = _merged(
        mapping(spec.get("arguments")), mapping(shared.spec.get("arguments")) if shared else {}
    )
    where = f"{root}.arguments"
    yield from check_arguments(base, "spec.arguments.", arguments, where, allow_empty=lint or template_only)
    _add_parameters(check, arguments)
    _add_metadata(check, base, shared)
    if entrypoint:
        caller = None if template_only else arguments
        yield from check_holder(check, base, _holder(reference, entrypoint), caller, f"{root}.entrypoint")
    elif not template_only:
        yield base.complaint("spec.entrypoint is required", f"{root}.entrypoint")
    yield from _check_exit(check, base, shared, reference)
    yield from check_hooks(base, spec.get("hooks"), "hooks", f"{root}.hooks")
    strategy = mapping(spec.get("podGC")).get("strategy", "")
    if strategy not in _POD_GC:
        yield base.complaint(f"podGC.strategy unknown strategy '{strategy}'", f"{root}.podGC.strategy")
    if reason := not_a_selector(mapping(mapping(spec.get("podGC")).get("labelSelector"))):
        yield base.complaint(f"podGC.labelSelector invalid: {reason}", f"{root}.podGC.labelSelector")
    for template in mappings((shared or base).spec.get("templates")):
        name = str(template.get("name") or "")
        holder = _holder(reference, name)
        place = (shared or base).template(name)
        faults = check_holder(check, base, holder, None, place[1] if place else root)
        yield from prefixed(f"templates.{name} ", faults)


def _holder(reference: Mapping[str, Any], template: str) -> dict[str, Any]:
    """A step that names `template`, of the referred WorkflowTemplate if there is one."""
    return {"templateRef": {**reference, "template": template}} if reference else {"template": template}


def _name(base: Base) -> Iterator[Complaint]:
    name = str(mapping(base.document.body.get("metadata")).get("name") or "")
    if len(name.encode()) > 63 and base.document.kind in _TITLES:
        title = _TITLES[base.document.kind]
        yield base.complaint(
            f'{title} name "{quote(name)}" must not be more than 63 characters long '
            f"(currently {len(name.encode())})",
            "metadata.name",
        )


def _globals() -> dict[str, str]:
    names = ("name", "namespace", "mainEntrypoint", "serviceAccountName", "uid", "status")
    return {f"workflow.{name}": placeholder() for name in names}


def _merged(own: Mapping[str, Any], shared: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(own)
    for field in ("parameters", "artifacts"):
        mine, theirs = mappings(own.get(field)), mappings(shared.get(field))
        names = {item.get("name") for item in mine}
        if both := mine + [item for item in theirs if item.get("name") not in names]:
            merged[field] = both
    return merged


def _add_parameters(check: Check, arguments: Mapping[str, Any]) -> None:
    parameters = mappings(arguments.get("parameters"))
    if parameters:
        check.globals["workflow.parameters"] = placeholder()
        check.globals["workflow.parameters.json"] = placeholder()
    for parameter in parameters:
        value = value_text(parameter["value"]) if "value" in parameter else placeholder()
        check.globals[f"workflow.parameters.{parameter.get('name')}"] = value


def _add_metadata(check: Check, base: Base, shared: Base | None) -> None:
    metadata = mapping(tidy(base.document.body).get("metadata"))
    own = mapping(base.spec.get("workflowMetadata"))
    theirs = mapping(shared.spec.get("workflowMetadata")) if shared else {}
    for field, sources in (("annotations", ("annotations",)), ("labels", ("labels", "labelsFrom"))):
        check.globals[f"workflow.{field}"] = placeholder()
        check.globals[f"workflow.{field}.json"] = placeholder()
        for holder in (metadata, own, theirs):
            for source in sources:
                for key in mapping(holder.get(source)):
                    check.globals[f"workflow.{field}.{key}"] = placeholder()
    if "priority" in base.spec:
        check.globals["workflow.priority"] = str(base.spec["priority"])


def _check_exit(
    check: Check, base: Base, shared: Base | None, reference: Mapping[str, Any]
) -> Iterator[Complaint]:
    handler = str(base.spec.get("onExit") or (shared.spec.get("onExit") if shared else "") or "")
    if not handler:
        return
    check.globals["workflow.failures"] = placeholder()
    templates = mappings(base.spec.get("templates")) + (
        mappings(shared.spec.get("templates")) if shared else []
    )
    artifacts = [a for t in templates for a in mappings(mapping(t.get("outputs")).get("artifacts"))]
    if any(is_tag(str(artifact.get("globalName") or "")) for artifact in artifacts):
        check.globals["workflow.outputs.artifacts.*"] = "true"
    arguments = mapping(base.spec.get("arguments"))
    yield from check_holder(check, base, _holder(reference, handler), arguments, f"{base.root}.onExit")
