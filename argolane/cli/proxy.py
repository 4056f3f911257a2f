"""The command `proxy`: the paths of a cluster's ingress, on this machine."""

import contextlib
from typing import TYPE_CHECKING

import click

from argolane.cli.group import project
from argolane.errors import ArgolaneError

if TYPE_CHECKING:
    import socket

    from argolane.serving.ingress import Ingress


@click.command(short_help="Serve deployments under the paths of a cluster's ingress.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0: any free one."
)
@click.option(
    "--address",
    metavar="IP",
    default="127.0.0.1",
    show_default=True,
    help="Where it listens; 0.0.0.0: for others too.",
)
def proxy(port: int, address: str) -> None:
    """Serve SeldonDeployments under the paths that they have on a cluster, until Ctrl-C.

    /seldon/NAMESPACE/NAME/api/v1.0/..., .../api/v0.1/..., and /seldon/NAME/... as it was once. A notebook or
    a curl line that was written for a cluster's ingress needs no edit.
    """
    import asyncio
    import socket

    from argolane.serving import ports
    from argolane.serving.ingress import PREFIX, Ingress

    here = project()
    try:
        listening = ports.listen(port, host=address)
    except socket.gaierror:
        raise ArgolaneError(f"--address {address}: expected an IP of this machine.") from None
    except OSError as error:
        why = error.strerror or str(error)
        raise ArgolaneError(f"--port {port}: {why}. Give another one; 0 is any free one.") from None
    host = f"[{address}]" if ":" in address else address
    base = f"http://{host}:{listening.getsockname()[1]}"
    app = Ingress(here)
    click.echo(f"{base}{PREFIX}NAMESPACE/NAME/api/v1.0/predictions")
    for path in app.paths():
        click.echo(f"{base}{path}")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(app, listening))


async def _serve(app: "Ingress", listening: "socket.socket") -> None:
    from typing import Any, cast

    import uvicorn

    config = uvicorn.Config(
        cast(Any, app), http="httptools", ws="none", lifespan="off", log_config=None, access_log=False,
        proxy_headers=False, server_header=False, date_header=False, timeout_graceful_shutdown=2,
    )  # fmt: skip
    try:
        await uvicorn.Server(config).serve(sockets=[listening])
    finally:
        await app.close()
