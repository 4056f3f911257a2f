"""A SeldonDeployment manifest in, a typed one or all its faults out: the check before anything starts.

The CRD's schema checks no enum, and the operator accepts much that only an ingress or a cluster gives a
meaning. What only the graph's own rules can tell is in `graph.py`.
"""

from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from argolane.errors import ManifestError, NotSupportedLocally, unknown
from argolane.serving.graph import Predictor
from argolane.serving.ports import Ports
from argolane.serving.spec import KIND, NEEDS_CLUSTER, NEEDS_INGRESS, SeldonDeployment

_PREPACKAGED = (
    "asks for a prepackaged server, whose image this machine has not. "
    "Serve the model from an image of the project"
)


_RUN_IN_A_CONTAINER = (None, "", "UNKNOWN_IMPLEMENTATION")
_GIVEN_PORTS = tuple(Ports(0, 0, 0).env())


def read(manifest: dict[str, Any], *, where: str = "") -> SeldonDeployment:
    """The manifest, checked; ManifestError with every fault, NotSupportedLocally if it is only that."""
    metadata = manifest.get("metadata") if isinstance(manifest, dict) else None
    name = metadata.get("name") if isinstance(metadata, dict) else None
    where = where or f"{KIND} {name!r}"
    try:
        deployment = SeldonDeployment.model_validate(manifest)
    except ValidationError as error:
        found = error.errors()
        faults = [f"{where}: {_fault(e)}" for e in found]
        kind = NotSupportedLocally if all(e["type"] == "refused" for e in found) else ManifestError
        raise kind(faults) from None
    faults = [f"{where}: {fault}" for fault in _across(deployment)]
    try:
        graph_of(deployment)
    except ManifestError as error:
        faults += [f"{where}: {fault}" for fault in error.faults]
    if faults:
        raise ManifestError(faults)
    _refuse_locally(deployment, where)
    return deployment


def graph_of(deployment: SeldonDeployment) -> Predictor:
    """What the graph server walks; ManifestError with the graph's own faults."""
    predictor = deployment.predictor.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    # The operator writes both kinds of annotations to the pod, where the executor looks for its timeout.
    annotations = deployment.spec.annotations | deployment.predictor.annotations
    return Predictor.from_dict(predictor | {"annotations": annotations})


def _across(deployment: SeldonDeployment) -> list[str]:
    """What no single field can tell: repeated names, mounts without a volume, nodes without a container."""
    faults = []
    containers: list[str] = []
    for i, component in enumerate(deployment.predictor.component_specs):
        place = f"spec.predictors[0].componentSpecs[{i}].spec"
        volumes = [v.name for v in component.spec.volumes]
        faults += [f"{place}.volumes: {n!r} stands twice." for n in _twice(volumes)]
        for j, volume in enumerate(component.spec.volumes):
            kinds = (volume.persistent_volume_claim, volume.empty_dir, volume.config_map, volume.secret)
            if sum(kind is not None for kind in kinds) != 1:
                faults.append(
                    f"{place}.volumes[{j}] ({volume.name}): expected exactly one of "
                    "persistentVolumeClaim, emptyDir, configMap, secret."
                )
        for j, container in enumerate(component.spec.containers):
            containers.append(container.name)
            faults += [
                f"{place}.containers[{j}].volumeMounts: {unknown('volume', mount.name, volumes)}"
                for mount in container.volume_mounts
                if mount.name not in volumes
            ]
    faults += [
        f"spec.predictors[0].componentSpecs: container {n!r} stands twice." for n in _twice(containers)
    ]
    return faults + [
        f"spec.predictors[0].{at}: {unknown('container', str(node.get('name')), containers)} "
        "A node of the graph runs in the container of its name."
        for at, node in nodes(deployment.predictor.graph)
        if node.get("implementation") in _RUN_IN_A_CONTAINER and node.get("name") not in containers
    ]


def _refuse_locally(deployment: SeldonDeployment, where: str) -> None:
    faults = []
    if len(deployment.spec.predictors) > 1:
        faults.append(
            f"spec.predictors has {len(deployment.spec.predictors)} entries: a traffic split {NEEDS_INGRESS}."
        )
    for at, annotations in (
        ("spec.annotations", deployment.spec.annotations),
        ("spec.predictors[0].annotations", deployment.predictor.annotations),
    ):
        if "seldon.io/no-engine" in annotations:
            faults.append(f"{at}: seldon.io/no-engine {NEEDS_CLUSTER}.")
    for at, node in nodes(deployment.predictor.graph):
        place = f"spec.predictors[0].{at}"
        if node.get("modelUri"):
            faults.append(f"{place}.modelUri {_PREPACKAGED}, with a volume for the model.")
        elif str(node.get("implementation", "")).endswith("_SERVER"):
            faults.append(f"{place}.implementation {node['implementation']} {_PREPACKAGED}.")
        faults += [
            f"{place}.{key} {NEEDS_CLUSTER}."
            for key in ("logger", "envSecretRefName", "storageInitializerImage")
            if node.get(key)
        ]
    faults += [
        f"spec.predictors[0].componentSpecs[{i}].spec.containers[{j}].env sets {v.name}; ports are chosen "
        "when the container starts, and its command has to take them from this variable. Leave it out."
        for i, component in enumerate(deployment.predictor.component_specs)
        for j, container in enumerate(component.spec.containers)
        for v in container.env
        if v.name in _GIVEN_PORTS
    ]
    if faults:
        raise NotSupportedLocally(f"{where}: {fault}" for fault in faults)


def nodes(graph: dict[str, Any], at: str = "graph") -> list[tuple[str, dict[str, Any]]]:
    """Every node of a graph with its path (`graph.children[1]`), parents first."""
    found = [(at, graph)]
    children = graph.get("children") or []
    for i, child in enumerate(children if isinstance(children, list) else []):
        if isinstance(child, dict):
            found += nodes(child, f"{at}.children[{i}]")
    return found


def _twice(names: list[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})


def _fault(error: ErrorDetails) -> str:
    path = ""
    for part in error["loc"]:
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
    path = path.lstrip(".")
    if error["type"] == "refused":
        return f"{path} {error['msg']}."
    if error["type"] == "extra_forbidden":
        return f"{path}: {unknown('field', str(error['loc'][-1]), _known_fields(error['loc']))}"
    if error["type"] == "missing":
        return f"{path} is missing."
    message = error["msg"][0].lower() + error["msg"][1:]
    return f"{path or 'it'} is {error['input']!r}: {message}."


def _known_fields(loc: tuple[int | str, ...]) -> list[str]:
    """The fields the object at `loc` may have: the path is walked over the annotations of the models."""
    model: type[BaseModel] = SeldonDeployment
    for part in loc[:-1]:
        if isinstance(part, str):
            field = next(f for f in model.model_fields.values() if f.alias == part)
            model = next(m for m in _models_in(field.annotation))
    return [str(f.alias) for f in model.model_fields.values()]


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [m for argument in getattr(annotation, "__args__", ()) for m in _models_in(argument)]
