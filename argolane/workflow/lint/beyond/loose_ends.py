"""Small things that Argo takes and that then fail, hang or do nothing."""

from collections.abc import Iterator, Mapping
from typing import Any

from argolane.errors import unknown
from argolane.workflow.lint.argo.base import Base, Library, mapping
from argolane.workflow.lint.beyond.walking import holders, say, templates
from argolane.workflow.lint.finding import Finding


def check(base: Base, library: Library) -> Iterator[Finding]:
    """Empty steps, hooks that name nothing, containers without a command, retries that never happen."""
    if base.document.body.get("apiVersion") != "argoproj.io/v1alpha1":
        found = base.document.body.get("apiVersion")
        yield say(base, "apiVersion", "error", f"is {found!r}; expected 'argoproj.io/v1alpha1'.")
    yield from _hooks(base, base.spec.get("hooks"), f"{base.root}.hooks", library, root=True)
    defaults = mapping(mapping(base.spec.get("templateDefaults")).get("container"))
    for template, place in templates(base):
        if template.get("steps") == []:
            yield say(base, f"{place}.steps", "error", "has no step: the template fails.")
        container = template.get("container")
        if isinstance(container, dict) and not container.get("command") and not defaults.get("command"):
            yield say(
                base,
                f"{place}.container",
                "warning",
                "has no command: Argo asks the image's registry for it at run time.",
            )
        yield from _retries(base, template, place)
        for holder in holders(template, place):
            yield from _hooks(base, holder.body.get("hooks"), f"{holder.place}.hooks", library)


def _hooks(base: Base, hooks: Any, place: str, library: Library, *, root: bool = False) -> Iterator[Finding]:
    for name, hook in mapping(hooks).items():
        hook = mapping(hook)
        template = str(hook.get("template") or "")
        if (
            template
            and base.template(template) is None
            and not (root and base.spec.get("workflowTemplateRef"))
        ):
            yield say(base, f"{place}.{name}.template", "error", unknown("template", template, base.places))
        reference = mapping(hook.get("templateRef"))
        shared = library.get(reference) if reference and "{{" not in str(reference) else None
        if shared and shared.template(str(reference.get("template") or "")) is None:
            wanted = str(reference.get("template"))
            yield say(
                base, f"{place}.{name}.templateRef", "error", unknown("template", wanted, shared.places)
            )
        if ".dag.tasks[" in place and name != "exit" and not hook.get("expression"):
            yield say(base, f"{place}.{name}", "error", "needs an expression: it says when the hook runs.")


def _retries(base: Base, template: Mapping[str, Any], place: str) -> Iterator[Finding]:
    strategy = mapping(template.get("retryStrategy"))
    if strategy.get("retryPolicy") == "OnError" and "exitCode" in str(strategy.get("expression") or ""):
        yield say(
            base,
            f"{place}.retryStrategy",
            "warning",
            "a container that exits is Failed, never Error: with retryPolicy OnError this never retries.",
        )
