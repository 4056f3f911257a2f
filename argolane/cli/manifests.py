"""The commands about manifests: list, lint, render."""

import json
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from argolane.cli.group import output_option, project
from argolane.errors import ArgolaneError

if TYPE_CHECKING:
    from argolane.manifest import Document
    from argolane.project import Project
    from argolane.workflow.lint.finding import Finding, Severity

_GROUPS = (b"argoproj.io/", b"machinelearning.seldon.io/")


@click.command("list")
@click.option("-v", "--verbose", is_flag=True, help="The parameters too.")
@output_option
def list_(verbose: bool, output: str) -> None:
    """List the workflows of this project."""
    from argolane.workflow import catalog

    here = project()
    known = catalog.entries(here)
    if not known:
        places = ", ".join(here.settings.manifests) or "argolane.toml"
        raise ArgolaneError(f"{here.root}: no workflow in {places}. Run: argolane render")
    if output == "json":
        listed = [
            {"name": name, "description": entry.description, "parameters": entry.parameters()}
            for name, entry in known.items()
        ]
        click.echo(json.dumps(listed, indent=2))
        return
    width = max(len(name) for name in known)
    for name, entry in known.items():
        click.echo(f"{name:<{width}}  {entry.description}".rstrip())
        for parameter in entry.parameters() if verbose else []:
            allowed = "|".join(str(v) for v in parameter.get("enum") or [])
            value = str(parameter.get("value", "")) + (f" ({allowed})" if allowed else "")
            click.echo(f"    -p {parameter['name']}={value}  {parameter.get('description', '')}".rstrip())


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--known", is_flag=True, help="Pass over files that name neither argoproj.io nor Seldon.")
@click.option(
    "-o",
    "--output",
    "--format",
    "output",
    type=click.Choice(["text", "json", "github", "sarif"]),
    default="text",
    show_default=True,
    help="github: annotations beside the lines; sarif: for code scanning.",
)
def lint(files: tuple[Path, ...], known: bool, output: str) -> None:
    """Check manifests.

    FILES are files or folders, by default those of the project. Finds what the Argo controller would
    refuse, what it would silently do wrong, and what of a SeldonDeployment does not run locally.
    """
    here = project()
    paths = [p for path in files for p in _manifests(path)] if files else here.manifest_files()
    if not paths:
        raise ArgolaneError("No manifest to check: name a file, or list folders in argolane.toml.")
    if known:
        paths = [path for path in paths if not path.is_file() or _is_known(path)]
    documents = _documents(paths)
    findings = _findings(here, paths, documents)
    if output != "text":
        _for_programs(findings, documents, output)
        sys.exit(any(finding.severity == "error" for finding in findings))
    count = _told(findings)
    errors, only_there = count["error"], count["local"]
    more = f" {only_there} that only a cluster runs." if only_there else ""
    click.echo(f"{len(paths)} files: {errors} errors, {count['warning']} warnings.{more}")
    sys.exit(1 if errors else 0)


@click.command(short_help="Write the manifests that the Hera programs make.")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a rendered file would change.")
def render(check: bool) -> None:
    """Write the manifests that the Hera programs make, and check those that changed."""
    from argolane import render as renderer

    here = project()
    if not check:
        changed = renderer.render(here)
        for path in changed:
            click.echo(path.relative_to(here.root))
        there = [path for path in changed if path.is_file()]
        if _told(_findings(here, there, _documents(there)))["error"]:
            raise ArgolaneError("What was rendered has errors.")
        return
    stale = renderer.check(here)
    for line in stale:
        click.echo(line)
    if stale:
        raise ArgolaneError("Rendered files are stale. Run: argolane render")


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def graph(files: tuple[Path, ...]) -> None:
    """Draw the graphs of the SeldonDeployments in FILES.

    Prints one SVG; needs no server and no cluster: argolane graph FILE > graph.svg
    """
    from argolane.report.serving import svg

    paths = [path for file in files for path in _manifests(file)]
    drawn = svg(document.body for document in _documents(paths))
    if not drawn:
        raise ArgolaneError(f"No SeldonDeployment in {', '.join(map(str, files))}; there is nothing to draw.")
    click.echo(drawn, nl=False)


def _documents(paths: list[Path]) -> "list[Document]":
    from argolane.manifest import load

    return [document for path in paths for document in load(path)]


def _findings(here: "Project", paths: list[Path], documents: "list[Document]") -> "list[Finding]":
    """What is wrong with the manifests at these paths; the project's others are there to be referred to."""
    from argolane.manifest import load
    from argolane.workflow.lint import lint as check

    named = {path.resolve() for path in paths}
    others = [d for p in here.manifest_files() if p.resolve() not in named for d in load(p)]
    return check(documents, others=others)


def _for_programs(findings: "list[Finding]", documents: "list[Document]", output: str) -> None:
    from argolane.cli import annotating
    from argolane.workflow.lint import places

    if output == "json":
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
        return
    placed = places.of(findings, documents)
    if output == "sarif":
        click.echo(annotating.sarif(placed))
        return
    for line in annotating.github(placed):
        click.echo(line)


def _is_known(path: Path) -> bool:
    """Whether a file may hold what this checks: other YAML of a repository is none of its business."""
    return any(group in path.read_bytes() for group in _GROUPS)


def _told(findings: "list[Finding]") -> "Counter[Severity]":
    """Each on a line; how many there are of each kind."""
    for finding in findings:
        click.echo(f"{finding.severity}: {finding.where}: {finding.message}")
    return Counter(finding.severity for finding in findings)


def _manifests(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(p for p in path.rglob("*") if p.suffix in (".yaml", ".yml"))
    return [path]
