"""A workflow's name and parameters in, a finished Run out: checks first, then the runner asked for."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from argolane.errors import ManifestError, UsageError, unknown
from argolane.project import Project
from argolane.workflow import catalog
from argolane.workflow.run import names
from argolane.workflow.run.events import Observer, Said
from argolane.workflow.run.result import Run


def run(
    project: Project,
    target: str,
    parameters: Mapping[str, str],
    *,
    on: str = "local",
    name: str | None = None,
    namespace: str | None = None,
    observe: Observer | None = None,
    beside: Sequence[str] = (),
    artifacts: Mapping[str, str] | None = None,
) -> Run:
    """Run `target` (a workflow's name or a manifest file) to its end, on "local" or on "argo".

    ArgolaneError before anything starts for an unknown name or parameter, a value outside an enum, a name
    that no run can have, and whatever `argolane lint` calls an error. `beside` are files with what the
    workflow refers to, `artifacts` files of this machine by the name of the argument that they are.
    """
    entry, doubts = checked(project, target, parameters, on=on, name=name, beside=beside, artifacts=artifacts)
    if on == "argo":
        from argolane.workflow import cluster

        for doubt in doubts:
            if observe is not None:
                observe(Said(doubt))
        return cluster.run(
            project, entry.workflow, templates=entry.templates, parameters=parameters, name=name,
            namespace=namespace or project.settings.namespace, observe=observe,
        )  # fmt: skip
    from argolane.workflow import local

    return local.run(
        project, entry.workflow, templates=entry.templates, parameters=parameters, name=name, observe=observe
    )


def preview(
    project: Project,
    target: str,
    parameters: Mapping[str, str],
    *,
    name: str | None = None,
    beside: Sequence[str] = (),
    artifacts: Mapping[str, str] | None = None,
) -> str:
    """What a run would be, after the same checks: see local.preview."""
    from argolane.workflow import local

    entry, _ = checked(project, target, parameters, name=name, beside=beside, artifacts=artifacts)
    return local.preview(project, entry.workflow, templates=entry.templates, parameters=parameters, name=name)


def checked(
    project: Project,
    target: str,
    parameters: Mapping[str, str],
    *,
    on: str = "local",
    name: str | None = None,
    beside: Sequence[str] = (),
    artifacts: Mapping[str, str] | None = None,
) -> tuple[catalog.Entry, list[str]]:
    """The workflow with its artifacts, and what is doubtful about it on a cluster."""
    from argolane.workflow.lint import lint
    from argolane.workflow.lint.beyond.deployments import of_submission

    if name is not None:
        names.check(name, where="--name")
    entry = catalog.find(project, target, beside)
    catalog.check_parameters(entry, dict(parameters))
    places = _places(entry, artifacts or {}, on)
    seen = entry.given({each: {"raw": {"data": ""}} for each in places}) if places else entry
    findings = lint([seen.workflow], parameters=parameters, others=entry.templates)
    served = []
    if on == "argo":
        # The local runner looks at those that the run can reach, with the values that it will have.
        findings += (served := of_submission(entry.workflow, entry.templates))
    if errors := [f"{f.where}: {f.message}" for f in findings if f.severity == "error"]:
        raise ManifestError(dict.fromkeys(errors))
    doubts = [f"{doubt.where}: {doubt.message}" for doubt in served if doubt.severity == "warning"]
    return entry.given(places) if places else entry, doubts


def _places(entry: catalog.Entry, artifacts: Mapping[str, str], on: str) -> dict[str, dict[str, str]]:
    """Where each artifact lies; ManifestError for one that the workflow lacks, or that is not there."""
    if artifacts and on == "argo":
        raise UsageError("-a: a cluster does not see the files of this machine. Put it into its S3.")
    faults, found = [], {}
    for name, path in artifacts.items():
        if name not in (known := entry.artifacts()):
            faults.append(f"-a {name}: " + unknown("artifact", name, known))
        elif not Path(path).exists():
            faults.append(f"-a {name}: {path}: there is no such file or folder.")
        found[name] = {"stored": str(Path(path).absolute())}
    if faults:
        raise ManifestError(faults)
    return found
