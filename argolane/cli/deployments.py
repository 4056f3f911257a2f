"""The commands about deployments: predict, whence."""

import json
from pathlib import Path
from typing import Any

import click

from argolane.cli.group import namespace_option, on_option, place, project
from argolane.errors import UsageError


@click.command(short_help="Ask a deployment: one request, or a file of rows.")
@click.argument("deployment")
@click.option(
    "--request",
    "request_file",
    type=click.Path(path_type=Path),
    help="A JSON file with the request, as models/*/request.json.",
)
@click.option(
    "--batch", type=click.Path(path_type=Path), help="A .csv (with a header) or .parquet file of many rows."
)
@click.option("--out", type=click.Path(path_type=Path), help="Of --batch: a .csv, .parquet or .jsonl file.")
@click.option(
    "--parallel",
    type=click.IntRange(1, 64),
    default=4,
    show_default=True,
    help="Of --batch: requests at once.",
)
@click.option(
    "--rows-per-request", type=click.IntRange(1), default=100, show_default=True, help="Of --batch."
)
@click.option(
    "--text", multiple=True, metavar="COLUMN", help="Of --batch: a column of text that looks like numbers."
)
@click.option(
    "--patience",
    type=click.FloatRange(0),
    default=60,
    show_default=True,
    help="Of --batch: seconds to go on trying while nothing answers.",
)
@click.option(
    "--timeout", type=click.FloatRange(0, min_open=True), default=10, show_default=True,
    help="Seconds to wait for an answer.",
)  # fmt: skip
@click.option("--grpc", is_flag=True, help="Ask over gRPC, not by REST.")
def predict(deployment: str, request_file: Path | None, batch: Path | None, out: Path | None,
            timeout: float, grpc: bool, **asked: Any) -> None:  # fmt: skip
    """Ask a deployment and print its answer, or write its answers to the rows of a file.

    DEPLOYMENT is a name from `argolane get deployments`, or a URL (with --grpc a HOST:PORT). A batch that was
    ended goes on when the same command is given again.
    """
    from argolane.serving import client
    from argolane.serving.deployments import Deployments

    if (request_file is None) == (batch is None):
        raise UsageError("predict: expected one of --request FILE and --batch FILE.")
    if (batch is None) != (out is None):
        raise UsageError("predict: --batch FILE and --out FILE go together.")
    if grpc and batch:
        raise UsageError("predict: --batch asks by REST; leave out --grpc.")
    request = client.read_request(request_file) if request_file else None
    if grpc and request is not None:
        from argolane.serving import rpc_client

        place = deployment if ":" in deployment else Deployments(project()).grpc_address(deployment)
        click.echo(json.dumps(rpc_client.predict(place, request, timeout=timeout), indent=2))
        return
    address = deployment.startswith(("http://", "https://"))
    url = deployment if address else Deployments(project()).url(deployment)
    if request is not None:
        click.echo(json.dumps(client.predict(url, request, timeout=timeout), indent=2))
    elif batch and out:
        from argolane.cli.batch import predict_batch

        predict_batch(batch, out=out, url=url, deployment=deployment, timeout=timeout, **asked)


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
