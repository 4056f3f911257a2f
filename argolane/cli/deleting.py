"""The command `delete`: records of runs, and objects with all that runs for them."""

from typing import TYPE_CHECKING

import click

from argolane.cli.applying import warn
from argolane.cli.group import on_option, place, project
from argolane.cli.sources import documents, files_options
from argolane.errors import ArgolaneError, UsageError, unknown
from argolane.kubernetes import kinds
from argolane.workflow.run.names import DEPLOYMENTS, RUNS, SELDON

if TYPE_CHECKING:
    from argolane.project import Project


@click.command()
@click.argument("what", metavar="[RUN|runs|KIND]", required=False)
@click.argument("names", metavar="[NAME]...", nargs=-1)
@files_options
@click.option("--all", "everything", is_flag=True, help="Every one of that kind.")
@click.option("--older-than", metavar="AGE", help="With `runs`: those that ended that long ago: 12h, 7d, 4w.")
@click.option("--failed", is_flag=True, help="With `runs`: those that have Failed.")
@click.option("--ignore-not-found", is_flag=True, help="What is not there is no fault.")
@on_option
@click.option("-n", "--namespace", help="Default: that of argolane.toml.")
def delete(
    what: str | None,
    names: tuple[str, ...],
    files: tuple[str, ...],
    folders: tuple[str, ...],
    recursive: bool,
    everything: bool,
    older_than: str | None,
    failed: bool,
    ignore_not_found: bool,
    on: str,
    namespace: str | None,
) -> None:
    """Delete runs, or objects: what runs for them is ended first.

    `delete RUN`, `delete runs --failed --older-than 7d`, `delete deployment NAME`, `delete svc/NAME`,
    `delete deployments --all`, `delete -f FILE`, `delete -k FOLDER`. No run is deleted that still goes on.
    """
    here = project()
    if what is not None and what != RUNS and (older_than or failed):
        raise UsageError("--older-than and --failed choose among runs: delete runs --failed.")
    if files or folders:
        if what is not None or on == "argo":
            cure = "kubectl delete -f" if on == "argo" else "either -f FILE, or KIND NAME"
            raise UsageError(f"-f and -k say all that is deleted here: {cure}.")
        found = documents(files, folders, recursive=recursive)
        _files(here, found, namespace, ignore_not_found=ignore_not_found)
        return
    if what is None:
        raise UsageError("Delete what? Expected 'delete RUN', 'delete KIND NAME' or 'delete -f FILE'.")
    if "/" in what and not names:
        word, _, name = what.partition("/")
        if word in ("run", "runs") or kinds.of(word):
            what, names = word, (name,)
    if what in DEPLOYMENTS or (what in SELDON and on == "argo"):
        _deployments(here, names, everything=everything, on=on, namespace=namespace, quiet=ignore_not_found)
    elif kinds.of(what) is not None:
        if on == "argo":
            raise UsageError(f"On a cluster use: kubectl delete {what} {' '.join(names)}")
        _objects(here, what, names, namespace, everything=everything, quiet=ignore_not_found)
    else:
        _runs(here, what, names, everything=everything, older_than=older_than, failed=failed,
              where=place(here, on=on, namespace=namespace))  # fmt: skip


def _files(here: "Project", found: list, namespace: str | None, *, ignore_not_found: bool) -> None:  # type: ignore[type-arg]
    from argolane.serving import bundle

    if namespace:
        found = bundle.within(found, namespace)
    missing = []
    for each, there in bundle.delete(here, found, say=warn):
        if there:
            click.echo(_deleted(each.kind, each.name))
        elif not ignore_not_found:
            missing.append(f"{each.shown} is not there. --ignore-not-found takes that for no fault.")
    if missing:
        raise ArgolaneError("\n".join(missing))


def _deployments(
    here: "Project", names: tuple[str, ...], *, everything: bool, on: str, namespace: str | None, quiet: bool
) -> None:
    """Of both kinds; the name alone says which."""
    if bool(names) == everything:
        raise UsageError("Which deployment? Give its name, or --all. 'argolane get deployments' lists them.")
    if on == "argo":
        from argolane.workflow import cluster

        name = names[0] if names else None
        if len(names) > 1:
            raise UsageError("On a cluster one at a time, or --all.")
        for gone in cluster.delete_deployments(name, namespace=namespace or here.settings.namespace):
            click.echo(f"Deployment {gone!r} deleted.")
        return
    from argolane.cli import naming
    from argolane.serving.apiserver import KINDS, ApiServer

    server = ApiServer(here, say=warn)
    kept = [kind for kind in naming.RUNNING if kind in KINDS]
    if names:
        found = naming.deployment(here, names[0], namespace)
        if found is None:
            if quiet:
                return
            known = [b["metadata"]["name"] for kind in kept for b in server.list(kind, namespace=namespace)]
            raise ArgolaneError(unknown("deployment", names[0], known))
        chosen = [(found.kind, found.name)]
    else:
        chosen = [
            (kind, b["metadata"]["name"]) for kind in kept for b in server.list(kind, namespace=namespace)
        ]
    for kind, name in chosen:
        if server.delete(kind, name, namespace=namespace):
            click.echo(f"Deployment {name!r} deleted.")


def _objects(
    here: "Project",
    word: str,
    names: tuple[str, ...],
    namespace: str | None,
    *,
    everything: bool,
    quiet: bool,
) -> None:
    from argolane.cli import naming
    from argolane.serving import bundle
    from argolane.serving.apiserver import ApiServer

    if bool(names) == everything:
        raise UsageError(f"Which {word}? Give its name, or --all. 'argolane get {word}' lists them.")
    kind = kinds.KINDS[naming.named(here, f"{word}/any", namespace).kind]
    server = ApiServer(here, say=warn)
    known = [str(b["metadata"]["name"]) for b in server.list(kind.name, namespace=namespace)]
    missing = []
    for name in names or known:
        reference = naming.named(here, f"{word}/{name}", namespace)
        if bundle.remove(here, server, reference, say=warn):
            click.echo(_deleted(reference.kind, name))
        elif not quiet:
            missing.append(unknown(kind.name, name, known))
    if missing:
        raise ArgolaneError("\n".join(missing))


def _runs(
    here: "Project", what: str, names: tuple[str, ...], *, everything: bool, older_than: str | None,
    failed: bool, where: str | None,
) -> None:  # fmt: skip
    from argolane.cli import removal

    if what == "run" and len(names) == 1:
        what, names = names[0], ()
    if what == RUNS:
        if names or everything == bool(older_than or failed):
            raise UsageError("Which runs? Give --older-than, --failed or both, or else --all.")
        age = removal.age(older_than) if older_than else None
        deleted = ""
        for deleted in removal.runs(here, namespace=where, older_than=age, failed=failed):
            click.echo(f"Run {deleted!r} deleted.")
        if not deleted:
            click.echo("No such run.")
    elif names or everything:
        raise UsageError("Delete what? Expected 'delete RUN' or 'delete deployment NAME'.")
    else:
        removal.run(here, what, namespace=where)
        click.echo(f"Run {what!r} deleted.")


def _deleted(kind: str, name: str) -> str:
    known = kinds.KINDS.get(kind)
    return f'{known.said if known else kind.lower()} "{name}" deleted'
