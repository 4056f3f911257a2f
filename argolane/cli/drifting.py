"""The command `drift`: a deployment in, how far what is asked of it has moved from its training rows out."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import click

from argolane.cli.group import output_option, project, show
from argolane.errors import ArgolaneError, UsageError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from argolane.project import Project
    from argolane.serving.drifted import Drifted, Rows
    from argolane.serving.live_drift import Watched

_SHOWN = 20


@click.command(short_help="Show how far what is asked has moved from what was trained on.")
@click.argument("deployment")
@click.option("--against", metavar="UNIT:VERSION", help="Default: the first version that DEPLOYMENT serves.")
@click.option(
    "--from",
    "file",
    type=click.Path(path_type=Path),
    help="Rows that were asked: .csv or .jsonl. Default: those that its latest workflow has sent.",
)
@click.option("--live", is_flag=True, help="What its units have been asked lately, as they tell Prometheus.")
@click.option("--all", "everything", is_flag=True, help=f"All features, not the {_SHOWN} furthest moved.")
@click.option("--fail", is_flag=True, help="Exit with status 1 where a feature has drifted.")
@output_option
def drift(
    deployment: str,
    against: str | None,
    file: Path | None,
    live: bool,
    everything: bool,
    fail: bool,
    output: str,
) -> None:
    """Show how far each feature of what is asked of DEPLOYMENT has moved from what it was trained on.

    The population stability index (PSI) says how much, the test of Kolmogorov and Smirnov whether chance
    explains it. A feature is at `drift` with a PSI of 0.25 or more and a P below 0.01, which is corrected for
    the number of features, at `watch` with a PSI of 0.1 or more. Fewer than 50 rows say nothing. Missing
    values count as the lowest.

    \b
      argolane drift mnist-ab                    # what traffic of its latest workflow has sent
      argolane drift mnist-ab --live             # what it has been asked, whoever asked
      argolane drift wine --from last-week.csv --against wine:0.2 --fail
    """
    if live:
        if against or file:
            raise UsageError("--live is by the version that each unit serves; without --against and --from.")
        _live(deployment, everything=everything, fail=fail, output=output)
        return
    from argolane.serving import drifted
    from argolane.serving.asked_rows import asked_rows

    here = project()
    unit, version, store = _version(here, deployment, against)
    try:
        before = drifted.trained_on(store, unit, version)
        after = asked_rows(file, list(before.features)) if file else _recorded(here, deployment, store)
        found = drifted.drifted(before, after)
    except drifted.NoRows as error:
        raise ArgolaneError(str(error)) from None
    show(json.dumps(found.to_dict(), indent=2) if output == "json" else _table(found, everything=everything))
    if fail and found.verdict == "drift":
        raise ArgolaneError(f"{deployment} has drifted from {found.against}.")


def _version(here: "Project", deployment: str, against: str | None) -> tuple[str, str, Path]:
    """(unit, version, the model store that has it)."""
    if against is not None:
        unit, colon, version = against.partition(":")
        if not (unit and colon and version):
            raise UsageError(f"--against {against}: expected UNIT:VERSION, such as sk_mnist:0.1.")
        versions = [(unit, version)]
    else:
        versions = _served(here, deployment)
    for unit, version in versions:
        for path in sorted(here.claims.glob(f"*/{unit}/{version}/version.json")):
            return unit, version, path.parents[2]
    shown = ", ".join(f"{unit}:{version}" for unit, version in versions) or "no version of a model store"
    raise ArgolaneError(
        f"{deployment}: {shown} is in no volume here. Name another with --against UNIT:VERSION."
        " argolane volume ls model-store shows what there is."
    )


def _served(here: "Project", deployment: str) -> list[tuple[str, str]]:
    """Of the deployment's containers, in their order: (unit, version) of MODEL_DIR."""
    from argolane.serving.deployments import Deployments

    spec = Deployments(here).get(deployment)["spec"]
    found = []
    for predictor in spec["predictors"]:
        for component in predictor.get("componentSpecs") or ():
            for container in component["spec"]["containers"]:
                for one in container.get("env") or ():
                    parts = str(one.get("value") or "").rstrip("/").split("/")
                    if one["name"] == "MODEL_DIR" and len(parts) > 1:
                        found.append((parts[-2], parts[-1]))
    return found


def _recorded(here: "Project", deployment: str, store: Path) -> "Rows":
    from argolane.cli.verdicts import observed
    from argolane.serving.drifted import recorded

    files = observed(here, deployment)
    if not files:
        raise ArgolaneError(
            f"{deployment}: no workflow has recorded its requests. --live is what its units were asked,"
            " --from names a file of rows."
        )
    return recorded(files[-1], store)


def _live(deployment: str, *, everything: bool, fail: bool, output: str) -> None:
    import httpx

    from argolane.serving import metrics
    from argolane.serving.deployments import Deployments
    from argolane.serving.live_drift import live_drift

    address = urljoin(Deployments(project()).url(deployment), metrics.PATH)
    try:
        found = live_drift(httpx.get(address, timeout=30, trust_env=False).raise_for_status().text)
    except (httpx.HTTPError, ValueError) as error:
        raise ArgolaneError(f"{deployment}: its metrics at {address} cannot be read: {error}.") from None
    if not found:
        raise ArgolaneError(
            f"{deployment}: none of its units tells drift; those do that serve a version with training rows."
        )
    show(
        json.dumps([one.to_dict() for one in found], indent=2)
        if output == "json"
        else _live_table(found, everything=everything)
    )
    if fail and (moved := [one.container for one in found if one.drifted]):
        raise ArgolaneError(f"{deployment} has drifted: {', '.join(moved)}.")


def _live_table(found: "Sequence[Watched]", *, everything: bool) -> "RenderableType":
    from rich.console import Group

    from argolane.cli.show import table_of

    units = table_of("UNIT", "ROWS", "DRIFT", "WATCH", "LARGEST PSI")
    features = table_of("UNIT", "FEATURE", "PSI")
    for one in found:
        few = one.psi_max is None
        told = ("too few rows", "", "") if few else (str(one.drifted), str(one.watched), f"{one.psi_max:.3f}")
        units.add_row(one.container, str(one.rows), *told)
        for name, psi in list(one.features.items())[: None if everything else _SHOWN]:
            features.add_row(one.container, name, f"{psi:.3f}")
    return Group(units, features) if features.row_count else units


def _table(found: "Drifted", *, everything: bool) -> "RenderableType":
    from rich.console import Group

    from argolane.cli.show import table_of

    table = table_of("FEATURE", "PSI", "KS", "P", "VERDICT")
    shown = found.features if everything else found.features[:_SHOWN]
    for one in shown:
        table.add_row(one.feature, f"{one.psi:.3f}", f"{one.ks:.3f}", f"{one.p:.2g}", one.verdict)
    head = (
        f"{found.asked}: {found.rows} rows, against {found.trained} of those that {found.against} has learned"
    )
    left = len(found.features) - len(shown)
    more = [f"and {left} more features, which have moved less; --all shows them."] if left else []
    return Group(head, table, *more, found.summary)
