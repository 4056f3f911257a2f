"""YAML text in, documents out, and back: the one place that reads and writes manifests.

Reading is strict where PyYAML is lax: a repeated key is an error, dates stay text. Writing is ours because
Hera's own `to_yaml()` corrupts some scripts; what is written here reads back as the same value.
"""

import functools
import io
import json
import math
import re
import sys
from collections.abc import Hashable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from argolane.errors import ManifestError

# Beyond both, aliases are no convenience any more. A document without any may be as long as it likes.
_MOST_VALUES, _MOST_TIMES = 100_000, 10
_DEEPEST, _SUSPECT = 200, 2000
_TOO_DEEP = f"it is nested deeper than {_DEEPEST} levels"

WORKFLOW_KINDS = ("Workflow", "WorkflowTemplate", "ClusterWorkflowTemplate", "CronWorkflow")


@dataclass(frozen=True)
class Document:
    """One YAML document of a file: `where` is `path` or `path, document 2`, for messages."""

    body: dict[str, Any]
    path: Path
    where: str

    @property
    def kind(self) -> str:
        return str(self.body.get("kind", ""))

    @property
    def name(self) -> str:
        """metadata.name, or generateName with its dash cut, or ''."""
        metadata = self.body.get("metadata") or {}
        return str(metadata.get("name") or str(metadata.get("generateName") or "").rstrip("-"))


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """libyaml's parser where PyYAML was built with it: ten times faster, the same language."""

    def construct_document(self, node: yaml.Node) -> Any:
        _check_aliases(node)
        return super().construct_document(node)


def _check_aliases(root: yaml.Node) -> None:
    """ConstructorError where a few lines of aliases stand for more values than anybody could use."""
    if _is_plain(root):
        return
    sizes: dict[int, int] = {}
    depths: dict[int, int] = {}
    todo, open_ = [root], set[int]()
    while todo:
        node = todo[-1]
        inner = [id(each) for each in _inside(node)]
        if id(node) in sizes:
            todo.pop()
        elif id(node) in open_:
            todo.pop()
            sizes[id(node)] = 1 + sum(sizes[each] for each in inner)
            depths[id(node)] = 1 + max((depths[each] for each in inner), default=0)
        else:
            open_.add(id(node))
            if any(each in open_ and each not in sizes for each in inner):
                raise _refused(node, "an alias stands inside of what it stands for")
            todo += [each for each in _inside(node) if id(each) not in sizes]
    if sizes[id(root)] > max(_MOST_VALUES, _MOST_TIMES * len(sizes)):
        raise _refused(root, f"its aliases make {sizes[id(root)]} values of {len(sizes)}")
    if depths[id(root)] > _DEEPEST:
        raise _refused(root, _TOO_DEEP)


def _is_plain(root: yaml.Node) -> bool:
    """Whether every node stands in one place, and none too deep: so it is in almost all documents."""
    level, seen, depth = [root], set[int](), 0
    while level:
        here = {id(node) for node in level}
        depth += 1
        if depth > _DEEPEST or len(here) < len(level) or not seen.isdisjoint(here):
            return False
        seen |= here
        level = [each for node in level for each in _inside(node)]
    return True


