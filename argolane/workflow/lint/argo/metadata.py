"""A document's metadata in, what the Kubernetes API itself would refuse of it out.

Argo's own checks come first; this is what `create` says to a workflow that passed them.
"""

from collections.abc import Iterator

from argolane.kubernetes.names import invalid, not_a_label_value, not_a_subdomain
from argolane.workflow.lint.argo.base import Base, Complaint, mapping


def check_metadata(base: Base) -> Iterator[Complaint]:
    """Names and labels; the first fault's text is the whole answer, for the API tells all at once."""
    found = list(_faults(base))
    if not found:
        return
    name = str(mapping(base.document.body.get("metadata")).get("name") or "")
    kind = f"{base.document.kind}.argoproj.io"
    whole = invalid(kind, name, [reason for _, reason in found])
    for where, reason in found:
        yield Complaint(whole, where, base, reason.partition(": ")[2])


def _faults(base: Base) -> Iterator[tuple[str, str]]:
    metadata = mapping(base.document.body.get("metadata"))
    name, prefix = str(metadata.get("name") or ""), str(metadata.get("generateName") or "")
    # The API adds five characters to the prefix, which may therefore end in a dash.
    if prefix:
        for fault in not_a_subdomain(prefix + "x"):
            yield "metadata.generateName", f'metadata.generateName: Invalid value: "{prefix}": {fault}'
    for fault in not_a_subdomain(name) if name else ():
        yield "metadata.name", f'metadata.name: Invalid value: "{name}": {fault}'
    if not name and not prefix:
        yield "metadata.name", "metadata.name: Required value: name or generateName is required"
    for key, value in mapping(metadata.get("labels")).items():
        for fault in not_a_label_value(value) if isinstance(value, str) else ():
            yield f"metadata.labels.{key}", f'metadata.labels: Invalid value: "{value}": {fault}'
