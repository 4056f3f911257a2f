"""Pods in, what others are told of them out: where a Service finds them, and how `get` shows them."""

from collections.abc import Iterable, Mapping
from typing import Any

from argolane.serving.pod import Pod
from argolane.serving.ports import HOST
from argolane.serving.spec import Container, SeldonDeployment
from argolane.serving.watching import State

# Where the operator has the executor listen in each pod.
_EXECUTOR, _EXECUTOR_GRPC = 8000, 5001
_FIRST, _FIRST_GRPC = 9000, 9500

Endpoint = dict[str, Any]
"""{"pod", "labels", "address", "ready", "leaving", "ports": {name or number: port of this machine}}"""


def of_pods(pods: Iterable[Pod], labels: Mapping[str, str], *, leaving: bool = False) -> list[Endpoint]:
    """Of pods whose containers listen on the ports that the manifest says."""
    return [
        {
            "pod": pod.name,
            "labels": dict(labels),
            "address": pod.address,
            "ready": pod.ready and not leaving,
            "leaving": leaving,
            "ports": _named(pod),
        }
        for pod in pods
    ]


def of_predictor(
    deployment: SeldonDeployment, pods: list[Pod], port: int, grpc_port: int = 0
) -> list[Endpoint]:
    """Of a graph, whose executor is one process of this machine for all its pods, and of its units.

    `grpc_port` is 0 where there is none.
    """
    found = []
    for pod in pods:
        given = {"http": port, str(_EXECUTOR): port}
        if grpc_port:
            given |= {"grpc": grpc_port, str(_EXECUTOR_GRPC): grpc_port}
        for unit, held in pod.ports.items():
            number = pod.plan.numbers.get(unit, 0)
            given[str(_FIRST + number)] = held.http
            if grpc_port:
                given[str(_FIRST_GRPC + number)] = held.grpc
        name = deployment.metadata.name
        labels = {
            "app": pod.plan.deployment,
            "seldon-app": f"{name}-{deployment.predictor.name}",
            "seldon-deployment-id": name,
            "version": deployment.predictor.name,
            **deployment.predictor.labels,
            **pod.plan.component.metadata.labels,
        }
        found.append(
            {
                "pod": pod.name,
                "labels": labels,
                "address": HOST,
                "ready": pod.ready,
                "leaving": False,
                "ports": given,
            }
        )
    return found


def shown(pod: Pod) -> dict[str, Any]:
    """A pod as `kubectl get pods` has it, and its containers with their logs."""
    states = pod.states
    worst = max(states.values(), key=lambda state: (not state.ready, state.failures))
    containers = [_container(pod, c, states) for c in (*pod.plan.first, *pod.plan.containers)]
    return {
        "name": pod.name,
        "ready": pod.ready,
        "reason": _reason(worst),
        "message": worst.message,
        "restarts": sum(pod.restarts[c.name] for c in pod.plan.containers),
        "address": pod.address,
        "containers": containers,
    }


def _container(pod: Pod, container: Container, states: Mapping[str, State]) -> dict[str, Any]:
    """`code` is how it ended the last time, `started` whether it runs and its startup probe has succeeded."""
    name, first = container.name, container in pod.plan.first
    waiting = first and name not in states and not pod.initialised and name not in pod.last
    state = states.get(name, State("PodInitializing") if waiting else State("Completed", ready=True))
    runs = first and name in pod.started
    return {
        "name": name,
        "reason": "Running" if runs else _reason(state),
        "message": "" if runs else state.message,
        "restarts": pod.restarts[name],
        "ready": state.ready,
        "started": name in pod.started,
        "code": pod.last.get(name),
        "init": first,
        "log": pod.shown(pod.log(name)),
    }


def _reason(state: State) -> str:
    """Between two tries to have an image the kubelet says so."""
    return "ImagePullBackOff" if state.reason == "ErrImagePull" and state.failures > 1 else state.reason


def _named(pod: Pod) -> dict[str, int]:
    return {
        str(port["name"]): int(port["containerPort"])
        for container in pod.plan.containers
        for port in container.ports
        if port.get("name") and port.get("containerPort")
    }
