"""Pods in, the `.status` of their SeldonDeployment out: fields and words as the real operator sets them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from argolane.serving.logs import cause
from argolane.serving.pod import Pod
from argolane.serving.ports import HOST
from argolane.serving.spec import SeldonDeployment
from argolane.serving.watching import State

CREATING, AVAILABLE, FAILED = "Creating", "Available", "Failed"
# After so many failed starts in a row a version is called Failed; it is tried on, and may still come up.
ENOUGH = 3
NOTHING_ANSWERS = "replicas is 0: nothing answers. Set it to 1 or more."
PREDICTIONS = "/api/v1.0/predictions"
_NOTHING_TO_DO = {
    "AmbassadorMappingsReady": "No Ambassador Mappaings defined",
    "HpasReady": "No HPAs defined",
    "KedaReady": "No KEDA resources defined",
    "PdbsReady": "No PDBs defined",
    "istioVirtualServicesReady": "No VirtualServices defined",
}


def url(port: int) -> str:
    return f"http://{HOST}:{port}{PREDICTIONS}"


def grpc_address(body: Mapping[str, Any]) -> str:
    """`host:port` where a SeldonDeployment is asked over gRPC; empty where it is not."""
    predictors = (body.get("spec") or {}).get("predictors") or [{}]
    name = f"{body['metadata']['name']}-{predictors[0].get('name', '')}"
    services = (body.get("status") or {}).get("serviceStatus") or {}
    return str((services.get(name) or {}).get("grpcEndpoint", ""))


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def of(deployment: SeldonDeployment, running: Sequence[Pod], *, port: int, grpc_port: int = 0, switched: bool,
       other_serves: bool, trouble: str, previous: dict[str, Any]) -> dict[str, Any]:  # fmt: skip
    """`running` are the pods of the version asked for; `switched`: it is the one that answers.

    `grpc_port` is 0 where nobody asks for one.
    """
    available = switched and all(pod.ready for pod in running)
    idle = "" if running else NOTHING_ANSWERS
    state, description = (AVAILABLE, idle) if available else trouble_of(running, trouble)
    if other_serves and description:
        first, newline, lines = description.partition("\n")
        description = f"{first} The version before goes on answering.".strip() + newline + lines
    status: dict[str, Any] = {
        "state": state,
        "address": {"url": url(port)},
        "deploymentStatus": _replicas(running),
        "replicas": max((p.plan.replica + 1 for p in running), default=0),
        "serviceStatus": _services(deployment, running, port, grpc_port),
        "conditions": _conditions(available, description, previous),
    }
    return status | ({"description": description} if description else {})


def gone(status: dict[str, Any], why: str) -> dict[str, Any]:
    """The last known status, of a deployment that nothing supervises any more."""
    last = without_pods(status)
    return last | {"state": FAILED, "description": why, "conditions": _conditions(False, why, last)}


def creating(status: dict[str, Any]) -> dict[str, Any]:
    """The last known status, of a deployment that its supervisor has not looked at since the last apply."""
    last = {key: value for key, value in status.items() if key != "description"}
    return last | {"state": CREATING, "conditions": _conditions(False, "", last)}


def without_pods(status: dict[str, Any]) -> dict[str, Any]:
    counts = status.get("deploymentStatus", {})
    return status | {"deploymentStatus": {name: {**c, "availableReplicas": 0} for name, c in counts.items()}}


def trouble_of(running: Iterable[Pod], trouble: str = "") -> tuple[str, str]:
    """What is wrong with pods that are not ready: a state, and the worst of them in words."""
    if trouble:
        return FAILED, trouble
    states = [(name, state) for pod in running for name, state in pod.states.items() if not state.ready]
    worst = max(states, key=lambda item: (item[1].failures, item[1].message), default=("", State("")))[1]
    if worst.failures == 0:
        return CREATING, worst.message
    text = f"{worst.reason}: {worst.message.rstrip('.')}"
    if worst.log and (reason := cause(worst.lines)):
        text += f": {reason.rstrip('.')}"
    text += f". Log: {worst.log}." if worst.log else "."
    # The lines themselves below, for whoever shows more than one line.
    text = "\n".join([text, *(f"  | {line}" for line in worst.lines)])
    return (FAILED if worst.failures >= ENOUGH else CREATING), text


def _replicas(running: Iterable[Pod]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for pod in running:
        counts = found.setdefault(pod.plan.deployment, {"replicas": 0, "availableReplicas": 0})
        counts["replicas"] += 1
        counts["availableReplicas"] += pod.ready
    return found


def _services(
    deployment: SeldonDeployment, running: Iterable[Pod], port: int, grpc_port: int
) -> dict[str, dict[str, str]]:
    predictor = f"{deployment.metadata.name}-{deployment.predictor.name}"
    services = {predictor: {"svcName": predictor, "httpEndpoint": f"{HOST}:{port}"}}
    if grpc_port:
        services[predictor]["grpcEndpoint"] = f"{HOST}:{grpc_port}"
    for pod in running:
        for unit, ports in pod.ports.items():
            name = f"{predictor}-{unit}"
            services.setdefault(name, {"svcName": name, "httpEndpoint": f"{HOST}:{ports.http}"})
            if grpc_port:
                services[name].setdefault("grpcEndpoint", f"{HOST}:{ports.grpc}")
    return services


def _conditions(available: bool, description: str, previous: dict[str, Any]) -> list[dict[str, str]]:
    truth = "True" if available else "False"
    message = "Deployment has minimum availability." if available else description.partition("\n")[0]
    reason = "MinimumReplicasAvailable" if available else "MinimumReplicasUnavailable"
    wanted: list[dict[str, str]] = [
        {"type": kind, "status": "True", "reason": why} for kind, why in _NOTHING_TO_DO.items()
    ]
    wanted += [
        {"type": "DeploymentsReady", "status": truth, "reason": reason, "message": message},
        {"type": "ServicesReady", "status": "True", "reason": "All services created"},
        {"type": "Ready", "status": truth} | ({} if available else {"reason": reason, "message": message}),
    ]
    before = {c["type"]: c for c in previous.get("conditions", [])}
    for condition in wanted:
        old = before.get(condition["type"], {})
        same = old.get("status") == condition["status"]
        condition["lastTransitionTime"] = old["lastTransitionTime"] if same else now()
    return sorted(wanted, key=lambda condition: condition["type"])
