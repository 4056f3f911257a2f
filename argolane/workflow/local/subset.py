"""A submission in, what the local runner does not run, and what is wrong with its deployments, out.

All at once, by path. Only what the run can reach is looked at: a task that a `when` over known parameters
switches off, and what stands behind it, need not run here. Longer than most modules, for it is one walk over
the workflow, of which each kind of thing that may be refused takes a few lines.
"""

import contextlib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from argolane.containers import images
from argolane.kubernetes.objects import Objects
from argolane.languages import expr, items, jq
from argolane.project import Project
from argolane.serving.check import Level
from argolane.workflow.local import applied, fields
from argolane.workflow.local.reconciler.errors import OperationError
from argolane.workflow.local.reconciler.flow.loops import as_stored
from argolane.workflow.local.reconciler.template.evaluation import replace, should_execute
from argolane.workflow.local.reconciler.template.lookup import Templates, TemplateSource
from argolane.workflow.local.reconciler.template.types import calls, type_of
from argolane.workflow.local.reconciler.workflow_tags import of_workflow
from argolane.workflow.run.submission import Submission

Tree = Mapping[str, Any]
_DEFAULT_REPOSITORY = "workflows.argoproj.io/default-artifact-repository"
_EXPRESSION = re.compile(r"\{\{=(.*?)\}\}", re.S)


@dataclass(frozen=True)
class Outlook:
    """What can be told before the run, a sentence each: `refused` by the local runner, `wrong` anywhere,
    `doubted` where it runs and hardly means what it says. `applied`: manifests of resource templates."""

    refused: list[str]
    wrong: list[str]
    doubted: list[str]
    applied: list[str]


def outlook(project: Project, submission: Submission, acted: Collection[str] = ()) -> Outlook:
    """Templates of the names `acted` do not run themselves."""
    reader = _Reader(project, submission, acted)
    refused = [*reader.read(), *reader.told["local"]]
    doubted = [*reader.stands_in(), *reader.in_folders(), *reader.told["warning"]]
    return Outlook(
        *(list(dict.fromkeys(told)) for told in (refused, reader.told["error"], doubted, reader.applied))
    )


