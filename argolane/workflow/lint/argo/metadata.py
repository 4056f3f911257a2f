"""A document's metadata in, what the Kubernetes API itself would refuse of it out.

Argo's own checks come first; this is what `create` says to a workflow that passed them.
"""

import re
from collections.abc import Iterator

from argolane.workflow.kubernetes import SUBDOMAIN, invalid
from argolane.workflow.lint.argo.base import Base, Fault, mapping

_LABEL = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
_SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
    "start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    f"'{SUBDOMAIN.pattern}')"
)
_LABEL_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must "
    "start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used "
    f"for validation is '{_LABEL.pattern}')"
)


def check_metadata(base: Base) -> Iterator[Fault]:
    """Names and labels; the first fault's text is the whole answer, for the API tells all at once."""
    found = list(_faults(base))
    if not found:
        return
    name = str(mapping(base.document.body.get("metadata")).get("name") or "")
    kind = f"{base.document.kind}.argoproj.io"
    whole = invalid(kind, name, [reason for _, reason in found])
    for where, reason in found:
        yield Fault(whole, where, base, reason.partition(": ")[2])


def _faults(base: Base) -> Iterator[tuple[str, str]]:
    metadata = mapping(base.document.body.get("metadata"))
    name, prefix = str(metadata.get("name") or ""), str(metadata.get("generateName") or "")
    # The API adds five characters to the prefix, which may therefore end in a dash.
    if prefix and not SUBDOMAIN.fullmatch(prefix + "x"):
        yield "metadata.generateName", f'metadata.generateName: Invalid value: "{prefix}": {_SUBDOMAIN_RULE}'
    if name and not SUBDOMAIN.fullmatch(name):
        yield "metadata.name", f'metadata.name: Invalid value: "{name}": {_SUBDOMAIN_RULE}'
    elif not name and not prefix:
        yield "metadata.name", "metadata.name: Required value: name or generateName is required"
    for key, value in mapping(metadata.get("labels")).items():
        if isinstance(value, str) and not _LABEL.fullmatch(value):
            yield f"metadata.labels.{key}", f'metadata.labels: Invalid value: "{value}": {_LABEL_RULE}'
