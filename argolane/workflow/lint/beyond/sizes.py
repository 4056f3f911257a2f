"""Texts that are too long for where they go: a command line, an object of the API server, a ConfigMap."""

from collections.abc import Iterator, Mapping
from typing import Any

from argolane.kubernetes import sizes
from argolane.kubernetes.names import invalid
from argolane.workflow.lint import seldon
from argolane.workflow.lint.argo.base import Base, Library, mapping, mappings
from argolane.workflow.lint.beyond.volumes import containers
from argolane.workflow.lint.beyond.walking import say, templates
from argolane.workflow.lint.finding import Finding


def check(base: Base, _library: Library) -> Iterator[Finding]:
    """The document itself, words of commands and variables, objects that resource templates make."""
    size = sizes.of_object(base.document.body)
    if reason := sizes.refusal(size):
        yield say(base, base.root, "error", f"the whole is {size} bytes long: {reason}.")
    for template, place in templates(base):
        for container, where in containers(template, place):
            yield from _words(base, container, where)
        body = seldon.object_of(mapping(template.get("resource"))) or {}
        for fault in sizes.too_long(body):
            reason = invalid(str(body.get("kind")), str(mapping(body.get("metadata")).get("name")), [fault])
            yield say(base, f"{place}.resource.manifest", "error", f"{reason}.")


def _words(base: Base, container: Mapping[str, Any], where: str) -> Iterator[Finding]:
    for index, word in enumerate(container.get("command") or ()):
        if (size := len(str(word).encode())) >= sizes.WORD:
            reason = f"is {size} bytes long: argument list too long (at most {sizes.WORD - 1} a word)."
            yield say(base, f"{where}.command[{index}]", "error", reason)
    for index, word in enumerate(container.get("args") or ()):
        if (size := len(str(word).encode())) > sizes.WORD:
            reason = f"is {size} bytes long: Argo writes it to a file and passes @ and its path instead."
            yield say(base, f"{where}.args[{index}]", "warning", reason)
    for index, variable in enumerate(mappings(container.get("env"))):
        size = len(f"{variable.get('name')}={variable.get('value') or ''}".encode())
        if size >= sizes.WORD:
            reason = f"is {size} bytes long: argument list too long (at most {sizes.WORD - 1} a variable)."
            yield say(base, f"{where}.env[{index}]", "error", reason)
