"""The paths of a graph in, whether an answer came through one of them as it should out: the eyes of `verify`.

A path is what k8s_serving/graph.py says of it, with the version of the store that answers on it, and that
version's test rows.
"""

import gzip
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from models.contract.metric import SCORES, Metric
from models.contract.version import Version, load
from workflows.parts.steps.asking import Wrong


@dataclass(frozen=True)
class Samples:
    """Test rows, what is true of them, and what the version answered them when it was trained."""

    dataset: str = ""
    rows: Sequence[Any] = ()
    truth: Sequence[Any] = ()
    answers: Sequence[Any] = ()
    names: Sequence[str] | None = None
    tolerance: float = 1e-3


@dataclass
class Way:
    """A path through the graph: what its nodes should be, and what they answered."""

    nodes: list[dict[str, str]]
    share: float | None  # of the requests; None where a router decides
    version: Version | None = None
    samples: Samples = field(default_factory=Samples)
    answers: dict[int, Any] = field(default_factory=dict)  # by number of the row
    requests: int = 0
    tags: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return " > ".join(node["name"] for node in self.nodes)

    @property
    def metric(self) -> Metric | None:
        """What the version is judged by, of the deployment's answers; None where nobody can compute it."""
        if not (self.version and self.answers and self.version.metric.name in SCORES):
            return None
        known, order = self.version.metric, sorted(self.answers)
        truth = [self.samples.truth[row] for row in order]
        value = SCORES[known.name].compute([self.answers[row] for row in order], truth)
        return Metric(known.name, value, known.better)

    @property
    def different(self) -> list[int]:
        """Rows that are answered otherwise than by the version when it was trained."""
        known, tolerance = self.samples.answers, self.samples.tolerance
        return [row for row, given in sorted(self.answers.items()) if not alike(given, known[row], tolerance)]


def ways_of(paths: Sequence[Mapping[str, Any]], store: Path) -> list[Way]:
    """The paths that get requests. Raises ModelError for a version that is not there, or not whole."""
    ways = []
    for path in paths:
        way = Way(path["nodes"], share_of(path["share"]))
        (node,) = [node for node in way.nodes if node["name"] == path["answers"]]
        if way.share == 0:
            continue
        if node["version"]:
            folder = store / node["unit"] / node["version"]
            way.version = load(folder)
            if way.version.samples:
                way.samples = read_samples(folder / way.version.samples)
        ways.append(way)
    return ways


def share_of(factors: Sequence[str] | None) -> float | None:
    """The product of factors such as 0.3 and 1-0.3."""
    if factors is None:
        return None
    return math.prod(1 - float(f[2:]) if f.startswith("1-") else float(f) for f in factors)


def read_samples(path: Path) -> Samples:
    told = json.loads(gzip.decompress(path.read_bytes()))
    return Samples(**{name: told[name] for name in Samples.__dataclass_fields__ if name in told})


def answering(answer: Any, ways: Sequence[Way]) -> Way:
    """The path that gave the answer. Wrong when it is none of them, or one of its nodes is the old one."""
    seen, tags = answer["meta"]["requestPath"], answer["meta"].get("tags") or {}
    for way in ways:
        if set(seen) == {node["name"] for node in way.nodes}:
            for node in way.nodes:
                check(node, seen[node["name"]], tags, alone=len(way.nodes) == 1)
            return way
    raise Wrong(f"answered by {' > '.join(seen)}; expected {' or '.join(way.name for way in ways)}")


def check(node: Mapping[str, str], image: str, tags: Mapping[str, Any], *, alone: bool) -> None:
    """Wrong unless a node is of the expected image, version and files; in company its tags bear its name."""
    name, before = node["name"], "" if alone else f"{node['name']}."
    if image != node["image"]:
        raise Wrong(f"{name} is still {image}, not {node['image']}")
    for tag, words in (("version", "version"), ("digest", "the weights")):
        served = tags.get(f"{before}{tag}", node[tag])
        if served != node[tag]:
            raise Wrong(f"{name} still serves {words} {served}, not {node[tag]}")


def alike(given: Any, known: Any, tolerance: float) -> bool:
    """Whether two answers are the same, numbers within the tolerance, of their size where they are large."""
    if isinstance(known, list):
        same = isinstance(given, list) and len(given) == len(known)
        return same and all(alike(one, other, tolerance) for one, other in zip(given, known, strict=True))
    if isinstance(known, int | float) and not isinstance(known, bool):
        number = isinstance(given, int | float) and not isinstance(given, bool)
        return number and abs(given - known) <= tolerance * max(1.0, abs(known))
    return bool(given == known)
