"""A checked SeldonDeployment in, the same with what the operator adds for models that are fetched out.

A prepackaged server is a container that the manifest need not name; a `modelUri` is an init container that
fetches the model, and the volume that it leaves the model in. Names, mounts and order follow what the real
operator made (seldon-core 1.17.1); the image of a server is said by the `[[server]]` tables of argolane.toml.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from argolane.errors import unknown
from argolane.project import FILE
from argolane.serving import crd
from argolane.serving.check import addresses
from argolane.serving.graph_nodes import Node
from argolane.serving.spec import Component, Container, PodSpec, SeldonDeployment, Volume, VolumeMount
from argolane.settings import ServerSettings

MODELS = "/mnt/models"
# No image of any registry: argolane's own program (initializer/) stands for it.
INITIALIZER = "argolane.dev/storage-initializer"
_CLAIM, _FILES = "/mnt/pvc", "/mnt/source"


def unserved(manifest: Mapping[str, Any], servers: Iterable[ServerSettings]) -> Iterator[str]:
    """Which prepackaged servers have no image on this machine, and what to do about each."""
    if manifest.get("kind") != crd.KIND:
        return
    there = sorted({server.implementation for server in servers})
    spec = crd.fit(manifest, tags=True).value.get("spec") or {}
    for index, predictor in enumerate(spec.get("predictors") or ()):
        images = {
            container.get("name", ""): container.get("image")
            for component in predictor.get("componentSpecs") or ()
            for container in (component.get("spec") or {}).get("containers") or ()
        }
        for node in Node.of(predictor.get("graph") or {}, f"spec.predictors[{index}].graph").walk():
            asked = node.implementation
            if node.prepackaged and not images.get(node.name) and asked not in there:
                if crd.is_tag(asked):
                    continue
                yield (
                    f"{node.at}.implementation: {unknown('server', asked, there)} This "
                    f"machine has the prepackaged servers that {FILE} names: add [[server]] with "
                    f"implementation = {asked!r} and an image, give the container {node.name!r} an image in "
                    "componentSpecs, or use --on argo."
                )


def filled(deployment: SeldonDeployment, servers: Iterable[ServerSettings]) -> SeldonDeployment:
    """The deployment with its servers and initializers; of a server that is `unserved` the image is ''."""
    images = {server.implementation: server.image for server in servers}
    predictor = deployment.predictor
    components = list(predictor.component_specs)
    for node in predictor.graph.walk():
        if node.prepackaged:
            components = _with_server(components, node, images.get(node.implementation, ""))
        if node.model_uri:
            components = [_with_model(component, node) for component in components]
    others = deployment.spec.predictors[1:]
    first = predictor.model_copy(update={"component_specs": components})
    spec = deployment.spec.model_copy(update={"predictors": [first, *others]})
    return deployment.model_copy(update={"spec": spec})


def _with_server(components: list[Component], node: Node, image: str) -> list[Component]:
    """The missing server comes into the first pod; one that is named keeps all that it says."""
    if not any(c.name == node.name for component in components for c in component.spec.containers):
        first, *more = components or [Component()]
        added = [*first.spec.containers, Container(name=node.name, image=image)]
        return [_changed(first, containers=added), *more]
    return [
        _changed(
            component,
            containers=[
                c.model_copy(update={"image": image}) if c.name == node.name and not c.image else c
                for c in component.spec.containers
            ],
        )
        for component in components
    ]


def _with_model(component: Component, node: Node) -> Component:
    """An init container that fetches, and the volume that only it may write to."""
    name = node.name
    if not any(container.name == name for container in component.spec.containers):
        return component
    fetched = Volume(name=f"{name}-provision-location")
    volumes, source, reading, beside = [fetched], node.model_uri, [], []
    scheme, rest = addresses.parts(node.model_uri)
    if scheme == "pvc":
        claim, _, inner = rest.partition("/")
        held: dict[str, Any] = {"name": f"{name}-pvc-source", "persistentVolumeClaim": {"claimName": claim}}
        volumes.append(Volume.model_validate(held))
        beside = reading = [_mount(volumes[-1], _CLAIM, read_only=True)]
        source = f"{_CLAIM}/{inner}".rstrip("/")
    elif scheme == "file":
        volumes.append(Volume.model_validate({"name": f"{name}-file-source", "hostPath": {"path": rest}}))
        source = f"{_FILES}/{PurePosixPath(rest).name}"
        reading = [_mount(volumes[-1], source, read_only=True)]
    initializer = Container.model_validate({
        "name": f"{name}-model-initializer",
        "image": INITIALIZER,
        "args": [source, MODELS],
        "envFrom": [{"secretRef": {"name": node.secret}}] if node.secret else [],
    })  # fmt: skip
    mounts = [*reading, _mount(fetched, MODELS)]
    beside = [*beside, _mount(fetched, MODELS, read_only=True)]
    return _changed(
        component,
        init_containers=[
            *component.spec.init_containers,
            initializer.model_copy(update={"volume_mounts": mounts}),
        ],
        containers=[
            c.model_copy(update={"volume_mounts": [*c.volume_mounts, *beside]}) if c.name == name else c
            for c in component.spec.containers
        ],
        volumes=[*component.spec.volumes, *volumes],
    )


def _mount(volume: Volume, path: str, *, read_only: bool = False) -> VolumeMount:
    return VolumeMount.model_validate({"name": volume.name, "mountPath": path, "readOnly": read_only})


def _changed(component: Component, **fields: Any) -> Component:
    spec: PodSpec = component.spec.model_copy(update=fields)
    return component.model_copy(update={"spec": spec})
