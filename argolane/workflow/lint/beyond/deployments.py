"""A document in, what would be wrong with the deployments and Services that its templates apply out."""

from collections.abc import Iterator, Sequence
from typing import Any

from argolane.manifest import Document
from argolane.workflow.lint import seldon
from argolane.workflow.lint.argo.base import Base, Library, mapping
from argolane.workflow.lint.beyond.walking import templates
from argolane.workflow.lint.finding import Finding


def check(base: Base, library: Library) -> Iterator[Finding]:
    for template, place in templates(base):
        for finding in seldon.of_resource(mapping(template.get("resource"))):
            where = f"{base.document.where}: {place}.resource.manifest: {finding.at}"
            yield Finding(where, finding.level, finding.message)


def of_submission(workflow: Document, near: Sequence[Document]) -> list[Finding]:
    """The same of a workflow and of all the templates that it refers to, directly or by way of others."""
    library = Library.of(near)
    bases, todo = list[Base](), [Base.of(workflow)]
    while todo:
        base = todo.pop()
        bases.append(base)
        found = [below for ref in _references(base.spec) if (below := library.get(ref)) is not None]
        todo += [below for below in found if below not in (*bases, *todo)]
    return [finding for base in bases for finding in check(base, library)]


def _references(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        for key, value in tree.items():
            if key in ("templateRef", "workflowTemplateRef"):
                yield mapping(value)
            yield from _references(value)
    elif isinstance(tree, list):
        for part in tree:
            yield from _references(part)
