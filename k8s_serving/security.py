"""What every served pod and container may not do: as namespaces with `restricted` demand it."""

from typing import Any

USER = 8888  # Seldon's default user; the images run under any


def of_pod(*, writes: bool = False) -> dict[str, Any]:
    """`writes`: to a claim, which then belongs to the pod's group where the storage takes part in that."""
    own = {"runAsNonRoot": True, "runAsUser": USER, "seccompProfile": {"type": "RuntimeDefault"}}
    return {**own, "fsGroup": USER, "fsGroupChangePolicy": "OnRootMismatch"} if writes else own


def of_container() -> dict[str, Any]:
    return {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
