"""A workflow's name, fakes and parameters in, an Outcome out.

A scenario never changes: `fake` and `volume` give a new one, so that tests can share its beginning.
"""

import contextlib
import copy
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from argolane.errors import ArgolaneError, ManifestError, NotSupportedLocally, UsageError, unknown
from argolane.manifest import Document
from argolane.project import Project
from argolane.testing import pods
from argolane.testing.fakes import Answer, Attempt, Fake, text
from argolane.testing.outcome import Heard, Outcome
from argolane.workflow import local
from argolane.workflow.catalog import Entry
from argolane.workflow.local.operation import PodOrder
from argolane.workflow.local.pod import Surroundings
from argolane.workflow.local.streams import Stop
from argolane.workflow.local.templates import TYPES

# Their pods mount volumes; every other kind becomes one of these when it is faked, and so one node.
_PODS = ("container", "script", "resource")
_LEFT_OUT = {*TYPES, "daemon"} - {*_PODS}
_STAND_IN = {"image": "fake"}
_AGAIN = 0.05


@dataclass(frozen=True)
class Scenario:
    """A workflow to run in `project`, a place of its own; `timeout` is in seconds."""

    project: Project
    entry: Entry
    timeout: float = 60.0
    fakes: Mapping[str, Fake] = field(default_factory=dict)
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    ended: Callable[[Outcome], None] = field(default=lambda outcome: None, repr=False)

    def fake(
        self,
        template: str,
        *attempts: Attempt | Answer,
        outputs: Mapping[str, object] | None = None,
        files: Mapping[str, str | bytes] | None = None,
        exit_code: int = 0,
        error: str = "",
        stdout: str = "",
        delay: float = 0.0,
    ) -> "Scenario":
        """Let something else stand for every pod of a template: an Attempt in keywords, or several in order.

        A function in an Attempt's place is called with the inputs of the node. ManifestError for a template
        that the workflow has not, and for whatever the template could not do.
        """
        said = Attempt(
            outputs=outputs or {}, files=files or {}, exit_code=exit_code, error=error,
            stdout=stdout, delay=delay,
        )  # fmt: skip
        if attempts and said != Attempt():
            raise UsageError(f"fake {template!r}: either attempts or keywords, not both.")
        known = [found for body in self._bodies() for found in _templates(body)]
        meant = [found for found in known if found.get("name") == template]
        if not meant:
            names = {str(found.get("name")) for found in known}
            raise ManifestError([unknown("template", template, names, where=f"{self._where}: ")])
        fake = Fake(template, attempts or (said,))
        for found in meant:
            fake.check(found)
        return replace(self, fakes={**self.fakes, template: fake})

    def volume(self, claim: str, files: Mapping[str, str | bytes]) -> "Scenario":
        """Put files into a persistent volume claim before the run; what is in it lasts for the whole test."""
        found = {f"{claim}/{path}": content for path, content in files.items()}
        return replace(self, files={**self.files, **found})

    def run(self, parameters: Mapping[str, object] | None = None, /, **more: object) -> Outcome:
        """Run it to its end; `min_accuracy=0.9` is the workflow parameter `min-accuracy`."""
        given = self._parameters({**(parameters or {}), **more})
        name = f"{self.entry.workflow.name}-{1 + len(list(self.project.runs.glob('*')))}"
        self._fill_volumes()
        heard, problems = Heard(), list[Exception]()
        stand_ins = {template: partial(_play, fake, problems) for template, fake in self.fakes.items()}
        workflow, templates = self._documents()
        with self._watched(name, heard) as late:
            try:
                run = local.run(
                    self.project, workflow, templates=templates, parameters=given, name=name, observe=heard,
                    stand_ins=stand_ins,
                )  # fmt: skip
            except NotSupportedLocally as error:
                error.add_note("In a test, fake these templates.")
                raise
        outcome = Outcome(run, heard, self.project.state / "volumes")
        self.ended(outcome)
        if problems:
            raise problems[0]
        if late:
            raise ArgolaneError(
                f"{self._where}: not over after {self.timeout:g} s, with {'; '.join(late)}. "
                "Fake what takes long or waits for an answer, or give workflow(..., timeout=)."
            )
        return outcome

    @property
    def _where(self) -> str:
        return f"Workflow {self.entry.workflow.name!r}"

    def _parameters(self, given: Mapping[str, object]) -> dict[str, str]:
        known = [str(parameter["name"]) for parameter in self.entry.parameters()]
        found, faults = {}, []
        for name, value in given.items():
            kebab = name.replace("_", "-")
            if name not in known and kebab not in known:
                faults.append(unknown("parameter", name, known, where=f"{self._where}: "))
            found[name if name in known else kebab] = text(value)
        if faults:
            raise ManifestError(faults)
        return found

    def _fill_volumes(self) -> None:
        for path, content in self.files.items():
            file = self.project.state / "volumes" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode())

    def _bodies(self) -> list[dict[str, Any]]:
        """The workflow and the templates that it refers to, at any depth."""
        near = {document.name: document.body for document in self.entry.templates}
        bodies, names = [self.entry.workflow.body], list(_references(self.entry.workflow.body))
        seen = set[str]()
        while names:
            name = names.pop()
            if name in near and name not in seen:
                seen.add(name)
                bodies.append(near[name])
                names += _references(near[name])
        return bodies

    def _documents(self) -> tuple[Document, list[Document]]:
        used = [id(body) for body in self._bodies()]
        workflow, *others = (
            replace(document, body=self._faked(document.body)) if id(document.body) in used else document
            for document in (self.entry.workflow, *self.entry.templates)
        )
        return workflow, others

    def _faked(self, body: dict[str, Any]) -> dict[str, Any]:
        """Faked templates that hold others, or wait, become leaves."""
        changed = copy.deepcopy(body)
        for template in _templates(changed):
            if template.get("name") not in self.fakes:
                continue
            for kind in _LEFT_OUT & set(template):
                del template[kind]
            if not any(template.get(kind) is not None for kind in _PODS):
                template["container"] = _STAND_IN
            for artifact in (template.get("outputs") or {}).get("artifacts") or ():
                artifact.setdefault("path", f"/fake/{artifact['name']}")
        return changed

    @contextlib.contextmanager
    def _watched(self, name: str, heard: Heard) -> Iterator[list[str]]:
        """Ends a run that takes too long; what was not over then is in the list."""
        late, over = list[str](), threading.Event()

        def watch() -> None:
            if over.wait(self.timeout):
                return
            late.extend(heard.unfinished() or ["no task running"])
            while not over.wait(_AGAIN):  # it may be about to begin, or to end
                with contextlib.suppress(ArgolaneError):
                    local.stop(self.project, name, terminate=True)
                    return

        watcher = threading.Thread(target=watch, name=f"timeout of {name}", daemon=True)
        watcher.start()
        try:
            yield late
        finally:
            over.set()
            watcher.join()


def _play(
    fake: Fake, problems: list[Exception], order: PodOrder, around: Surroundings, stop: Stop
) -> dict[str, Any]:
    """What goes wrong in a fake is the test's to hear, not a phase of the node."""
    try:
        return pods.play(fake, order, around, stop)
    except Exception as error:
        problems.append(error)
        raise


def _templates(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    spec = body.get("spec") or {}
    return list((spec.get("workflowSpec") or spec).get("templates") or ())


def _references(tree: Any) -> Iterator[str]:
    """Names of the WorkflowTemplates that a manifest refers to."""
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            if key in ("templateRef", "workflowTemplateRef") and isinstance(value, Mapping):
                yield str(value.get("name"))
            else:
                yield from _references(value)
    elif isinstance(tree, list):
        for part in tree:
            yield from _references(part)
