"""A workflow's name or file in, the Workflow and the templates it may refer to out.

Names are those of the manifests that argolane.toml lists; a file (a folder of them, or - for stdin) is any
Argo manifest, or holds SeldonDeployments to apply. What comes out is what both runners take.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from argolane.errors import ArgolaneError, ManifestError, UsageError, unknown
from argolane.manifest import Document, load, stdin
from argolane.project import Project
from argolane.serving.crd import KIND
from argolane.workflow import applying, rules
from argolane.workflow.rules import Rule

TEMPLATE_KINDS = ("WorkflowTemplate", "ClusterWorkflowTemplate")
_SUFFIXES = (".yaml", ".yml", ".json")


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

    def artifacts(self) -> set[str]:
        """Names of the artifacts that the workflow, or its entrypoint, can be given."""
        own: dict[str, Any] = self.workflow.body.get("spec") or {}
        entry = own.get("entrypoint") or self.spec.get("entrypoint")
        templates = [*(own.get("templates") or ()), *(self.spec.get("templates") or ())]
        holders = [own.get("arguments"), self.spec.get("arguments")]
        holders += [t.get("inputs") for t in templates if isinstance(t, dict) and t.get("name") == entry]
        return {str(a.get("name")) for each in holders if each for a in each.get("artifacts") or ()}

    def given(self, artifacts: Mapping[str, Mapping[str, Any]]) -> "Entry":
        """The same with artifacts among the workflow's arguments; a location of each by its name."""
        body = dict(self.workflow.body)
        spec = dict(body.get("spec") or {})
        arguments = dict(spec.get("arguments") or {})
        kept = [a for a in arguments.get("artifacts") or () if a.get("name") not in artifacts]
        arguments["artifacts"] = [*({"name": name, **place} for name, place in artifacts.items()), *kept]
        body["spec"] = {**spec, "arguments": arguments}
        return replace(self, workflow=replace(self.workflow, body=body))

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
    found = {entry.workflow.name: entry for entry in _runnable(documents, documents)}
    return dict(sorted(found.items()))


def find(project: Project, target: str, beside: Sequence[str] = ()) -> Entry:
    """The workflow that `target` means: a file or folder if it looks like one, else a name of the project.

    `beside` are more files and folders: what the workflow refers to may stand in them, and so may it.
    """
    if target == "-" or target.endswith(_SUFFIXES) or "/" in target or (beside and Path(target).exists()):
        return _from_files(project, target, beside)
    found = named(project, target, entries(project))
    templates = [d for place in beside for d in _read(place) if d.kind in TEMPLATE_KINDS]
    return replace(found, templates=(*_unnamed(found.templates, templates), *templates))


def named(project: Project, name: str, known: Mapping[str, Entry]) -> Entry:
    """The workflow of this name among those of the project; ArgolaneError where there is none."""
    if name not in known:
        where = "" if project.settings.manifests else f"{project.root} has no argolane.toml with manifests. "
        raise ArgolaneError(unknown("workflow", name, known, where=where))
    return known[name]


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


def _from_files(project: Project, target: str, beside: Sequence[str]) -> Entry:
    first = _read(target)
    documents = [*first, *(d for place in beside for d in _read(place))]
    named = {document.path.resolve() for document in documents}
    near = [d for file in project.manifest_files() if file.resolve() not in named for d in load(file)]
    runnable = _runnable(documents, [*_unnamed(near, documents), *documents])
    own = [e for e in runnable if any(e.workflow.where == d.where for d in first)]
    for chosen in (_whole(own), _whole(runnable), own):
        if len(chosen) == 1:
            return chosen[0]
        if chosen:
            names = ", ".join(sorted(e.workflow.name for e in chosen))
            raise UsageError(
                f"{target}: holds {len(chosen)} workflows ({names}); a run takes one. Split the file."
            )
    if served := [d for d in documents if d.kind == KIND]:
        if others := sorted({d.kind for d in documents} - {KIND}):
            cure = f"All of it goes up with: argolane apply -f {target}"
            raise ArgolaneError(f"{target}: holds {', '.join(others)} as well, which a run leaves. {cure}")
        return Entry(applying.workflow(served), ())
    kinds = ", ".join(sorted({d.kind for d in documents}))
    raise ArgolaneError(
        f"{target}: holds no Workflow or WorkflowTemplate and no SeldonDeployment, but: {kinds}. "
        f"What stays up goes up with: argolane apply -f {target}"
    )


def _whole(entries: Sequence[Entry]) -> list[Entry]:
    """Those that stand in a file as workflows, not as templates of some."""
    return [entry for entry in entries if not _is_template_alone(entry)]


def _is_template_alone(entry: Entry) -> bool:
    return any(t.where == entry.workflow.where for t in entry.templates)


def _read(place: str) -> list[Document]:
    """The documents of a file, of all files of a folder, or of stdin."""
    if place == "-":
        return stdin()
    path = Path(place)
    if not path.is_dir():
        return load(path)
    files = sorted(each for each in path.rglob("*") if each.suffix in _SUFFIXES and each.is_file())
    if not files:
        raise ManifestError([f"{path}: holds no {', '.join(_SUFFIXES)} file."])
    return [document for file in files for document in load(file)]


def _unnamed(documents: Iterable[Document], others: Iterable[Document]) -> list[Document]:
    """Those documents whose kind and name none of the others has."""
    taken = {(other.kind, other.name) for other in others}
    return [document for document in documents if (document.kind, document.name) not in taken]


def _runnable(documents: Sequence[Document], near: Sequence[Document]) -> list[Entry]:
    templates = tuple(d for d in near if d.kind in TEMPLATE_KINDS)
    found = [Entry(_submission(d), templates) for d in documents if d.kind == "WorkflowTemplate"]
    found += [Entry(_once(d), templates) for d in documents if d.kind == "CronWorkflow"]
    return found + [Entry(d, templates) for d in documents if d.kind == "Workflow"]


def _once(cron: Document) -> Document:
    """The Workflow that a CronWorkflow makes at its time, as `argo submit --from` makes it now."""
    spec = cron.body.get("spec")
    own = spec if isinstance(spec, dict) else {}
    metadata = own.get("workflowMetadata") or {}
    kept = {key: metadata[key] for key in ("labels", "annotations") if isinstance(metadata.get(key), dict)}
    body = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"generateName": f"{cron.name}-", **kept},
        "spec": own.get("workflowSpec") or {},
    }
    return Document(body, cron.path, cron.where)


def _submission(template: Document) -> Document:
    """The thin Workflow that runs a WorkflowTemplate, as `argo submit --from` makes it."""
    body = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"generateName": f"{template.name}-"},
        "spec": {"workflowTemplateRef": {"name": template.name}},
    }
    return Document(body, template.path, template.where)