def _check_depth(text: str) -> None:
    """ConstructorError for what libyaml would only compose until the stack is full."""
    most = text.count("[") + text.count("{")
    lines = text.splitlines() if len(text) > _SUSPECT else ()
    most += max((line.count("- ") + line.count("? ") + line.count("  ") for line in lines), default=0)
    if most < _SUSPECT:
        return
    depth = 0
    for event in yaml.parse(text, _Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise _refused(event, _TOO_DEEP)


def _inside(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [each for pair in node.value for each in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _refused(place: Any, words: str) -> yaml.constructor.ConstructorError:
    """At a node or an event."""
    return yaml.constructor.ConstructorError(None, None, words, place.start_mark)


def _number(loader: Any, node: yaml.ScalarNode) -> float:
    """What JSON cannot hold, no API server takes."""
    value: float = loader.construct_yaml_float(node)
    if not math.isfinite(value):
        raise _refused(node, f"{node.value} is no number that JSON has; in quotes it is text")
    return value


def _mapping(loader: Any, node: yaml.MappingNode) -> Any:
    seen: set[Hashable] = set()
    for key_node, _ in node.value:
        if key_node.tag == "tag:yaml.org,2002:merge":
            continue
        key = loader.construct_object(key_node)
        if not isinstance(key, Hashable):
            raise _refused(key_node, "a key is a mapping or a list; braces of a template need quotes")
        if key in seen:
            raise _refused(key_node, f"the key {key!r} stands twice")
        seen.add(key)
    loader.flatten_mapping(node)
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
_Loader.add_constructor("tag:yaml.org,2002:float", _number)
# Kubernetes reads YAML 1.1 as Go does: no dates and no 12:30 as a number in base 60, but 1e3 is 1000 and a
# bare y or n is a boolean.
_GO_INT = re.compile(r"[-+]?(0b[01_]+|0o?[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+)$")
_GO_FLOAT = re.compile(
    r"[-+]?((\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|\.(inf|Inf|INF))$|\.(nan|NaN|NAN)$"
)
_OTHERWISE = tuple(f"tag:yaml.org,2002:{kind}" for kind in ("timestamp", "int", "float"))
_Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag not in _OTHERWISE]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_NUMBER_STARTS = list("-+.0123456789")
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", _GO_INT, _NUMBER_STARTS)
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", _GO_FLOAT, _NUMBER_STARTS)
_GO_SHORT_BOOL = re.compile(r"[yYnN]$")
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", _GO_SHORT_BOOL, list("yYnN"))
_Loader.bool_values = {**_Loader.bool_values, "y": True, "n": False}


def loads(text: str, where: str) -> list[Any]:
    """Every non-empty document of YAML `text`; ManifestError names `where`, line and column."""
    # JSON is YAML but for its escapes of what lies beyond 16 bits: "\ud83d\ude00".
    if text.startswith("{"):
        with suppress(ValueError, RecursionError):
            return [json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)]
    try:
        _check_depth(text)
        return [body for body in yaml.load_all(text, _Loader) if body is not None]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{where}:{mark.line + 1}:{mark.column + 1}" if mark else where
        raise ManifestError([f"{place}: not valid YAML: {error.problem}"]) from None
    except yaml.YAMLError as error:
        raise ManifestError([f"{where}: not valid YAML: {error}"]) from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A mapping without a repeated key; what has one is left to the YAML reader, which says where."""
    if len(mapping := dict(pairs)) != len(pairs):
        raise ValueError
    return mapping


def _no_number(_: str) -> float:
    """NaN is Python's JSON, not JSON: the YAML reader takes it for text."""
    raise ValueError


def nodes(path: Path) -> list[yaml.Node]:
    """The documents that `load` makes of a file as YAML nodes, which know their lines."""
    found = yaml.compose_all(path.read_text(encoding="utf-8"), _Loader)
    return [node for node in found if node is not None and node.tag != "tag:yaml.org,2002:null"]


def load(path: Path) -> list[Document]:
    """The documents of one file; ManifestError if it cannot be read, is not YAML or holds no object."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ManifestError([f"{path}: not UTF-8 text."]) from None
    except OSError as error:
        raise ManifestError([f"{path}: {error.strerror or error}."]) from None
    return _documents(text, path, str(path))


def objects(path: Path) -> list[Document]:
    """As `load`, but the items of a List stand for themselves, as for kubectl."""
    return list(_unlisted(load(path)))


def stdin() -> list[Document]:
    """The objects that standard input holds."""
    try:
        text = sys.stdin.buffer.read().decode("utf-8")
    except UnicodeDecodeError:
        raise ManifestError(["stdin: not UTF-8 text."]) from None
    return parse(text, Path("-"), where="stdin")


def parse(text: str, path: Path, *, where: str) -> list[Document]:
    """The objects of a text that came from `where`."""
    return list(_unlisted(_documents(text, path, where)))


def _documents(text: str, path: Path, place: str) -> list[Document]:
    bodies = loads(text, place)
    if not bodies:
        raise ManifestError([f"{place}: holds no document."])
    documents = []
    for number, body in enumerate(bodies, 1):
        where = place if len(bodies) == 1 else f"{place}, document {number}"
        documents.append(Document(_checked(body, where), path, where))
    return documents


def _unlisted(documents: Iterable[Document]) -> Iterator[Document]:
    for each in documents:
        if not (each.kind.endswith("List") and isinstance(each.body.get("items"), list)):
            yield each
            continue
        for number, body in enumerate(each.body["items"], 1):
            where = f"{each.where}, item {number}"
            yield Document(_checked(body, where), each.path, where)


def _checked(body: Any, where: str) -> dict[str, Any]:
    if not isinstance(body, dict) or not isinstance(body.get("kind"), str):
        raise ManifestError([f"{where}: is not a Kubernetes object; expected a mapping with 'kind'."])
    if not isinstance(body.get("metadata") or {}, dict):
        raise ManifestError([f"{where}: metadata is not a mapping."])
    return body


_OTHER_BREAKS = "\x85\u2028\u2029"


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True

    # What PyYAML does letter by letter takes most of a render. Scripts are long, and stand in many manifests.
    def analyze_scalar(self, scalar: str) -> Any:
        return _analysis(scalar)

    def write_literal(self, text: str) -> None:
        if any(other in text for other in _OTHER_BREAKS):
            super().write_literal(text)
            return
        hints = self.determine_block_hints(text)
        self.write_indicator("|" + hints, True)
        self.open_ended = self.open_ended or hints.endswith("+")
        self.write_line_break()
        indent = " " * (self.indent or 0)
        lines = text.removesuffix("\n").split("\n")
        self.stream.write("\n".join(indent + line if line else "" for line in lines))
        self.write_line_break()


@functools.lru_cache(maxsize=2048)
def _analysis(scalar: str) -> Any:
    """Which styles can write a text."""
    return yaml.emitter.Emitter(io.StringIO(), allow_unicode=True).analyze_scalar(scalar)


def _text(dumper: _Dumper, value: str) -> yaml.ScalarNode:
    block = "\n" in value and not any(line != line.rstrip() for line in value.split("\n"))
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if block else None)


_Dumper.add_representer(str, _text)
_Dumper.add_implicit_resolver("tag:yaml.org,2002:float", _GO_FLOAT, _NUMBER_STARTS)
_Dumper.add_implicit_resolver("tag:yaml.org,2002:bool", _GO_SHORT_BOOL, list("yYnN"))


def dump(bodies: Iterable[dict[str, Any]] | dict[str, Any], *, comment: str = "") -> str:
    """YAML text of one object or several, keys in the order given, block style for scripts."""
    several = [bodies] if isinstance(bodies, dict) else list(bodies)
    # _Dumper is a SafeDumper.
    text = "---\n".join(
        yaml.dump(b, Dumper=_Dumper, sort_keys=False, width=110, allow_unicode=True) for b in several
    )
    if list(loads(text, "dumped text")) != several:
        raise ManifestError(["the value does not survive YAML: it holds something that is not plain data."])
    return (f"# {comment}\n" if comment else "") + text
