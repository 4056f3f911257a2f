"""A checked SeldonDeployment in, the pods it asks for out: what the operator's defaulting makes of it.

Names and environment follow what the real operator made (seldon-core 1.17.1); only port numbers differ, they
are free ones of this machine, chosen when a pod starts.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from argolane.serving import grpc_asked
from argolane.serving.graph_nodes import Node
from argolane.serving.servers import MODELS
from argolane.serving.spec import Component, Container, SeldonDeployment

GRACE = 5.0


@dataclass(frozen=True)
class PodPlan:
    """One pod: the `replica`-th of the `index`-th componentSpec, and what the operator adds to its `env`."""

    deployment: str
    index: int
    replica: int
    component: Component
    env: dict[str, tuple[tuple[str, str], ...]]
    fingerprint: str
    numbers: Mapping[str, int] = field(default_factory=dict)
    """Which unit of the predictor each of its containers is: the operator counts ports by that."""
    grpc: frozenset[str] = frozenset()
    """The units whose own port is that of gRPC."""
    addressed: bool = False
    """Whether it has an address of its own, where that is possible."""

    @property
    def containers(self) -> list[Container]:
        return self.component.spec.containers

    @property
    def first(self) -> list[Container]:
        """Its initContainers."""
        return self.component.spec.init_containers

    @property
    def units(self) -> list[Container]:
        """The containers that are nodes of the graph; the others are helpers beside them."""
        return [c for c in self.component.spec.containers if c.name in self.env]

    def metrics_path(self, unit: Container) -> str:
        """Where the unit tells its metrics: what the manifest says itself goes before the operator's."""
        given = {variable.name: variable.value for variable in unit.env} | dict(self.env[unit.name])
        return "/" + (given.get("PREDICTIVE_UNIT_METRICS_ENDPOINT") or "").lstrip("/")

    def same(self, other: "PodPlan") -> bool:
        """A pod of the one plan is a pod of the other, too."""
        return (self.fingerprint, self.replica) == (other.fingerprint, other.replica)

    @property
    def grace(self) -> float:
        """Seconds between the request to end and the end; requests in flight have been waited for before."""
        given = self.component.spec.termination_grace_period_seconds
        return GRACE if given is None else float(given)


def plan(deployment: SeldonDeployment, code: Mapping[str, Any] | None = None) -> list[PodPlan]:
    """Every pod of the deployment; equal fingerprints mean that a running pod can stay.

    `code` is what the images hold, by their reference: an edited model is another pod, as on a cluster
    another digest is.
    """
    plans = []
    units = {node.name for node in deployment.predictor.graph.walk()}
    every = [c.name for component in deployment.predictor.component_specs for c in component.spec.containers]
    numbers = {name: number for number, name in enumerate(name for name in every if name in units)}
    by_grpc = grpc_asked.own_ports(deployment)
    for index, component in enumerate(deployment.predictor.component_specs):
        name = deployment_name(deployment, index)
        env = _unit_env(deployment, component)
        grpc = by_grpc & env.keys()
        # Scaling alone replaces no pod.
        template = component.model_dump(mode="json", by_alias=True, exclude={"replicas"})
        text = json.dumps(
            [name, index, template, env, sorted(grpc), digests(component, code)], sort_keys=True
        )
        fingerprint = hashlib.sha256(text.encode()).hexdigest()
        plans += [
            PodPlan(name, index, replica, component, env, fingerprint, numbers, grpc)
            for replica in range(replicas(deployment, component))
        ]
    return plans


def digests(component: Component, code: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the images of a pod hold."""
    spec = component.spec
    return {
        c.image: (code or {}).get(c.image, {}).get("sha256")
        for c in (*spec.init_containers, *spec.containers)
    }


def deployment_name(deployment: SeldonDeployment, index: int) -> str:
    """The name of the Deployment that the operator makes of the `index`-th componentSpec."""
    component = deployment.predictor.component_specs[index]
    last = component.metadata.name or "-".join(c.name for c in component.spec.containers)
    name = f"{deployment.metadata.name}-{deployment.predictor.name}-{index}-{last}"
    if len(name) > 63:
        return "seldon-" + hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
    return name


def replicas(deployment: SeldonDeployment, component: Component) -> int:
    for given in (component.replicas, deployment.predictor.replicas, deployment.spec.replicas):
        if given is not None:
            return given
    return 1


def images(deployment: SeldonDeployment) -> dict[str, str]:
    """The image of each graph node that has a container: what `meta.requestPath` shows."""
    units = {node.name for node in deployment.predictor.graph.walk()}
    return {
        container.name: container.image
        for component in deployment.predictor.component_specs
        for container in component.spec.containers
        if container.name in units
    }


def _unit_env(deployment: SeldonDeployment, component: Component) -> dict[str, tuple[tuple[str, str], ...]]:
    by_name = {node.name: node for node in deployment.predictor.graph.walk()}
    return {
        container.name: tuple(_operator_env(deployment, container, by_name[container.name]).items())
        for container in component.spec.containers
        if container.name in by_name
    }


def _operator_env(deployment: SeldonDeployment, container: Container, node: Node) -> dict[str, str]:
    predictor = deployment.predictor
    parameters = [
        {"name": parameter.name, "value": parameter.value, "type": parameter.type}
        for parameter in node.parameters
    ]
    if node.prepackaged:
        parameters.append({"name": "model_uri", "value": MODELS, "type": "STRING"})
    env = {
        # Without any they are left out: not even an empty list.
        **({"PREDICTIVE_UNIT_PARAMETERS": _compact(parameters)} if parameters else {}),
        **({"MLSERVER_MODEL_URI": MODELS} if node.model_uri else {}),
        "PREDICTIVE_UNIT_ID": container.name,
        "MLSERVER_MODEL_NAME": container.name,
        "PREDICTIVE_UNIT_IMAGE": container.image,
        "PREDICTOR_ID": predictor.name,
        "PREDICTOR_LABELS": _compact({"version": predictor.name} | predictor.labels),
        "SELDON_DEPLOYMENT_ID": deployment.metadata.name,
        "SELDON_EXECUTOR_ENABLED": "true",
        "PREDICTIVE_UNIT_METRICS_ENDPOINT": "/prometheus",
        "MLSERVER_METRICS_ENDPOINT": "/prometheus",
    }
    # What the manifest sets itself, the operator leaves alone.
    own = {variable.name for variable in container.env}
    return {name: value for name, value in env.items() if name not in own}


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
