"""A workflow's name, fakes and parameters in, an Outcome out.

A scenario never changes: `fake` and `volume` give a new one, so that tests can share its beginning.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from argolane.errors import ArgolaneError, ManifestError, NotSupportedLocally, UsageError, unknown
from argolane.project import Project
from argolane.testing import manifests, pods
from argolane.testing.fakes import Answer, Attempt, Fake, text
from argolane.testing.outcome import Heard, Outcome
from argolane.workflow import local
from argolane.workflow.catalog import Entry
from argolane.workflow.local.pod.stopping import Stop
from argolane.workflow.local.pod.surroundings import Surroundings
from argolane.workflow.local.reconciler.ports import PodOrder, PodResult

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
        known = manifests.templates(self.entry)
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
        workflow, *templates = manifests.faked(self.entry, self.fakes)
        with self._watched(name, heard) as late:
            try:
                run = local.run(
                    self.project, workflow, templates=templates, parameters=given, name=name, observe=heard,
                    stand_ins=stand_ins,
                )  # fmt: skip
            except NotSupportedLocally as error:
                error.add_note("In a test, fake these templates.")
                raise
        outcome = Outcome(run, heard, self.project.claims)
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
            file = self.project.claims / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode())

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
) -> PodResult:
    """What goes wrong in a fake is the test's to hear, not a phase of the node."""
    try:
        return pods.play(fake, order, around, stop)
    except Exception as error:
        problems.append(error)
        raise
