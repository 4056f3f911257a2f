"""What every served pod and container may not do: as namespaces with `restricted` demand it."""

from typing import Any

USER = 8888  # Seldon's default user; the images run under any


def of_pod() -> dict[str, Any]:
    return {"runAsNonRoot": True, "runAsUser": USER, "seccompProfile": {"type": "RuntimeDefault"}}


def of_container() -> dict[str, Any]:
    return {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
