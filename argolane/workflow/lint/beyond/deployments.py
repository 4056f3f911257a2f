"""A document in, what would be wrong with the SeldonDeployments that its templates apply out."""

from collections.abc import Iterator

from argolane.workflow.lint import seldon
from argolane.workflow.lint.argo.base import Base, Library, mapping
from argolane.workflow.lint.beyond.walking import templates
from argolane.workflow.lint.finding import Finding


def check(base: Base, library: Library) -> Iterator[Finding]:
    for template, place in templates(base):
        for finding in seldon.of_resource(mapping(template.get("resource"))):
            where = f"{base.document.where}: {place}.resource.manifest: {finding.at}"
            yield Finding(where, finding.level, finding.message)
