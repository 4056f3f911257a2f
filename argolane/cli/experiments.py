"""The commands of A/B tests: what each arm does, which verdict comes of it, and labels that come late."""

import contextlib
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from argolane.cli import verdicts
from argolane.cli.group import image_option, namespace_option, on_option, output_option, place, project, show
from argolane.errors import ArgolaneError

if TYPE_CHECKING:
    from argolane.project import Project
    from argolane.serving.judged import Judgement
    from argolane.serving.late import Joined


@click.command(name="verdict")
@click.argument("name", metavar="DEPLOYMENT|RUN")
@click.option("--watch", is_flag=True, help="Look again and again, until all are sent or the run ends.")
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
    however often it is asked. P(BEST) is a second view, which decides nothing: the probability that an arm is
    the best, by Bayes. Of a run on a cluster it shows what its task `compare` has said.
    """
    from argolane.serving.judged import Rules

    here, rules = project(), Rules(alpha=alpha, power=power, effect=effect)
    where = place(here, on=on, namespace=namespace)
    if not watch:
        _show(verdicts.judged(here, name, rules, where), output)
        return
    with contextlib.suppress(KeyboardInterrupt):
        _watch(verdicts.looks(here, name, rules, where), output)


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
        raise ArgolaneError(verdicts.nothing_of(deployment))
    for line in found.lines():
        click.echo(line)
    if found.refused:
        raise ArgolaneError(f"{file}: {len(found.refused)} labels did not count.")


def _joined(here: "Project", deployment: str, file: Path) -> "Joined | None":
    from argolane.serving.client import opened, send_feedback
    from argolane.serving.deployments import Deployments
    from argolane.serving.late import join

    files = verdicts.observed(here, deployment)
    if not files:
        return None
    url = Deployments(here).url(deployment)
    with opened(url) as over:
        return join(file, files, lambda told: send_feedback(url, **told, over=over))


def _watch(looks: Iterable["Judgement"], output: str) -> None:
    """On a terminal in place; elsewhere whatever differs from the look before."""
    if output != "json" and sys.stdout.isatty():
        from rich.console import Console
        from rich.live import Live

        with Live(console=Console(highlight=False, markup=False), auto_refresh=False) as live:
            for found in looks:
                live.update(verdicts.table(found), refresh=True)
        return
    for found in _changed(looks):
        _show(found, output)


def _changed(looks: Iterable["Judgement"]) -> Iterator["Judgement"]:
    before = None
    for found in looks:
        if found != before:
            yield found
        before = found


def _show(found: "Judgement", output: str) -> None:
    show(json.dumps(found.to_dict(), indent=2) if output == "json" else verdicts.table(found))
