"""Manifests in, findings out: what the controller or the API server would refuse,
and what they would silently do wrong.

Three layers: `schema` (fields and types), `argo` (Argo's own checks, with its texts), `beyond` (traps that
Argo takes). `submit_error` gives Argo's first word about one submission, for the engine to answer with.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from argolane.manifest import WORKFLOW_KINDS, Document
from argolane.serving import check as serving
from argolane.workflow.lint import schema, seldon
from argolane.workflow.lint.argo.base import Base, Complaint, Library
from argolane.workflow.lint.argo.metadata import check_metadata
from argolane.workflow.lint.argo.workflow import check_document, check_submission
from argolane.workflow.lint.beyond import ALL
from argolane.workflow.lint.beyond.arguments import check_given
from argolane.workflow.lint.finding import Finding
from argolane.workflow.merge import submitted

__all__ = ["Finding", "lint", "submit_error"]

_REFUSED = "Failed to submit workflow: rpc error: code = {} desc = {}"


def lint(
    documents: Sequence[Document],
    *,
    parameters: Mapping[str, str] | None = None,
    others: Sequence[Document] = (),
) -> list[Finding]:
    """Every finding about `documents`; `others` are only there to be referred to.

    With `parameters` (what -p gives, possibly {}) the first Workflow is looked at as a submission: its
    parameters must then all have values. Documents of other kinds are passed over.
    """
    library = Library.of([*others, *documents])
    found: dict[tuple[str, str], Finding] = {}
    bases = []
    for document in documents:
        for finding in _document(document, library):
            found.setdefault((finding.where, finding.message), finding)
        if document.kind in WORKFLOW_KINDS and not _misshapen(schema.misfits(document.body)):
            bases.append(Base.of(document))
    if parameters is not None:
        workflows = [base for base in bases if base.document.kind == "Workflow"] or bases
        for finding in check_given(workflows, library, parameters):
            found.setdefault((finding.where, finding.message), finding)
        for base in workflows[:1]:
            submission = replace(base, spec=submitted(base.spec, parameters))
            for fault in check_submission(submission, library):
                if fault.lacks_value:
                    finding = _finding(fault)
                    found.setdefault((finding.where, finding.message), finding)
    return sorted(found.values())


def submit_error(
    workflow: Document,
    templates: Sequence[Document] = (),
    parameters: Mapping[str, str] | None = None,
    *,
    entrypoint: str | None = None,
) -> str | None:
    """What `argo submit` would answer, word for word, or None when it would take the workflow."""
    if complaint := schema.first_complaint(workflow.body):
        return f"Failed to parse workflow: {complaint}"
    base = Base.of(workflow)
    spec = submitted(base.spec, parameters or {}, entrypoint)
    faults = check_submission(replace(base, spec=spec), Library.of(templates, offline=False))
    first = next(chain(faults, check_metadata(base)), None)
    if first is None:
        return None
    code = "NotFound" if first.where.endswith("spec.workflowTemplateRef") else "InvalidArgument"
    return _REFUSED.format(code, first.text)


def _document(document: Document, library: Library) -> Iterator[Finding]:
    if document.kind in serving.KINDS:
        yield from seldon.check(document)
    if document.kind not in WORKFLOW_KINDS:
        return
    misfits = schema.misfits(document.body)
    for misfit in misfits:
        yield Finding(f"{document.where}: {misfit.where}", "error", misfit.reason)
    if _misshapen(misfits):
        # The other checks rely on lists being lists; they have their say once the types are right.
        return
    base = Base.of(document)
    said: set[str] = set()
    for fault in _each_absence_once(chain(check_document(base, library), check_metadata(base))):
        if fault.of.document is document or fault.of.document.where == document.where:
            finding = _finding(fault)
        elif document.kind == "Workflow":
            finding = Finding(f"{document.where}: {base.root}", "error", fault.text)
        else:
            continue
        said.add(finding.where)
        yield finding
    for check in ALL:
        for finding in check(base, library):
            if finding.where not in said:
                yield finding


def _each_absence_once(faults: Iterable[Complaint]) -> Iterator[Complaint]:
    """The first complaint about each WorkflowTemplate that is not there says where else it is named."""
    told = list(faults)
    places: dict[tuple[str, str], list[str]] = {}
    for fault in told:
        if fault.absent:
            where = places.setdefault((fault.of.scope, fault.absent), [])
            where += [fault.where] if fault.where not in where else []
    for fault in told:
        if not fault.absent:
            yield fault
            continue
        first, *others = places[fault.of.scope, fault.absent]
        if fault.where == first:
            also = f" (named in {len(others)} other places too)" if others else ""
            yield replace(fault, reason=f"{fault.reason}{also}")


def _misshapen(misfits: Sequence[schema.Misfit]) -> bool:
    return any(not misfit.unknown_field for misfit in misfits)


def _finding(fault: Complaint) -> Finding:
    return Finding(f"{fault.of.document.where}: {fault.where}", "error", fault.reason)
