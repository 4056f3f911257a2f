"""An object in, whether it is up and what it lacks out: the words of `kubectl rollout status`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Kinds that have pods.
STARTED = ("Deployment", "SeldonDeployment")


@dataclass(frozen=True)
class Standing:
    """`hopeless`: waiting alone will not bring it up."""

    up: bool
    lacks: str = ""
    hopeless: bool = False


def standing(body: Mapping[str, Any], pods: Sequence[Mapping[str, Any]] = ()) -> Standing:
    """Kinds that nothing has to start for are up when they are there. `pods` say why one is not."""
    status = body.get("status") or {}
    if body.get("kind") == "SeldonDeployment":
        return _seldon(status)
    if body.get("kind") == "Deployment":
        return _deployment(body, status, _why(pods))
    if body.get("kind") == "PersistentVolumeClaim" and status.get("phase") != "Bound":
        return Standing(False, f"its phase is {status.get('phase') or 'Pending'}")
    return Standing(True)


def _seldon(status: Mapping[str, Any]) -> Standing:
    state = str(status.get("state") or "Creating")
    if state == "Available":
        return Standing(True)
    description = str(status.get("description") or "").partition("\n")[0]
    return Standing(False, f"{state}{': ' if description else ''}{description}", hopeless=state == "Failed")


def _deployment(body: Mapping[str, Any], status: Mapping[str, Any], why: str) -> Standing:
    wanted = (body.get("spec") or {}).get("replicas", 1)
    updated, available = int(status.get("updatedReplicas") or 0), int(status.get("availableReplicas") or 0)
    conditions = {each.get("type"): each for each in status.get("conditions") or ()}
    progressing = conditions.get("Progressing") or {}
    if int(status.get("observedGeneration") or 0) < int(body["metadata"].get("generation") or 1):
        return Standing(False, "its change has not been seen yet")
    more = f": {why}" if why else ""
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        return Standing(False, f"exceeded its progress deadline{more}", hopeless=True)
    if updated < wanted:
        return Standing(False, f"{updated} of {wanted} new replicas have been updated{more}")
    if (old := int(status.get("replicas") or 0) - updated) > 0:
        return Standing(False, f"{old} old replicas are pending termination{more}")
    if available < updated:
        return Standing(False, f"{available} of {updated} updated replicas are available{more}")
    return Standing(True)


def _why(pods: Sequence[Mapping[str, Any]]) -> str:
    """What the newest pod that is not ready says."""
    for pod in reversed([pod for pod in pods if not pod.get("ready")]):
        said = [str(pod[key]) for key in ("reason", "message") if pod.get(key)]
        if said:
            return ": ".join(said).partition("\n")[0]
    return ""
