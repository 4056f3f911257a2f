"""The command `load`: a deployment and a load in, what it answers at that load out."""

import json
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from argolane.cli.group import output_option, project, show
from argolane.errors import ArgolaneError, UsageError

if TYPE_CHECKING:
    from argolane.serving.load.address import Address
    from argolane.serving.load.measured import Measured
    from argolane.serving.load.plan import Plan
    from argolane.serving.load.running import Running


def _seconds(ctx: click.Context, param: click.Parameter, value: str) -> float:
    from argolane.serving.load.plan import seconds

    try:
        return seconds(value)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from None


@click.command(short_help="Load a deployment, and tell how it answers.")
@click.argument("deployment")
@click.option("--rate", type=float, metavar="R", help="Open loop: begin R requests a second, come what may.")
@click.option("--clients", type=int, metavar="N", help="Closed loop: N clients, each one request at a time.")
@click.option("--duration", callback=_seconds, required=True, metavar="T", help="As 30s or 5m; 1h at most.")
@click.option(
    "--warm-up", callback=_seconds, default="1s", show_default=True, metavar="T",
    help="The same load before that, which counts nowhere.",
)  # fmt: skip
@click.option("--connections", type=int, metavar="N", help="Of --rate: at most so many.  [default: 1000]")
@click.option(
    "--request", "request_file", type=click.Path(path_type=Path),
    help="What to ask: a .json request, a .jsonl file of them, or a .csv of rows (with a header), in turn. "
    "Default: request.json in the folder of the deployment's own image.",
)  # fmt: skip
@click.option("--requests", type=int, metavar="N", help="End after so many.")
@click.option(
    "--timeout", callback=_seconds, default="10s", show_default=True, metavar="T", help="For one answer."
)
@click.option(
    "--processes", type=int, default=1, show_default=True, metavar="N",
    help="Of the client; one sends some 20,000 requests a second.",
)  # fmt: skip
@click.option("--grpc", is_flag=True, help="Ask over gRPC, not by REST.")
@click.option("--allow-remote", is_flag=True, help="Load another machine than this one.")
@click.option(
    "--max-p99", type=click.FloatRange(0), metavar="MS", help="Fail where the 99th percentile is more."
)
@click.option(
    "--max-errors",
    type=click.FloatRange(0, 1),
    metavar="SHARE",
    help="Fail where more of the requests failed.",
)
@click.option("--picture", type=click.Path(path_type=Path), metavar="FILE.svg", help="Draw it.")
@output_option
def load(deployment: str, output: str, picture: Path | None, max_p99: float | None, max_errors: float | None,
         **asked: Any) -> None:  # fmt: skip
    """Send a deployment a load of requests, and print how many it answers, and how fast.

    DEPLOYMENT is a name from `argolane get deployments`, or a URL (with --grpc a HOST:PORT). Latencies of an
    open loop count from the moment a request was due, whether or not the deployment was ready for it. Ctrl-C
    ends it, and prints what was measured until then.
    """
    from argolane.serving.load.picture import picture as drawn
    from argolane.serving.load.table import table

    if picture is not None:
        _check_picture(picture)
    plan = _plan(**asked)
    measured = _measured(deployment, plan, asked)
    if picture is not None:
        picture.write_text(drawn(measured), encoding="utf-8")
    show(json.dumps(measured.to_dict(), indent=2) if output == "json" else table(measured).rstrip("\n"))
    if measured.interrupted:
        raise SystemExit(130)
    if faults := measured.faults(max_p99=max_p99, max_errors=max_errors):
        raise ArgolaneError("\n".join(faults))


def _plan(*, rate: float | None, clients: int | None, connections: int | None, requests: int | None,
          duration: float, warm_up: float, timeout: float, processes: int, **_: Any) -> "Plan":  # fmt: skip
    from argolane.serving.load.plan import MOST_REQUESTS, Plan, checked

    if (rate is None) == (clients is None):
        raise UsageError("load: expected one of --rate R (open loop) and --clients N (closed loop).")
    if clients is not None and connections is not None:
        raise UsageError("load: --connections is for --rate; each of the --clients has one.")
    at_once = clients if clients is not None else 1000 if connections is None else connections
    return checked(
        Plan(
            rate=rate,
            clients=at_once,
            duration=duration,
            warm_up=warm_up,
            timeout=timeout,
            processes=processes,
            requests=MOST_REQUESTS if requests is None else requests,
        )
    )


def _measured(deployment: str, plan: "Plan", asked: dict[str, Any]) -> "Measured":
    from argolane.serving.deployments import Deployments
    from argolane.serving.load.address import address, grpc_address
    from argolane.serving.load.bodies import own_request, requests
    from argolane.serving.load.table import line

    grpc, file, place = asked["grpc"], asked["request_file"], deployment
    named = ":" not in deployment
    if named:
        here = Deployments(project())
        place = here.grpc_address(deployment) if grpc else here.url(deployment)
    where = (grpc_address if grpc else address)(place, allow_remote=asked["allow_remote"])
    if file is None:
        if not named:
            raise UsageError("load: an address says nothing of what to ask: add --request FILE.")
        file = own_request(project(), here.get(deployment))
    live = sys.stderr.isatty()
    running = (partial(_over_grpc, file) if grpc else _by_rest)(
        where, plan, requests(file), told=(lambda second, _: _live(line(plan, second))) if live else None
    )
    try:
        return running.run()
    finally:
        if live:
            _live("")


def _by_rest(where: "Address", plan: "Plan", asked: list[dict[str, Any]], *, told: Any) -> "Running":
    from argolane.serving.load.first import check_first
    from argolane.serving.load.running import Running

    bodies = [json.dumps(body).encode() for body in asked]
    check_first(where, bodies[0], timeout=plan.timeout)
    return Running(plan, where, [where.request(body) for body in bodies], told=told)


def _over_grpc(
    file: Path, where: "Address", plan: "Plan", asked: list[dict[str, Any]], *, told: Any
) -> "Running":
    from argolane.serving.load.bodies import messages
    from argolane.serving.load.rpc_first import check_first
    from argolane.serving.load.running import Running
    from argolane.serving.load.worker import Worker

    def worker() -> type[Worker]:
        from argolane.serving.load.rpc import RpcWorker

        return RpcWorker

    bodies = messages(file, asked)
    check_first(where, asked[0], timeout=plan.timeout)
    return Running(plan, where, bodies, told=told, worker=worker)


def _live(text: str) -> None:
    """In place of what was there."""
    click.echo(f"\r{text}\033[K", err=True, nl=False)


def _check_picture(file: Path) -> None:
    if file.suffix != ".svg":
        raise UsageError(f"--picture {file}: expected a name that ends in .svg.")
    if not file.parent.is_dir():
        raise UsageError(f"--picture {file}: there is no folder {file.parent}.")
