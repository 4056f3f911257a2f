"""Documents in, what a check needs to know of them out: templates by name, places, the names in scope."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from argolane.languages.gotext import number_plain
from argolane.manifest import Document

PLACEHOLDER = "__argo__internal__placeholder-"
_numbers = count()


def placeholder() -> str:
    """A text that stands for a value only a run knows."""
    return f"{PLACEHOLDER}{next(_numbers)}"


@dataclass(frozen=True)
class Complaint:
    """One complaint: Argo's whole `text`, and what and where it is about in the document `of`.

    `lacks_value`: it is about an argument that has no value, which a submission may still give.
    `absent`: the WorkflowTemplate that is not there; where it is named again the complaint is the same.
    """

    text: str
    where: str
    of: Base
    reason: str
    lacks_value: bool = False
    absent: str = ""


def prefixed(prefix: str, faults: Iterable[Complaint]) -> Iterator[Complaint]:
    """The faults with `prefix` before their texts, as Argo adds it on the way up."""
    for fault in faults:
        yield replace(fault, text=prefix + fault.text)


@dataclass(frozen=True, eq=False)
class Base:
    """One document that holds templates: a Workflow, a WorkflowTemplate, a ClusterWorkflowTemplate."""

    document: Document
    spec: Mapping[str, Any]
    root: str = "spec"
    places: dict[str, tuple[int, Mapping[str, Any]]] = field(default_factory=dict)

    @classmethod
    def of(cls, document: Document) -> Base:
        cron = document.kind == "CronWorkflow"
        body = tidy(document.body)
        spec = body.get("spec") or {}
        spec = (spec.get("workflowSpec") or {}) if cron else spec
        spec = spec if isinstance(spec, dict) else {}
        places: dict[str, tuple[int, Mapping[str, Any]]] = {}
        for index, template in enumerate(mappings(spec.get("templates"))):
            places.setdefault(str(template.get("name") or ""), (index, template))
        return cls(document, spec, "spec.workflowSpec" if cron else "spec", places)

    @property
    def scope(self) -> str:
        return f"{self.document.kind}/{self.document.name}"

    def complaint(self, text: str, where: str, *, lacks_value: bool = False) -> Complaint:
        return Complaint(text, where, self, text, lacks_value)

    def template(self, name: str) -> tuple[Mapping[str, Any], str] | None:
        """The template and its place, or None."""
        if name not in self.places:
            return None
        index, template = self.places[name]
        return template, f"{self.root}.templates[{index}]"


@dataclass
class Library:
    """The WorkflowTemplates there are; `offline`: they come from files, and errors read accordingly."""

    bases: Mapping[tuple[bool, str], Base]
    offline: bool = True

    @classmethod
    def of(cls, documents: Iterable[Document], *, offline: bool = True) -> Library:
        found = {}
        for document in documents:
            if document.kind in ("WorkflowTemplate", "ClusterWorkflowTemplate"):
                found[document.kind == "ClusterWorkflowTemplate", document.name] = Base.of(document)
        return cls(found, offline)

    def get(self, reference: Mapping[str, Any]) -> Base | None:
        return self.bases.get((bool(reference.get("clusterScope")), str(reference.get("name") or "")))

    def missing(self, reference: Mapping[str, Any], namespace: str) -> str:
        """Argo's text for a WorkflowTemplate that is not there."""
        name, cluster = reference.get("name"), bool(reference.get("clusterScope"))
        if self.offline:
            kind, place = (
                ("cluster workflow template", "")
                if cluster
                else ("workflow template", f' in namespace "{namespace}"')
            )
            return f'couldn\'t find {kind} "{name}"{place}'
        kind = "clusterworkflowtemplates" if cluster else "workflowtemplates"
        return f'{kind}.argoproj.io "{name}" not found'


Visit = Callable[["Check", Base, Mapping[str, Any], Mapping[str, Any] | None, str], Iterator[Complaint]]


@dataclass
class Check:
    """The state of one document's validation."""

    base: Base
    library: Library
    globals: dict[str, str]
    # How to check the template a step names: templates.check_holder, which in turn checks steps.
    visit: Visit
    template_only: bool = False
    done: set[str] = field(default_factory=set)


def mappings(value: Any) -> list[dict[str, Any]]:
    """The mappings of a list; anything else is the schema check's business."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def value_text(value: Any) -> str:
    """A parameter's value as Argo keeps it: numbers without exponent, booleans in words."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return number_plain(float(value))
    return value if isinstance(value, str) else ""


def tidy(value: Any, key: str = "") -> Any:
    """A copy without nulls, parameters' values as texts: what Go's types would hold."""
    if isinstance(value, dict):
        return {
            name: value_text(item)
            if key == "parameters" and name in ("value", "default")
            else tidy(item, name)
            for name, item in value.items()
            if item is not None
        }
    if isinstance(value, list):
        if key == "enum":
            return [value_text(item) for item in value]
        return value if key == "withItems" else [tidy(item, key) for item in value]
    return value
