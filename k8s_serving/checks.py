"""A SeldonDeployment in, all its faults out: what neither the CRD's schema nor Seldon's webhook looks at.

Every manifest built here passes through `checked`. Values that hold an Argo tag are not known yet: they are
left to the guard of the workflow that fills them in. Facts are those of Seldon Core 1.17.1; most of these
faults would otherwise show as a graph that quietly answers wrong.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from k8s_serving import graph_checks

MAX_NAME = 63
DNS_LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
CLOSED = {"protocol": ("seldon", "tensorflow", "kfserving", "v2"), "transport": ("rest", "grpc")}
# Any value turns it on; without it meta.routing is in no answer.
INJECTION = "SELDON_ENABLE_ROUTING_INJECTION"


class DeploymentError(ValueError):
    """A SeldonDeployment that would not do what it says: all its faults, one a line."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(faults))


def checked(deployment: dict[str, Any]) -> dict[str, Any]:
    """The same deployment; DeploymentError lists every fault."""
    if found := list(faults(deployment)):
        raise DeploymentError(found)
    return deployment


def faults(deployment: dict[str, Any]) -> Iterator[str]:
    """Every fault, each beginning with the place where it is."""
    name = (deployment.get("metadata") or {}).get("name") or ""
    if not DNS_LABEL.fullmatch(name):
        yield f"metadata.name is {name!r}; expected lower-case letters, digits and '-', a letter first."
    spec = deployment.get("spec") or {}
    for field, allowed in CLOSED.items():
        if spec.get(field, allowed[0]) not in allowed:
            yield f"spec.{field} is {spec[field]!r}; expected one of {', '.join(allowed)}."
    predictors = spec.get("predictors") or []
    if not predictors:
        yield "spec.predictors is empty; expected at least one."
        return
    for twice, count in Counter(p.get("name") for p in predictors).items():
        if count > 1:
            yield f"spec.predictors: {count} are named {twice!r}; names are unique."
    yield from _traffic(predictors)
    for predictor in predictors:
        where = f"predictor {predictor.get('name')!r}"
        for fault in _predictor(name, predictor, spec.get("protocol", "seldon")):
            yield f"{where}: {fault}"


def _traffic(predictors: list[dict[str, Any]]) -> Iterator[str]:
    shadows = [p for p in predictors if p.get("shadow")]
    live = [p for p in predictors if not p.get("shadow")]
    if len(shadows) > 1:
        yield f"spec.predictors: {len(shadows)} are shadows; expected at most one."
    if not live:
        yield "spec.predictors: all are shadows; one has to answer."
        return
    shares = [p.get("traffic", 0) for p in live]
    if any(not isinstance(share, int) for share in shares):
        return  # an Argo tag, or what the schema refuses
    if len(live) == 1 and shares[0] not in (0, 100):
        yield f"spec.predictors: traffic of the only one that answers is {shares[0]}; expected 0 or 100."
    if len(live) > 1 and sum(shares) != 100:
        yield f"spec.predictors: traffic sums to {sum(shares)}; expected 100."


def _predictor(deployment: str, predictor: dict[str, Any], protocol: str) -> Iterator[str]:
    name = predictor.get("name") or ""
    if not DNS_LABEL.fullmatch(name):
        yield f"name is {name!r}; expected lower-case letters, digits and '-', a letter first."
    root = predictor.get("graph") or {}
    yield from graph_checks.faults(root)
    nodes = list(graph_checks.nodes(root))
    specs = predictor.get("componentSpecs") or []
    containers = [c.get("name") or "" for s in specs for c in (s.get("spec") or {}).get("containers") or []]
    yield from _containers(nodes, containers)
    yield from _names(deployment, name, specs, containers)
    routers = [n["name"] for n in nodes if graph_checks.is_router(n)]
    environment = {
        e.get("name"): e.get("value") for e in (predictor.get("svcOrchSpec") or {}).get("env") or []
    }
    if routers and not environment.get(INJECTION):
        yield (
            f"svcOrchSpec.env has no {INJECTION}; without it no answer tells which child "
            f"{' or '.join(repr(router) for router in routers)} chose, and no feedback finds its way back."
        )
    if protocol != "seldon" and any(n.get("type") == "ROUTER" for n in nodes):
        yield f"a ROUTER learns from feedback, which protocol {protocol!r} does not have; expected seldon."


def _containers(nodes: list[dict[str, Any]], containers: list[str]) -> Iterator[str]:
    """A container belongs to the node of its name, and every node that runs code has one."""
    names = [node.get("name") for node in nodes]
    for container in containers:
        if container not in names:
            yield f"container {container!r} is no node of the graph; there are {', '.join(map(str, names))}."
    for twice, count in Counter(containers).items():
        if count > 1:
            yield f"{count} containers are named {twice!r}; names are unique."
    for node in nodes:
        if graph_checks.needs_container(node) and node.get("name") not in containers:
            yield f"node {node.get('name')!r} has no container of that name and no implementation."


def _names(deployment: str, predictor: str, specs: list[Any], containers: list[str]) -> Iterator[str]:
    """Names that Seldon would replace by a hash, as they are too long for Kubernetes."""
    made = {"Service": [f"{deployment}-{predictor}"], "container Service": [], "Deployment": []}
    made["container Service"] = [f"{deployment}-{predictor}-{container}" for container in containers]
    for number, spec in enumerate(specs):
        inside = [c.get("name") or "" for c in (spec.get("spec") or {}).get("containers") or []]
        last = (spec.get("metadata") or {}).get("name") or "-".join(inside)
        made["Deployment"].append(f"{deployment}-{predictor}-{number}-{last}")
    for kind, names in made.items():
        for name in names:
            if len(name) > MAX_NAME and not graph_checks.is_tag(name):
                yield f"the {kind} would be {name!r}, {len(name)} characters; expected {MAX_NAME} at most."
