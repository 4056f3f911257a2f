"""The commands about deployments: predict, whence."""

import json
from pathlib import Path

import click

from argolane.cli.group import namespace_option, on_option, place, project


@click.command()
@click.argument("deployment")
@click.option(
    "--request",
    "request_file",
    required=True,
    type=click.Path(path_type=Path),
    help="A JSON file with the request, as models/*/request.json.",
)
@click.option("--timeout", type=float, default=10, show_default=True, help="Seconds to wait for the answer.")
def predict(deployment: str, request_file: Path, timeout: float) -> None:
    """Ask a deployment and print its answer.

    DEPLOYMENT is a name from `argolane get deployments`, or a URL.
    """
    from argolane.serving import client
    from argolane.serving.deployments import Deployments

    request = client.read_request(request_file)
    address = deployment.startswith(("http://", "https://"))
    url = deployment if address else Deployments(project()).url(deployment)
    click.echo(json.dumps(client.predict(url, request, timeout=timeout), indent=2))


@click.command()
@click.argument("deployment")
@on_option
@namespace_option
def whence(deployment: str, on: str, namespace: str | None) -> None:
    """Tell what a deployment was made from.

    Commit, images, data and weights of DEPLOYMENT, and the workflow that made it.
    """
    here = project()
    where = place(here, on=on, namespace=namespace)
    if where is not None:
        from argolane.workflow import cluster

        found = cluster.whence(deployment, namespace=where)
    else:
        from argolane.serving.lineage import whence as local_whence

        found = local_whence(here, deployment)
    click.echo(json.dumps(found, indent=2))
