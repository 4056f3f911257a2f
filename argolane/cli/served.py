"""SeldonDeployments of a cluster in, a table out: what `get deployments --on argo` shows."""

from typing import Any

from rich.console import RenderableType

from argolane.cli.show import table_of
from argolane.workflow.run.tree import first_line


def every(*, namespace: str) -> list[dict[str, Any]]:
    """Every SeldonDeployment object with its status."""
    from argolane.workflow import cluster

    return cluster.deployments(namespace=namespace)


def table(found: list[dict[str, Any]]) -> RenderableType | str:
    """A line each."""
    if not found:
        return "No deployments."
    drawn = table_of("NAME", "STATE", "URL", "DESCRIPTION")
    for each in found:
        status = each.get("status") or {}
        url = (status.get("address") or {}).get("url", "")
        state, description = status.get("state", ""), first_line(str(status.get("description") or ""))
        drawn.add_row(each["metadata"]["name"], state, url, description)
    return drawn
