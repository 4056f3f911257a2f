"""Values spliced into program text, where a quote or a `;` in the value becomes part of the program."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from argolane.workflow.lint.argo.base import Base, Library
from argolane.workflow.lint.beyond.volumes import containers
from argolane.workflow.lint.beyond.walking import all_tags, say, templates
from argolane.workflow.lint.finding import Finding

# Values people or programs choose; names that Argo makes itself are harmless.
_CHOSEN = ("inputs.parameters", "workflow.parameters", "item", "steps.", "tasks.", "=")

# How Hera hands the inputs of an inline @script to it: its author writes none of these lines.
_HERA = re.compile(
    r"^(try: (\w+) = json\.loads\(r'''(\{\{inputs\.parameters\.[\w-]+\}\})'''\)\nexcept: \2 = r'''\3'''$)",
    re.M,
)


def check(base: Base, library: Library) -> Iterator[Finding]:
    """The text after `-c`, and the source of every script."""
    for template, place in templates(base):
        for container, where in containers(template, place):
            command = [word for word in container.get("command") or () if isinstance(word, str)]
            for key in ("command", "args"):
                words = container.get(key)
                for index, word in enumerate(words if isinstance(words, list) else ()):
                    if isinstance(word, str) and _is_program(command, key, index):
                        yield from _check(base, word, f"{where}.{key}[{index}]")
            if isinstance(container.get("source"), str) and not _names_module(container):
                yield from _check(base, _HERA.sub("", container["source"]), f"{where}.source")


def _names_module(container: Mapping[str, Any]) -> bool:
    """Whether `-m module` is the program and the source a file for it, as with Hera's runner."""
    words = [*(container.get("command") or ()), *(container.get("args") or ())]
    return "-m" in words


def _is_program(command: list[str], key: str, index: int) -> bool:
    """Whether this word follows a `-c` such as sh's or Python's."""
    if key == "args":
        return bool(command) and command[-1].startswith("-") and command[-1].endswith("c") and index == 0
    return index > 0 and command[index - 1].startswith("-") and command[index - 1].endswith("c")


def _check(base: Base, text: str, place: str) -> Iterator[Finding]:
    tags = [tag for tag in all_tags(text) if tag.strip().startswith(_CHOSEN)]
    if tags:
        shown = ", ".join(dict.fromkeys("{{" + tag + "}}" for tag in tags))
        yield say(
            base,
            place,
            "warning",
            f"{shown} is spliced into program text. Pass it as an environment variable.",
        )
