"""Deployments in, a table out, or their end: what `get deployments` and `delete deployment` do.

With a namespace those of the cluster, without one those of this machine.
"""

from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType

from argolane.cli.show import table_of
from argolane.project import Project
from argolane.workflow.run.tree import first_line


def every(project: Project, *, namespace: str | None) -> list[dict[str, Any]]:
    """Every SeldonDeployment object with its status."""
    if namespace is not None:
        from argolane.workflow import cluster

        return cluster.deployments(namespace=namespace)
    from argolane.serving.deployments import Deployments

    return Deployments(project).list()


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


def delete(project: Project, name: str | None, *, namespace: str | None) -> Iterator[str]:
    """End and forget the deployment of that name, or (None) all of them; yields each name when it is gone."""
    if namespace is not None:
        from argolane.workflow import cluster

        yield from cluster.delete_deployments(name, namespace=namespace)
        return
    from argolane.serving.deployments import Deployments

    deployments = Deployments(project)
    names = [each["metadata"]["name"] for each in deployments.list()] if name is None else [name]
    for each in names:
        if not deployments.delete(each) and name is not None:
            deployments.get(each)  # says which names there are
        yield each
