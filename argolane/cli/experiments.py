"""The commands of A/B tests: what each arm does, which verdict comes of it, and labels that come late."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from argolane.cli.group import image_option, namespace_option, on_option, output_option, place, project, show
from argolane.errors import ArgolaneError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from argolane.project import Project
    from argolane.serving.judged import Judgement, Rules
    from argolane.serving.late import Joined
    from argolane.workflow.run.result import Run


@click.command(name="verdict")
@click.argument("name", metavar="DEPLOYMENT|RUN")
@click.option("--watch", is_flag=True, help="Look again every few seconds, until the requests are sent.")
@click.option(
    "--alpha",
    type=click.FloatRange(0.0001, 0.9999),
    default=0.05,
    show_default=True,
    help="Share of the tests of two equal arms that may find a winner.",
)
@click.option(
    "--power",
    type=click.FloatRange(0.0001, 0.9999),
    default=0.8,
    show_default=True,
    help="Share of the tests that are to find a difference worth finding.",
)
@click.option(
    "--effect",
    type=click.FloatRange(0),
    default=0,
    show_default=True,
    help="Least difference worth finding; 0: what the requests can find.",
)
@output_option
@on_option
@namespace_option
def verdict(name: str, watch: bool, alpha: float, power: float, effect: float, output: str, on: str,
            namespace: str | None) -> None:  # fmt: skip
    """Show the arms of an A/B test side by side, and what is to be done.

    Of a DEPLOYMENT its latest test, of a RUN its own, as far as it has come. What it says holds at any look,
    however often it is asked. Of a run on a cluster it shows what its task `compare` has said.
    """
    from argolane.serving.judged import Rules

    here, rules = project(), Rules(alpha=alpha, power=power, effect=effect)
    where = place(here, on=on, namespace=namespace)
    while True:
        found = _judged(here, name, rules, where)
        show(json.dumps(found.to_dict(), indent=2) if output == "json" else _table(found))
        if not watch or found.seen >= found.requests:
            return
        time.sleep(2)


@click.command(short_help="Give labels that came late to the arms that answered.")
@click.argument("deployment")
@click.option(
    "--from",
    "file",
    type=click.Path(path_type=Path),
    required=True,
    help="A .csv with the columns puid and truth.",
)
@click.option(
    "--claim",
    default="model-store",
    show_default=True,
    help="On argo: the claim that has the observations.",
)
@image_option
@on_option
@namespace_option
def feedback(deployment: str, file: Path, claim: str, image: str, on: str, namespace: str | None) -> None:
    """Give labels that came late to the arms of DEPLOYMENT that answered.

    Each label is joined to the recorded request of its puid, scored, and sent back as a reward. A label whose
    request is unknown, that is there twice, or that says otherwise than what is known, is reported and not
    counted.
    """
    from argolane.serving.late import read_labels

    here = project()
    where = place(here, on=on, namespace=namespace)
    list(read_labels(file))
    if where is None:
        found = _joined(here, deployment, file)
    else:
        from argolane.workflow.cluster import labels

        found = labels.join(deployment, file, namespace=where, claim=claim, image=image)
    if found is None:
        raise ArgolaneError(_nothing(deployment))
    for line in found.lines():
        click.echo(line)
    if found.refused:
        raise ArgolaneError(f"{file}: {len(found.refused)} labels did not count.")


def _joined(here: "Project", deployment: str, file: Path) -> "Joined | None":
    from argolane.serving.client import send_feedback
    from argolane.serving.deployments import Deployments
    from argolane.serving.late import join

    files = _files(here, deployment)
    if not files:
        return None
    url = Deployments(here).url(deployment)
    return join(file, files, lambda told: send_feedback(url, **told))


def _judged(here: "Project", name: str, rules: "Rules", where: str | None) -> "Judgement":
    from argolane.cli import show as shown
    from argolane.serving.judgement import judge
    from argolane.serving.observations import read_experiment

    if where is not None:
        return _judged_there(name, where)
    files = _files(here, name)
    if files:
        return judge(read_experiment(files[-1]), rules)
    run = shown.find(here, name, namespace=None)
    files = _files(here, run.name)
    if files:
        return judge(read_experiment(files[-1]), rules)
    found = _told(run)
    if found is None:
        raise ArgolaneError(_nothing(name))
    return found


def _judged_there(name: str, namespace: str) -> "Judgement":
    """The verdict of a run on the cluster, or the latest one on a deployment of that name."""
    from argolane.workflow import cluster

    for run in cluster.runs(namespace=namespace):
        found = _told(run)
        if found is not None and name in (found.deployment, run.name):
            return found
    run = cluster.get(name, namespace=namespace)
    found = _told(run)
    if found is None:
        raise ArgolaneError(
            f"Run {run.name!r} has no verdict yet ({run.phase}): its task compare has it, after all requests."
            f" argolane logs {run.name} traffic --on argo says how far they are."
        )
    return found


def _told(run: "Run") -> "Judgement | None":
    """What the run's task `compare` said."""
    from argolane.serving.judged import read_judgement

    for node in (run.status.get("nodes") or {}).values():
        for one in (node.get("outputs") or {}).get("parameters") or ():
            if one["name"] == "judgement" and one.get("value"):
                return read_judgement(json.loads(one["value"]))
    return None


def _files(here: "Project", name: str) -> list[Path]:
    """The observations of a deployment, the latest last, or those of a run."""
    found = [
        *here.claims.glob(f"*/.observations/{name}/*.sqlite"),
        *here.claims.glob(f"*/.observations/*/{name}.sqlite"),
    ]
    return sorted(found, key=lambda path: path.stat().st_mtime)


def _nothing(name: str) -> str:
    return (
        f"No observations of {name!r}: its requests are recorded by the task `traffic` of a workflow, such as"
        " ab-test-mnist; docs/ab-testing.md says how."
    )


def _table(found: "Judgement") -> "RenderableType":
    from rich.console import Group

    from argolane.cli.show import table_of

    table = table_of("ARM", "NODE", "VERSION", "REQUESTS", found.score.upper(), "P99", "BEST")
    for arm in found.arms:
        table.add_row(
            arm.arm,
            arm.name,
            arm.version,
            str(arm.requests),
            "" if arm.mean is None else f"{arm.mean:.4f}",
            "" if arm.p99 is None else f"{arm.p99 * 1000:.0f} ms",
            f"{arm.probability:.1%}",
        )
    head = f"{found.deployment}, run {found.run}: {found.seen} of {found.requests} requests"
    return Group(head, table, f"{found.verdict}: {found.reason}")
