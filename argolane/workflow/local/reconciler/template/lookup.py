"""A step's or task's reference in, the template it means out, and where the names inside that are found.

`template` is looked up where the caller stands, `templateRef` among the WorkflowTemplates given, `inline` is
the template itself. templateDefaults of the workflow fill what a template leaves open.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from argolane.kubernetes.patching import strategic_merge
from argolane.languages.values import normalize_tree
from argolane.workflow.local.reconciler.errors import OperationError
from argolane.workflow.local.reconciler.template.types import type_of

# templateDefaults of another type than the template's own do not reach it.
_TYPE_DEFAULTS = (
    "container",
    "containerSet",
    "script",
    "resource",
    "dag",
    "suspend",
    "data",
    "http",
    "plugin",
)


@dataclass(frozen=True)
class TemplateSource:
    """Where plain template names are looked up: the workflow itself or a WorkflowTemplate."""

    scope: str
    templates: Mapping[str, Mapping[str, Any]] = field(repr=False)


class Templates:
    """Every template a run can reach."""

    def __init__(
        self, workflow: str, spec: Mapping[str, Any], others: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        self.local = TemplateSource(f"local/{workflow}", _by_name(spec))
        self._defaults = spec.get("templateDefaults")
        self._bases: dict[tuple[bool, str], TemplateSource] = {}
        for other in others:
            cluster = other.get("kind") == "ClusterWorkflowTemplate"
            name = str((other.get("metadata") or {}).get("name"))
            plain = normalize_tree(other.get("spec") or {})
            scope = f"{'cluster' if cluster else 'namespaced'}/{name}"
            self._bases.setdefault((cluster, name), TemplateSource(scope, _by_name(plain)))
        self._merged: dict[int, tuple[Mapping[str, Any], Mapping[str, Any]]] = {}

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        for base in (self.local, *self._bases.values()):
            yield from base.templates.values()

    def resolve(
        self, holder: Mapping[str, Any], base: TemplateSource
    ) -> tuple[Mapping[str, Any], TemplateSource]:
        """The template a step or task means, defaults merged, and the base for the names inside it."""
        template, inner = self.find(holder, base)
        if not type_of(template):
            raise OperationError(f"template '{template.get('name', '')}' type is unknown")
        return self._with_defaults(template), inner

    def find(
        self, holder: Mapping[str, Any], base: TemplateSource
    ) -> tuple[Mapping[str, Any], TemplateSource]:
        """The same without the workflow's defaults."""
        if holder.get("inline"):
            return holder["inline"], base
        reference = holder.get("templateRef")
        if reference:
            inner = self._bases.get((bool(reference.get("clusterScope")), str(reference.get("name"))))
            if inner is None:
                raise OperationError(f"workflow template {reference.get('name')} not found")
            name = str(reference.get("template"))
            if name not in inner.templates:
                raise OperationError(f"template {name} not found in workflow template {reference['name']}")
            return inner.templates[name], inner
        name = str(holder.get("template") or "")
        if not name:
            raise OperationError("failed to get a template")
        if name not in base.templates:
            raise OperationError(f"template {name} not found")
        return base.templates[name], base

    def _with_defaults(self, template: Mapping[str, Any]) -> Mapping[str, Any]:
        if not self._defaults:
            return template
        known = self._merged.get(id(template))
        if known is not None and known[0] is template:
            return known[1]
        own = type_of(template)
        defaults = {k: v for k, v in self._defaults.items() if k == own or k not in _TYPE_DEFAULTS}
        merged: Mapping[str, Any] = strategic_merge(defaults, template)
        self._merged[id(template)] = (template, merged)
        return merged


def _by_name(spec: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {str(template.get("name")): template for template in spec.get("templates") or ()}
