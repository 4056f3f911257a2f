"""A graph or a web service in, the target of a rollout out: what is applied, and how it is known to be up.

The nodes of the graph are known by what the tasks of the run give: `<node>-image`, `<node>-digest` and more.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import yaml
from hera.workflows import Task

from k8s_serving.deployment import MODEL_STORE, deployment, served
from k8s_serving.graph import Graph, Path, Prepackaged, Served
from k8s_serving.web import NAME
from models.contract.spec import Unit
from workflows.parts import parameters
from workflows.parts.gate import ORIGIN
from workflows.parts.parameters import given
from workflows.parts.resources import largest

LINEAGE = "argolane.dev/"


@dataclass(frozen=True)
class RolledOut:
    """What every target has: a manifest with its name; `inputs` are the arguments that the task gives.

    `kind` is that of the manifest, and `label` has the name on the pods.
    """

    kind: ClassVar[str]
    label: ClassVar[str]

    name: str
    manifest: str
    inputs: tuple[str, ...]

    @property
    def last_good(self) -> str:
        """The file of the store with the manifest that was last verified."""
        return f"{MODEL_STORE}/.deployments/{self.name}.yaml"


@dataclass(frozen=True)
class Target(RolledOut):
    """A SeldonDeployment: when it is up, where it then answers, and the ways through it.

    `ready` and `failed` are Argo's conditions and `url` is a JSON path, all on the object that is made.
    """

    kind = "SeldonDeployment"
    label = "seldon-deployment-id"

    paths: tuple[Path, ...]
    ready: str = "status.state == Available"
    failed: str = "status.state == Failed"
    url: str = "{.status.address.url}"


@dataclass(frozen=True)
class WebTarget(RolledOut):
    """A Deployment and its Service, where it then answers, and what is asked.

    `request` is a JSON text that is sent to `url`, and `answer` the field of the answer that holds a number.
    `image` and `version` are those of the container, which each answer tells.
    """

    kind = "Deployment"
    label = NAME

    service: str
    url: str
    request: str
    answer: str
    image: str
    version: str


@dataclass(frozen=True, kw_only=True)
class Given(Served):
    """A node of which the task tells some things: each of `told` is its argument `<key>-<told>`."""

    key: str
    told: tuple[str, ...]
    origin: tuple[str, ...] = ORIGIN

    @property
    def inputs(self) -> tuple[str, ...]:
        return tuple(f"{self.key}-{what}" for what in (*self.told, *self.origin))


@dataclass(frozen=True, kw_only=True)
class GivenPrepackaged(Given, Prepackaged):
    """A prepackaged server of which the task tells image and uri."""


def prepackaged(
    unit: Unit, *, implementation: str, secret: str, lineage: Sequence[str] = ()
) -> GivenPrepackaged:
    """The unit's version as such a server serves it; the task gives `<unit>-image` and `<unit>-uri`.

    And `<unit>-<name>` of each name in `lineage`, which is written down with the deployment.
    """
    image, uri, digest = (given(f"{unit.kebab}-{what}") for what in ("image", "uri", "digest"))
    known = served(unit, image=image, version=parameters.VERSION.tag, digest=digest)
    return GivenPrepackaged(
        **vars(known),
        implementation=implementation,
        uri=uri,
        secret=secret,
        key=unit.kebab,
        told=("image", "uri", *lineage),
    )


def tagged(unit: Unit) -> Given:
    """The unit at the workflow's version, with the image and the origin that the task gives."""
    image, digest = (given(f"{unit.kebab}-{what}") for what in ("image", "digest"))
    known = served(unit, image=image, version=parameters.VERSION.tag, digest=digest)
    return Given(**vars(known), key=unit.kebab, told=("image",))


def router(unit: Unit, *told: str) -> Given:
    """A unit that loads no version: the task gives its image, and there is nothing to tell of its origin.

    `told` is what the task gives besides, as `<unit>-<told>`.
    """
    known = served(unit, image=given(f"{unit.kebab}-image"), version="")
    return Given(**vars(known), key=unit.kebab, told=("image", *told), origin=())


def arm(key: str, units: Sequence[Unit]) -> Given:
    """Whichever of the units the task gives as this arm: all that is known of it is known when it runs."""
    told = ("node", "image", "unit", "version")
    name, image, unit, version = (given(f"{key}-{what}") for what in told)
    needs = largest([unit.resources.serve for unit in units if unit.resources.serve])
    return Given(
        name=name,
        image=image,
        unit=unit,
        version=version,
        digest=given(f"{key}-digest"),
        resources=needs,
        key=key,
        told=told,
    )


def origin(name: str, gate: Task) -> dict[str, Any]:
    """The arguments of a rollout that its gate found for a node."""
    return {f"{name}-{what}": gate.get_parameter(what) for what in ORIGIN}


def seldon(name: str, graph: Graph) -> Target:
    """A SeldonDeployment of the graph, with its lineage as annotations, which `argolane whence` reads."""
    nodes = [node for node in graph.containers() if isinstance(node, Given)]
    inputs = tuple(name for node in nodes for name in node.inputs)
    return Target(name, _text(_noted(deployment(name, graph=graph), inputs)), inputs, graph.paths())


def web(
    make: Callable[..., dict[str, Any]], service: dict[str, Any], *, path: str, request: str, answer: str
) -> WebTarget:
    """The Deployment that `make(image=, version=)` gives, and its Service; a task gives image and commit."""
    image, version, inputs = given("image"), parameters.VERSION.tag, ("image", "commit")
    body, name = make(image=image, version=version), service["metadata"]["name"]
    (port,) = service["spec"]["ports"]
    return WebTarget(
        name=body["metadata"]["name"],
        manifest=_text(_noted(body, inputs)),
        service=_text(service),
        inputs=inputs,
        url=f"http://{name}:{port['port']}{path}",
        request=request,
        answer=answer,
        image=image,
        version=version,
    )


def _noted(made: dict[str, Any], inputs: Sequence[str]) -> dict[str, Any]:
    """The same object, with its lineage as annotations, and its run as a label."""
    lineage = {
        # Of all nodes that are not told a version of their own.
        "version": parameters.VERSION.tag,
        "workflow": "{{workflow.name}}",
        "workflow-uid": "{{workflow.uid}}",
        **{name: given(name) for name in inputs},
    }
    labels = {**made["metadata"]["labels"], f"{LINEAGE}workflow": "{{workflow.name}}"}
    annotations = {LINEAGE + key: value for key, value in lineage.items()}
    return {**made, "metadata": {**made["metadata"], "labels": labels, "annotations": annotations}}


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(manifest: dict[str, Any]) -> str:
    return yaml.dump(manifest, Dumper=_Dumper, sort_keys=False, width=1000)