@dataclass
class _Reader:
    project: Project
    submission: Submission
    acted: Collection[str] = ()
    seen: set[tuple[int, str]] = field(default_factory=set)
    # Of the SeldonDeployments that resource templates apply.
    told: dict[Level, list[str]] = field(default_factory=lambda: {"error": [], "warning": [], "local": []})
    applied: list[str] = field(default_factory=list)
    stock: set[str] = field(default_factory=set)
    stores: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        submission = self.submission
        self.templates = Templates(submission.name, submission.spec, submission.others)
        try:
            self.known = of_workflow(submission, "", lambda name, key: "{{?}}")
        except OperationError:
            self.known = {}
        self.places = _places(submission)

    def read(self) -> Iterator[str]:
        spec = self.submission.spec
        for path in fields.of_spec(spec):
            yield _refused("Workflow", f"spec.{path}")
        yield from self._repository()
        base = self.templates.local
        holders: list[Tree] = [{"template": spec.get("entrypoint"), "arguments": spec.get("arguments")}]
        if spec.get("onExit"):
            holders.append({"template": spec["onExit"], "arguments": spec.get("arguments")})
        holders += (spec.get("hooks") or {}).values()
        for holder in holders:
            yield from self._visit(holder, base, {})

    def _repository(self) -> Iterator[str]:
        """Artifacts lie in a folder here, but the ConfigMap that is named must be there as on a cluster."""
        reference = self.submission.spec.get("artifactRepositoryRef")
        if not reference:
            return
        name = str(reference.get("configMap") or "artifact-repositories")
        body = Objects(self.project).get("ConfigMap", name) or {}
        annotations = (body.get("metadata") or {}).get("annotations") or {}
        key = str(reference.get("key") or annotations.get(_DEFAULT_REPOSITORY) or "")
        if key not in (body.get("data") or {}):
            words = f"{reference.get('configMap') or ''}#{reference.get('key') or ''}"
            yield (
                "Workflow uses 'spec.artifactRepositoryRef': failed to find any artifact repository for "
                f'artifact repository ref "{words}": no ConfigMap {name!r} here has a key {key!r}. '
                "Use --on argo, or leave it out."
            )

    def _visit(self, holder: Tree, base: TemplateSource, inputs: dict[str, str]) -> Iterator[str]:
        for member in self._members(holder, inputs):
            yield from self._visit_member(holder, base, {**inputs, **member}, member)

    def _members(self, holder: Tree, inputs: dict[str, str]) -> Iterator[dict[str, str]]:
        """What `item` stands for in each member of a loop, as far as the items are known before the run."""
        listed = holder.get("withItems")
        if listed is None and holder.get("withParam"):
            with contextlib.suppress(OperationError, ValueError):
                listed = items.load(str(replace(str(holder["withParam"]), {**self.known, **inputs})))
        if isinstance(listed, list):
            yield from (items.scope(as_stored(item)) for item in listed)
        else:
            yield {}

    def _visit_member(
        self, holder: Tree, base: TemplateSource, inputs: dict[str, str], member: dict[str, str]
    ) -> Iterator[str]:
        try:
            if not self._may_run(holder, inputs):
                return
            template, inner = self.templates.resolve(holder, base)
        except OperationError:
            return  # The reconciler says so, with Argo's own words, when it gets there.
        known = self._inputs(template, holder, inputs)
        if holder.get("inline"):
            known |= member
        key = (id(template), repr(sorted(known.items())))
        if key in self.seen or len(self.seen) > 5000:
            return
        self.seen.add(key)
        if template.get("name") not in self.acted:
            yield from self._template(self._with_manifest(template, holder, known), known)
        for below in _holders(template):
            yield from self._visit(below, inner, known)

    def _may_run(self, holder: Tree, inputs: dict[str, str]) -> bool:
        condition = str(holder.get("when") or "")
        if not condition:
            return True
        filled = str(replace(condition, {**self.known, **inputs}))
        return "{{" in filled or should_execute(filled)

    def _inputs(self, template: Tree, holder: Tree, outer: dict[str, str]) -> dict[str, str]:
        """Inputs whose value is known before the run."""
        given = {p.get("name", ""): p for p in (holder.get("arguments") or {}).get("parameters") or ()}
        found = {}
        for parameter in (template.get("inputs") or {}).get("parameters") or ():
            argument = given.get(parameter["name"], parameter)
            value = argument.get("value", argument.get("default"))
            if value is None or argument.get("valueFrom"):
                continue
            try:
                text = str(replace(str(value), {**self.known, **outer}))
            except OperationError:
                continue
            if "{{" not in text:
                found[f"inputs.parameters.{parameter['name']}"] = text
        return found

    def _with_manifest(self, template: Tree, holder: Tree, inputs: dict[str, str]) -> Tree:
        """A resource's manifest as it will be, also where an artifact that is known already holds it."""
        if template.get("resource") is None:
            return template
        resource = dict(template["resource"])
        wanted = ((resource.get("manifestFrom") or {}).get("artifact") or {}).get("name")
        given = [*_artifacts(holder.get("arguments")), *_artifacts(template.get("inputs"))]
        raw = next((a["raw"] for a in given if a.get("name") == wanted and a.get("raw")), None)
        if wanted is not None and raw is not None:
            del resource["manifestFrom"]
            resource["manifest"] = str(raw.get("data") or "")
        with contextlib.suppress(OperationError):
            resource = replace(resource, {**self.known, **inputs})
        return {**template, "resource": resource}

    def _template(self, template: Tree, inputs: dict[str, str]) -> Iterator[str]:
        owner, place = self._place_of(template)
        for path in fields.of_template(template):
            yield _refused(owner, f"{place}.{path}")
        self.stores.update(fields.stores(template))
        for path, function in _unknown_functions(template):
            yield (
                f"{owner} uses the function {function!r} in '{place}.{path}', which the local runner "
                "does not have. Use --on argo."
            )
        for index, step in enumerate((template.get("data") or {}).get("transformation") or ()):
            text = str(replace(str(step.get("expression") or ""), {**self.known, **inputs}))
            with contextlib.suppress(expr.ExprError):
                for function in expr.refused(text) if text else ():
                    yield (
                        f"{owner} uses the function {function!r} in '{place}.data.transformation[{index}]', "
                        "which the local runner does not have. Use --on argo."
                    )
        for path, program in _filters(template):
            filled = str(replace(program, {**self.known, **inputs}))
            unknown = "" if "{{" in filled else jq.refusal(filled)
            if unknown:
                yield f"{owner} uses '{place}.{path}': {unknown}. Use --on argo."
        for path, container in fields.containers(template):
            image = str(replace(str(container.get("image") or ""), {**self.known, **inputs}))
            if not image or "{{" in image:
                continue
            reason = images.recognise(self.project, image)
            if reason:
                yield f"{owner} uses '{place}.{path}.image': {reason}"
            elif images.stands_in(self.project, image):
                self.stock.add(image)
                yield from self._lacking(f"{owner} uses '{place}.{path}.command'", image, container, inputs)
        if template.get("resource"):
            self.applied.append(str(template["resource"].get("manifest") or ""))
            for level, sentence in applied.findings(self.project, template["resource"]):
                self.told[level].append(sentence)

    def _lacking(self, words: str, image: str, container: Tree, inputs: dict[str, str]) -> Iterator[str]:
        """The program of a stock image, if this machine has none of that name."""
        program = next(iter(container.get("command") or ()), "")
        filled = str(replace(str(program), {**self.known, **inputs}))
        reason = images.lacking(self.project, image, filled) if filled and "{{" not in filled else None
        if reason:
            yield f"{words}: {reason}"

    def stands_in(self) -> Iterator[str]:
        """One line about all stock images."""
        if self.stock:
            yield (
                f"This machine's tools stand in for {', '.join(sorted(self.stock))}; "
                "--images strict refuses such images."
            )

    def in_folders(self) -> Iterator[str]:
        """One line about all stores of artifacts."""
        if self.stores:
            folder = self.project.state / "artifacts"
            shown = folder.relative_to(self.project.root)
            yield f"No store is asked for artifacts of {', '.join(sorted(self.stores))}: they lie in {shown}."

    def _place_of(self, template: Tree) -> tuple[str, str]:
        """Templates with defaults merged in are copies; they are found by name."""
        if id(template) in self.places:
            return self.places[id(template)]
        name = template.get("name")
        for owner, place, candidate in _all(self.submission):
            if candidate.get("name") == name and type_of(candidate) == type_of(template):
                return owner, place
        return "Workflow", f"spec.templates[{name or 'inline'}]"


