"""Pods that the API server would refuse: Argo looks into a container only to send it on."""

from collections.abc import Iterator

from argolane.kubernetes import podspec
from argolane.workflow.lint.argo.base import Base, Library
from argolane.workflow.lint.beyond.walking import say, templates
from argolane.workflow.lint.finding import Finding


def check(base: Base, _library: Library) -> Iterator[Finding]:
    """Every template that runs in a pod."""
    for template, place in templates(base):
        for where, fault in podspec.of_template(template):
            yield say(base, place, "error", f"its pod would be refused: {where}: {fault}.")
