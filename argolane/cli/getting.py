"""The command `get`: runs as trees and lists, objects as kubectl shows them."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from argolane.cli.group import on_option, place, project, show
from argolane.errors import UsageError
from argolane.kubernetes import kinds
from argolane.workflow.run.names import DEPLOYMENTS, RUNS, SELDON

if TYPE_CHECKING:
    from argolane.project import Project

_RUN_WORDS = ("run", "runs")
# What `get all` shows, as kubectl: what runs, and what leads to it.
_ALL = ("Service", "Deployment", "SeldonDeployment")


@click.command(short_help="Show a run, or list runs, deployments and other objects.")
@click.argument("what", metavar="[RUN|KIND]", required=False)
@click.argument("name", required=False)
@click.option(
    "-o",
    "--output",
    type=click.Choice(["tree", "json", "yaml", "wide", "name", "csv"]),
    help="Of a run: tree or json; of runs with --metrics: json or csv. Default: tree, or a table.",
)
@click.option("-w", "--watch", is_flag=True, help="Draw the tree again and again until the run ends.")
@click.option("--metrics", is_flag=True, help="Of runs: what they measured, and the parameters that differ.")
@click.option(
    "--sort",
    type=click.Choice(["started", "duration", "metric"]),
    help="With --metrics: latest, shortest or best first. Default: started.",
)
@on_option
@click.option("-n", "--namespace", help="Default: that of argolane.toml.")
def get(
    what: str | None,
    name: str | None,
    output: str | None,
    watch: bool,
    metrics: bool,
    sort: str | None,
    on: str,
    namespace: str | None,
) -> None:
    """Show a run as a tree, or list runs, deployments and what else is kept here.

    RUN is a run's or a workflow's name, by default the latest; `get runs` lists. KIND is deployments,
    services, secrets, configmaps, pvc, namespaces, seldondeployments or all; `get svc/mlflow` is one of them.
    """
    here = project()
    if metrics:
        _metrics(here, what, name, output=output, watch=watch, sort=sort, on=on, namespace=namespace)
        return
    if sort is not None or output == "csv":
        option = "-o csv" if output == "csv" else f"--sort {sort}"
        raise UsageError(f"{option} is of what runs measured: argolane get runs --metrics {option}")
    if what is not None and name is None and "/" in what:
        word, _, rest = what.partition("/")
        if word in _RUN_WORDS or kinds.of(word):
            what, name = word, rest
    kind = kinds.of(what) if what is not None else None
    if kind is None and what != "all":
        if name is not None and what in _RUN_WORDS:
            what, name = name, None
        if name is not None:
            raise UsageError(
                f"get {what} {name}: {what!r} is no kind. Expected 'get KIND NAME' or 'get RUN'."
            )
        _runs(here, what, output=output or "tree", watch=watch, on=on, namespace=namespace)
        return
    if watch:
        raise UsageError("-w draws the tree of one run; leave it out with a list and with -o json.")
    if output == "tree":
        raise UsageError("-o tree is of a run; expected json, yaml, wide or name.")
    if on == "argo":
        _on_cluster(here, str(what), name, output=output, namespace=namespace)
        return
    _objects(here, str(what), name, output=output, namespace=namespace)


def _metrics(
    here: "Project",
    what: str | None,
    name: str | None,
    *,
    output: str | None,
    watch: bool,
    sort: str | None,
    on: str,
    namespace: str | None,
) -> None:
    from argolane.cli import comparing

    if what != RUNS or name is not None:
        raise UsageError("--metrics is of all runs: argolane get runs --metrics")
    if watch or output not in (None, "json", "csv"):
        raise UsageError(
            f"{'-w' if watch else f'-o {output}'}: with --metrics there is a table, json or csv."
        )
    where = place(here, on=on, namespace=namespace)
    comparing.listing(here, namespace=where, sort=sort or "started", output=output or "table")


def _runs(
    here: "Project", name: str | None, *, output: str, watch: bool, on: str, namespace: str | None
) -> None:
    from argolane.cli import show as shown

    where = place(here, on=on, namespace=namespace)
    if output not in ("tree", "json"):
        raise UsageError(f"-o {output} is of objects; of a run there is tree or json.")
    if watch and (name == RUNS or output == "json"):
        raise UsageError("-w draws the tree of one run; leave it out with a list and with -o json.")
    if name == RUNS:
        found = shown.every(here, namespace=where)
        show(_json([each.to_dict() for each in found]) if output == "json" else shown.runs(found))
    elif watch:
        shown.watch(here, name, namespace=where)
    elif output == "json":
        one = shown.find(here, name, namespace=where)
        show(_json({"name": one.name, **one.status}))
    else:
        show(shown.run(here, name, namespace=where))


def _on_cluster(
    here: "Project", what: str, name: str | None, *, output: str | None, namespace: str | None
) -> None:
    """SeldonDeployments are all that is asked a cluster for: kubectl shows the rest."""
    from argolane.cli import served

    there = namespace or here.settings.namespace
    if what not in (*DEPLOYMENTS, *SELDON) or name is not None or output not in (None, "json"):
        more = f" {name}" if name else ""
        raise UsageError(f"On a cluster use: kubectl get {what}{more} -n {there}")
    found = served.every(namespace=there)
    show(_json(found) if output == "json" else served.table(found))


def _objects(
    here: "Project", what: str, name: str | None, *, output: str | None, namespace: str | None
) -> None:
    from argolane.cli import tables

    found = _found(here, what, name, namespace)
    every = [each for several in found.values() for each in several]
    if output in ("json", "yaml"):
        shown = [_shown(each) for each in every]
        # `get deployments -o json` was a list before there were other kinds.
        one_list = {"apiVersion": "v1", "kind": "List", "items": shown}
        body: Any = shown[0] if name else shown if what in DEPLOYMENTS and output == "json" else one_list
        show(_json(body) if output == "json" else _yaml(body))
    elif output == "name":
        for each in every:
            click.echo(kinds.shown(each["kind"], each["metadata"]["name"]))
    elif not every:
        click.echo(f"No {_plural(what)}.")
    else:
        several = sum(map(bool, found.values())) > 1 or what == "all"
        # Who asks for one deployment gets the address of its metrics, too.
        wide = output == "wide" or (name is not None and "SeldonDeployment" in found)
        show(
            tables.several(
                tables.of(here, kind, bodies, wide=wide, prefixed=several)
                for kind, bodies in found.items()
                if bodies
            )
        )


def _found(
    here: "Project", what: str, name: str | None, namespace: str | None
) -> dict[str, list[dict[str, Any]]]:
    """By kind."""
    from argolane.cli import naming
    from argolane.serving.apiserver import KINDS

    wanted: tuple[str, ...]
    if what == "all":
        if name is not None:
            raise UsageError(f"get all {name}: say which kind.")
        wanted = _ALL
    elif what in DEPLOYMENTS and name is None:
        wanted = ("SeldonDeployment", "Deployment")
    elif what in DEPLOYMENTS:
        one = naming.deployment(here, str(name), namespace)
        wanted = (one.kind if one else "SeldonDeployment",)
    else:
        wanted = tuple(kind.name for kind in [kinds.of(what)] if kind)
    return {
        kind: list(naming.there(here, kinds.KINDS[kind], namespace, name)) for kind in wanted if kind in KINDS
    }


def _shown(body: Mapping[str, Any]) -> dict[str, Any]:
    """An object to read; of a Secret what it holds, without the values."""
    if body.get("kind") != "Secret":
        return dict(body)
    from argolane.kubernetes.applying import NOTE

    metadata = dict(body["metadata"])
    notes = {key: value for key, value in (metadata.pop("annotations", None) or {}).items() if key != NOTE}
    hidden = {key: _size(value) for key, value in (body.get("data") or {}).items()}
    return {**body, "metadata": metadata | ({"annotations": notes} if notes else {}), "data": hidden}


def _size(value: object) -> str:
    import base64

    return f"<{len(base64.b64decode(str(value)))} bytes>"


def _plural(what: str) -> str:
    kind = kinds.of(what)
    return kind.plural if kind and kind.name != "SeldonDeployment" else "deployments" if kind else "objects"


def _json(value: object) -> str:
    return json.dumps(value, indent=2)


def _yaml(value: Any) -> str:
    from argolane.manifest import dump

    return dump(value).rstrip("\n")
