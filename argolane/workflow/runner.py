"""A workflow's name and parameters in, a finished Run out: checks first, then the runner asked for."""

from collections.abc import Mapping

from argolane.errors import ManifestError
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
) -> Run:
    """Run `target` (a workflow's name or a manifest file) to its end, on "local" or on "argo".

    ArgolaneError before anything starts for an unknown name or parameter, a value outside an enum, a name
    that no run can have, and whatever `argolane lint` calls an error.
    """
    from argolane.workflow.lint import lint
    from argolane.workflow.lint.beyond.deployments import of_submission

    if name is not None:
        names.check(name, where="--name")
    entry = catalog.find(project, target)
    catalog.check_parameters(entry, dict(parameters))
    findings = lint([entry.workflow], parameters=parameters, others=entry.templates)
    if on == "argo":
        # The local runner looks at those that the run can reach, with the values that it will have.
        findings += (served := of_submission(entry.workflow, entry.templates))
    if errors := [f"{f.where}: {f.message}" for f in findings if f.severity == "error"]:
        raise ManifestError(dict.fromkeys(errors))
    if on == "argo":
        from argolane.workflow import cluster

        for doubt in served:
            if observe is not None and doubt.severity == "warning":
                observe(Said(f"{doubt.where}: {doubt.message}"))
        return cluster.run(
            project, entry.workflow, templates=entry.templates, parameters=parameters, name=name,
            namespace=namespace or project.settings.namespace, observe=observe,
        )  # fmt: skip
    from argolane.workflow import local

    return local.run(
        project, entry.workflow, templates=entry.templates, parameters=parameters, name=name, observe=observe
    )
