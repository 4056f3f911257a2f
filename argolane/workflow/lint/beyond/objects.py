"""What Argo makes of a workflow once it runs: pods' names, labels and claims that the API server refuses.

Neither Argo's lint nor a submission looks at them: the run ends in Error.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from argolane.kubernetes.claims import of_claim
from argolane.kubernetes.names import not_a_label_key, not_a_label_value
from argolane.languages import expr
from argolane.workflow.lint.argo.base import Base, Library, mapping, mappings
from argolane.workflow.lint.argo.kinds import is_pod
from argolane.workflow.lint.beyond.walking import holders, say, templates
from argolane.workflow.lint.finding import Finding


def check(base: Base, _library: Library) -> Iterator[Finding]:
    """Names of templates that become pods, labels, volumeClaimTemplates."""
    spec, root = base.spec, base.root
    yield from _pod_names(base)
    metadata = mapping(spec.get("workflowMetadata"))
    yield from _labels(base, metadata, f"{root}.workflowMetadata")
    yield from _labels_from(base, metadata, f"{root}.workflowMetadata.labelsFrom")
    yield from _labels(base, mapping(spec.get("podMetadata")), f"{root}.podMetadata")
    for template, place in templates(base):
        yield from _labels(base, mapping(template.get("metadata")), f"{place}.metadata")
    for index, claim in enumerate(mappings(spec.get("volumeClaimTemplates"))):
        for where, fault in of_claim(claim):
            yield say(base, f"{root}.volumeClaimTemplates[{index}].{where}", "error", f"{fault}.")


def _pod_names(base: Base) -> Iterator[Finding]:
    """A pod is named after its workflow and its template, but the one of the workflow itself."""
    called = _called(base)
    for template, place in templates(base):
        name = str(template.get("name") or "")
        if name == name.lower() or not is_pod(template):
            continue
        alone = (
            name == base.spec.get("entrypoint") and name not in called and not template.get("retryStrategy")
        )
        if not alone:
            reason = f"the name {name!r} becomes part of a pod's name, which must be lowercase."
            yield say(base, f"{place}.name", "error", f"{reason} Write {name.lower()!r}.")


def _called(base: Base) -> set[str]:
    """Templates that steps, tasks, hooks and exit handlers name."""
    found = [base.spec.get("onExit"), *_hooked(base.spec)]
    for template, place in templates(base):
        for holder in holders(template, place):
            found += [holder.body.get("template"), holder.body.get("onExit"), *_hooked(holder.body)]
    return {str(name) for name in found if name}


def _hooked(holder: Mapping[str, Any]) -> Iterator[Any]:
    yield from (mapping(hook).get("template") for hook in mapping(holder.get("hooks")).values())


def _labels(base: Base, metadata: Mapping[str, Any], place: str) -> Iterator[Finding]:
    for key, value in mapping(metadata.get("labels")).items():
        if "{{" in f"{key}{value}":
            continue
        where = f"{place}.labels.{key}"
        for fault in not_a_label_key(str(key)):
            yield say(base, where, "error", f"{key!r} is no name of a label: {fault}.")
        for fault in not_a_label_value(str(value)):
            yield say(base, where, "error", f"{value!r} is no value of a label: {fault}.")


def _labels_from(base: Base, metadata: Mapping[str, Any], place: str) -> Iterator[Finding]:
    """An expression that reads nothing has its value already."""
    for key, source in mapping(metadata.get("labelsFrom")).items():
        text = str(mapping(source).get("expression") or "")
        for fault in not_a_label_key(str(key)):
            yield say(base, f"{place}.{key}", "error", f"{key!r} is no name of a label: {fault}.")
        try:
            value = None if expr.names(text) else expr.evaluate(text, {})
        except expr.ExprError as error:
            yield say(base, f"{place}.{key}", "error", f"{text!r}: {str(error).splitlines()[0]}.")
            continue
        if value is None:
            continue
        faults = not_a_label_value(value) if isinstance(value, str) else [f"{value!r} is no text"]
        for fault in faults:
            yield say(base, f"{place}.{key}", "error", f"{text!r} gives {value!r}: {fault}.")
