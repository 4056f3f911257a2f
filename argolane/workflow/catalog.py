"""A workflow's name or file in, the Workflow and the templates it may refer to out.

Names are those of the manifests that argolane.toml lists; a file is any Argo manifest, or holds
SeldonDeployments to apply. What comes out is what both runners take.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from argolane.errors import ArgolaneError, ManifestError, UsageError, unknown
from argolane.manifest import Document, load
from argolane.project import Project
from argolane.serving.crd import KIND
from argolane.workflow import applying, rules
from argolane.workflow.rules import Rule

TEMPLATE_KINDS = ("WorkflowTemplate", "ClusterWorkflowTemplate")


@dataclass(frozen=True)
class Entry:
    """A runnable workflow with every template document that stands near it."""

    workflow: Document
    templates: tuple[Document, ...]

    @property
    def spec(self) -> dict[str, Any]:
        """The spec that holds the parameters: the referred template's, or the workflow's own."""
        own = self.workflow.body.get("spec")
        own = own if isinstance(own, dict) else {}
        reference = own.get("workflowTemplateRef")
        name = reference.get("name") if isinstance(reference, dict) else None
        for template in self.templates:
            if name and template.name == name:
                found = template.body.get("spec")
                return found if isinstance(found, dict) else {}
        return own

    @property
    def rules(self) -> dict[str, Rule]:
        """What the referred template, or the workflow itself, says of its parameters' values."""
        own: dict[str, Any] = self.workflow.body.get("spec") or {}
        name = (own.get("workflowTemplateRef") or {}).get("name")
        near = [template for template in self.templates if name and template.name == name]
        found: dict[str, Rule] = {}
        for document in (*near, self.workflow):
            found |= rules.read(document.body.get("metadata") or {}, where=document.where)
        return found

    @property
    def description(self) -> str:
        bodies = [self.workflow.body, *(t.body for t in self.templates if t.name == self.workflow.name)]
        for body in bodies:
            annotations = (body.get("metadata") or {}).get("annotations") or {}
            text = annotations.get("workflows.argoproj.io/description")
            if text:
                return " ".join(str(text).split())
        return ""

    def parameters(self) -> list[dict[str, Any]]:
        """Argo's parameter objects: name, value, description, enum."""
        merged: dict[str, dict[str, Any]] = {}
        for spec in (self.spec, self.workflow.body.get("spec")):
            for parameter in _listed(spec):
                name = str(parameter.get("name"))
                merged[name] = {**merged.get(name, {}), **parameter}
        return list(merged.values())


def _listed(spec: Any) -> list[dict[str, Any]]:
    """The parameters of a spec; what is written otherwise is lint's to name."""
    for key in ("arguments", "parameters"):
        spec = spec.get(key) if isinstance(spec, dict) else None
    return [entry for entry in spec if isinstance(entry, dict)] if isinstance(spec, list) else []


def entries(project: Project) -> dict[str, Entry]:
    """Every workflow of the project by name; a WorkflowTemplate alone counts as one."""
    documents = [d for path in project.manifest_files() for d in load(path)]
    return _runnable(documents, documents)


def find(project: Project, target: str) -> Entry:
    """The workflow that `target` means: a file if it looks like one, else a name of the project."""
    if target.endswith((".yaml", ".yml", ".json")) or "/" in target:
        return _from_file(project, Path(target))
    known = entries(project)
    if target not in known:
        where = "" if project.settings.manifests else f"{project.root} has no argolane.toml with manifests. "
        raise ArgolaneError(unknown("workflow", target, known, where=where))
    return known[target]


def check_parameters(entry: Entry, given: dict[str, str]) -> None:
    """ManifestError, all faults at once, for a `-p` that the workflow lacks or whose value it does not allow.

    That is said by the parameter's enum and by the template's rules (rules.py).
    """
    said = entry.rules if given else {}
    known = {str(p["name"]): p for p in entry.parameters()}
    faults = []
    for name, value in given.items():
        if name not in known:
            faults.append(f"-p {name}: " + unknown("parameter", name, known))
        elif (allowed := [str(v) for v in known[name].get("enum") or []]) and value not in allowed:
            faults.append(f"-p {name}: {value!r} is not allowed; allowed: {', '.join(allowed)}.")
        elif (rule := said.get(name)) is not None and not rule.fits(value):
            faults.append(f"-p {name}: {value!r} is not allowed; expected {rule.words}.")
    if faults:
        raise ManifestError(faults)


def _from_file(project: Project, path: Path) -> Entry:
    documents = load(path)
    near = [d for file in project.manifest_files() if file.resolve() != path.resolve() for d in load(file)]
    runnable = _runnable(documents, [*documents, *near])
    workflows = [e for e in runnable.values() if e.workflow.kind == "Workflow" and e.workflow.path == path]
    chosen = workflows or list(runnable.values())
    if len(chosen) == 1:
        return chosen[0]
    if not chosen:
        if served := [d for d in documents if d.kind == KIND]:
            if others := sorted({d.kind for d in documents} - {KIND}):
                cure = f"All of it goes up with: argolane apply -f {path}"
                raise ArgolaneError(f"{path}: holds {', '.join(others)} as well, which a run leaves. {cure}")
            return Entry(applying.workflow(served), ())
        kinds = ", ".join(sorted({d.kind for d in documents}))
        raise ArgolaneError(
            f"{path}: holds no Workflow or WorkflowTemplate and no SeldonDeployment, but: {kinds}. "
            f"What stays up goes up with: argolane apply -f {path}"
        )
    names = ", ".join(sorted(e.workflow.name for e in chosen))
    raise UsageError(f"{path}: holds {len(chosen)} workflows ({names}); a run takes one. Split the file.")


def _runnable(documents: Sequence[Document], near: Sequence[Document]) -> dict[str, Entry]:
    templates = tuple(d for d in near if d.kind in TEMPLATE_KINDS)
    found = {d.name: Entry(_submission(d), templates) for d in documents if d.kind == "WorkflowTemplate"}
    for document in documents:
        if document.kind == "Workflow":
            found[document.name] = Entry(document, templates)
    return dict(sorted(found.items()))


def _submission(template: Document) -> Document:
    """The thin Workflow that runs a WorkflowTemplate, as `argo submit --from` makes it."""
    body = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"generateName": f"{template.name}-"},
        "spec": {"workflowTemplateRef": {"name": template.name}},
    }
    return Document(body, template.path, template.where)
