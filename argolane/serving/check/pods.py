"""A SeldonDeployment in, what Kubernetes refuses of its pods out: the operator gets stuck at the Deployment.

The API server looks at these when the operator makes the Deployment, and not before: `kubectl apply` has long
said `created`.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from argolane.errors import unknown
from argolane.serving.check import containers
from argolane.serving.check.finding import Finding, error
from argolane.serving.crd import is_tag
from argolane.serving.graph_nodes import Node

# The operator's own, with the pod's annotations: every container may mount it.
_GIVEN = ("seldon-podinfo",)
_CLOSED = {
    "restartPolicy": ("Always",),
    "dnsPolicy": ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"),
    "preemptionPolicy": ("Never", "PreemptLowerPriority"),
}


def check(deployment: dict[str, Any]) -> Iterator[Finding]:
    for index, predictor in enumerate((deployment.get("spec") or {}).get("predictors") or ()):
        at = f"spec.predictors[{index}]"
        graph = Node.of(predictor.get("graph") or {})
        brought = {node.name for node in graph.walk() if node.prepackaged}
        components = predictor.get("componentSpecs") or ()
        for number, component in enumerate(components):
            yield from of_pod(component.get("spec") or {}, f"{at}.componentSpecs[{number}].spec", brought)
        named = [c.get("name") for s in components for c in (s.get("spec") or {}).get("containers") or ()]
        for twice in _twice(named):
            yield error(f"{at}.componentSpecs", f"container {twice!r} stands twice.")
        variables = (predictor.get("svcOrchSpec") or {}).get("env") or ()
        yield from containers.environment(variables, f"{at}.svcOrchSpec.env")


def of_pod(pod: dict[str, Any], at: str, brought: set[str]) -> Iterator[Finding]:
    """Of the pod that a Deployment makes; `brought` are containers whose image somebody fills in."""
    if pod.get("containers") == []:
        yield error(f"{at}.containers", "is empty; expected at least one.")
    for field, allowed in _CLOSED.items():
        value = pod.get(field)
        if value and not is_tag(value) and value not in allowed:
            yield error(f"{at}.{field}", f"is {value!r}; expected {' or '.join(allowed)}.")
    for field in ("activeDeadlineSeconds", "ephemeralContainers"):
        if pod.get(field):
            yield error(f"{at}.{field}", "has no place in a Deployment, which the operator makes of it.")
    volumes = pod.get("volumes") or []
    names = [volume.get("name", "") for volume in volumes]
    yield from (error(f"{at}.volumes", f"{name!r} stands twice.") for name in _twice(names))
    for index, volume in enumerate(volumes):
        yield from _volume(volume, f"{at}.volumes[{index}]")
    for kind in ("initContainers", "containers"):
        for index, container in enumerate(pod.get(kind) or ()):
            place = f"{at}.{kind}[{index}]"
            yield from containers.check(container, place, brought)
            yield from _mounts(container, names, place)


def _volume(volume: dict[str, Any], at: str) -> Iterator[Finding]:
    name = volume.get("name", "")
    if name and not is_tag(name) and any(containers.not_a_label(name)):
        yield error(f"{at}.name", f"is {name!r}; {containers.LABEL_RULE}.")
    kinds = [kind for kind in volume if kind != "name"]
    if len(kinds) > 1:
        yield error(at, f"{name!r} has {' and '.join(sorted(kinds))}; expected one of them.")


def _mounts(container: dict[str, Any], volumes: list[str], at: str) -> Iterator[Finding]:
    paths = []
    for mount in container.get("volumeMounts") or ():
        name = mount.get("name", "")
        if name not in (*volumes, *_GIVEN) and not any(map(is_tag, (name, *volumes))):
            yield error(f"{at}.volumeMounts", unknown("volume", name, volumes))
        paths.append(mount.get("mountPath"))
    yield from (error(f"{at}.volumeMounts", f"mountPath {path!r} stands twice.") for path in _twice(paths))


def _twice(names: list[Any]) -> list[str]:
    return sorted(str(name) for name, count in Counter(names).items() if count > 1 and name)