def _artifacts(holder: Any) -> list[Tree]:
    return list((holder or {}).get("artifacts") or ())


def _filters(template: Tree) -> Iterator[tuple[str, str]]:
    """Each jqFilter among the outputs, with its path."""
    for i, parameter in enumerate((template.get("outputs") or {}).get("parameters") or ()):
        program = (parameter.get("valueFrom") or {}).get("jqFilter")
        if program:
            yield f"outputs.parameters[{i}].valueFrom.jqFilter", str(program)


def _places(submission: Submission) -> dict[int, tuple[str, str]]:
    return {id(template): (owner, place) for owner, place, template in _all(submission)}


def _all(submission: Submission) -> Iterator[tuple[str, str, Tree]]:
    for index, template in enumerate(submission.spec.get("templates") or ()):
        yield "Workflow", f"spec.templates[{index}]", template
    for other in submission.others:
        owner = f"{other.get('kind')} {(other.get('metadata') or {}).get('name')!r}"
        for index, template in enumerate((other.get("spec") or {}).get("templates") or ()):
            yield owner, f"spec.templates[{index}]", template


def _holders(template: Tree) -> Iterator[Tree]:
    for _, holder in calls(template):
        yield holder
        when = {"when": holder["when"]} if holder.get("when") else {}
        if holder.get("onExit"):
            yield {"template": holder["onExit"], **when}
        for hook in (holder.get("hooks") or {}).values():
            yield {**hook, **when}


def _unknown_functions(tree: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Functions of `{{=...}}` that Argo has and the local runner lacks, with the path of the text."""
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from _unknown_functions(value, f"{path}.{key}" if path else str(key))
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            yield from _unknown_functions(value, f"{path}[{index}]")
    elif isinstance(tree, str) and "{{=" in tree:
        for text in _EXPRESSION.findall(tree):
            # What does not parse is an error of the task that holds it, at the time that Argo finds it.
            with contextlib.suppress(expr.ExprError):
                yield from ((path, function) for function in expr.refused(text))


def _refused(owner: str, path: str) -> str:
    return f"{owner} uses {path!r}, which the local runner does not run. Use --on argo."
