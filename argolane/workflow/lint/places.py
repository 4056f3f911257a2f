"""A finding in, its file and line out: for programs that show it beside the text it is about."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from argolane.manifest import Document, nodes
from argolane.workflow.lint.finding import Finding

_STEP = re.compile(r"\[(\d+)\]|\['([^']*)'\]|([^.\[\]]+)")


@dataclass(frozen=True)
class Place:
    """`inner` is the path inside of the document, such as `spec.templates[2].dag`."""

    path: Path
    line: int
    inner: str


def of(findings: Sequence[Finding], documents: Sequence[Document]) -> list[tuple[Finding, Place]]:
    """Each finding with its place: the line of the deepest part of its path that the file has."""
    known = {document.where: document for document in documents}
    roots: dict[Path, list[yaml.Node]] = {}
    found = []
    for finding in findings:
        where, inner = _parted(finding.where, known)
        path = known[where].path if where in known else Path(where)
        if path not in roots:
            roots[path] = nodes(path) if path.is_file() else []
        number = int(counted[1]) if (counted := re.search(r", document (\d+)", where)) else 1
        line = _line(roots[path][number - 1], inner) if len(roots[path]) >= number else 1
        found.append((finding, Place(path, line, inner)))
    return found


def _parted(text: str, known: Mapping[str, Document]) -> tuple[str, str]:
    """The document and the path of a finding's `where`: a file's name may hold what parts them, too."""
    for where in sorted(known, key=len, reverse=True):
        if text == where or text.startswith(f"{where}: "):
            return where, text[len(where) :].removeprefix(": ")
    where, _, inner = text.partition(": ")
    return where, inner


def _line(node: yaml.Node, inner: str) -> int:
    line = node.start_mark.line
    for index, quoted, name in _STEP.findall(inner):
        key = quoted or name
        if index and isinstance(node, yaml.SequenceNode) and int(index) < len(node.value):
            node = node.value[int(index)]
            line = node.start_mark.line
        elif key and isinstance(node, yaml.MappingNode):
            pair = next((pair for pair in node.value if pair[0].value == key), None)
            if pair is None:
                break
            line, node = pair[0].start_mark.line, pair[1]
        else:
            break
    return int(line) + 1
