"""A SeldonDeployment in, what is valid and does not run on this machine out.

A laptop is one node and one user: no ingress, no scaling, no second machine. What has no meaning there
(resources, scheduling) is taken and not looked into.
"""

from collections.abc import Iterator
from typing import Any

from argolane.serving.check import addresses
from argolane.serving.check.finding import Finding, local, warning
from argolane.serving.crd import is_tag
from argolane.serving.graph_nodes import Node
from argolane.serving.ports import Ports

_VALID = "it is valid and does not run locally"
NEEDS_CLUSTER = f"needs a cluster: {_VALID}. Leave it out, or use --on argo."
_NEEDS_INGRESS = (
    f"needs an ingress (Istio or Ambassador), which a laptop has not: {_VALID}. "
    "Split inside the graph: RANDOM_ABTEST."
)
_NEEDS_SCALING = f"needs a cluster that scales: {_VALID}. Set replicas, or use --on argo."
_NO_KEYS = (
    f"is missing: the initializer of this machine has an endpoint and keys only from a Secret: {_VALID}. "
    "Name one that holds RCLONE_CONFIG_S3_* or AWS_*."
)
_FILE = "reads a folder of the machine that it is applied on; on a cluster Seldon's initializer has none."
_ONLY = {"protocol": "seldon", "serverType": "rpc"}
_OF_PREDICTORS = ("explainer", "ssl")
_OF_PODS = ("hostAliases", "hostIPC", "hostNetwork", "hostPID", "dnsConfig", "hostname",
            "subdomain", "setHostnameAsFQDN", "shareProcessNamespace", "readinessGates")  # fmt: skip
_OF_CONTAINERS = ("volumeDevices", "restartPolicy")
_PROBES = ("readinessProbe", "livenessProbe", "startupProbe")
_VOLUMES = ("persistentVolumeClaim", "emptyDir", "configMap", "secret")
_OF_NODES = ("logger", "storageInitializerImage")
_GIVEN_PORTS = tuple(Ports(0, 0, 0).env())


def check(deployment: dict[str, Any]) -> Iterator[Finding]:
    spec = deployment.get("spec") or {}
    for field, only in _ONLY.items():
        value = spec.get(field) or only
        if value != only and not is_tag(value):
            yield local(
                f"spec.{field}",
                f"{field} {value} is valid and does not run locally, where there is only {only}. "
                "Use --on argo.",
            )
    predictors = spec.get("predictors") or []
    if len(predictors) > 1:
        yield local("spec.predictors", f"has {len(predictors)} entries: a traffic split {_NEEDS_INGRESS}")
    for at, holder in (("spec", spec), *((f"spec.predictors[{i}]", p) for i, p in enumerate(predictors))):
        if "seldon.io/no-engine" in (holder.get("annotations") or {}):
            yield local(f"{at}.annotations", f"seldon.io/no-engine {NEEDS_CLUSTER}")
    for index, predictor in enumerate(predictors):
        yield from _predictor(predictor, f"spec.predictors[{index}]")


def _predictor(predictor: dict[str, Any], at: str) -> Iterator[Finding]:
    if predictor.get("shadow"):
        yield local(f"{at}.shadow", _NEEDS_INGRESS)
    yield from _named(predictor, _OF_PREDICTORS, at)
    yield from _graph(predictor.get("graph") or {}, f"{at}.graph")
    for number, component in enumerate(predictor.get("componentSpecs") or ()):
        place = f"{at}.componentSpecs[{number}]"
        for field in ("hpaSpec", "kedaSpec"):
            if component.get(field):
                yield local(f"{place}.{field}", _NEEDS_SCALING)
        yield from of_pod(component.get("spec") or {}, f"{place}.spec")


def _graph(graph: dict[str, Any], at: str) -> Iterator[Finding]:
    node = Node.of(graph, at)
    if node.model_uri and not is_tag(node.model_uri):
        yield from _model(node, at)
    yield from _named(graph, _OF_NODES, at)
    for index, child in enumerate(graph.get("children") or ()):
        yield from _graph(child, f"{at}.children[{index}]")


def _model(node: Node, at: str) -> Iterator[Finding]:
    if why := addresses.elsewhere(node.model_uri):
        yield local(f"{at}.modelUri", why)
        return
    scheme, _ = addresses.parts(node.model_uri)
    if scheme == "s3" and not node.secret:
        yield local(f"{at}.envSecretRefName", _NO_KEYS)
    if scheme == "file":
        yield warning(f"{at}.modelUri", f"is {node.model_uri!r}, which {_FILE}")


def of_pod(pod: dict[str, Any], at: str) -> Iterator[Finding]:
    """What a pod of this machine does not have, of whatever kind of object it is."""
    yield from _named(pod, _OF_PODS, at)
    for index, volume in enumerate(pod.get("volumes") or ()):
        for kind in volume:
            if kind not in ("name", *_VOLUMES):
                yield local(f"{at}.volumes[{index}].{kind}", NEEDS_CLUSTER)
    listed = [
        (kind, i, c) for kind in ("initContainers", "containers") for i, c in enumerate(pod.get(kind) or ())
    ]
    for kind, index, container in listed:
        place = f"{at}.{kind}[{index}]"
        yield from _named(container, _OF_CONTAINERS, place)
        for field in _PROBES:
            yield from _named(container.get(field) or {}, ("grpc",), f"{place}.{field}")
        for number, mount in enumerate(container.get("volumeMounts") or ()):
            yield from _named(mount, ("subPathExpr",), f"{place}.volumeMounts[{number}]")
        for number, port in enumerate(container.get("ports") or ()):
            yield from _named(port, ("hostPort",), f"{place}.ports[{number}]")
        for number, variable in enumerate(container.get("env") or ()):
            source = variable.get("valueFrom") or {}
            yield from _named(source, ("resourceFieldRef",), f"{place}.env[{number}].valueFrom")
            if variable.get("name") in _GIVEN_PORTS:
                yield local(
                    f"{place}.env[{number}]",
                    f"sets {variable['name']}; here ports are chosen when the container starts, and its "
                    "command has to take them from this variable. Leave it out, or use --on argo.",
                )


def _named(holder: dict[str, Any], fields: tuple[str, ...], at: str) -> Iterator[Finding]:
    """Those of the fields that ask for something: false, 0 and {} do not."""
    yield from (local(f"{at}.{field}", NEEDS_CLUSTER) for field in fields if holder.get(field))
