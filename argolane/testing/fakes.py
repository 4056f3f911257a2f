"""What a test says of a template in, a checked fake out: outputs, files and ends, one for each attempt.

A fake that its template could not be is refused where the test says it, before anything runs.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from argolane.errors import ManifestError, unknown

Tree = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What one pod of a faked template does.

    `outputs` are parameters and artifacts by name, `files` contents by path in the container, on a volume or
    elsewhere. It prints `stdout` and ends after `delay` seconds with `exit_code`, or with phase Error and the
    message `error`, as a pod does that was deleted or evicted.
    """

    outputs: Mapping[str, object] = field(default_factory=dict)
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    exit_code: int = 0
    error: str = ""
    stdout: str = ""
    delay: float = 0.0

    @property
    def succeeds(self) -> bool:
        return not self.exit_code and not self.error


Answer = Callable[[dict[str, str]], Attempt]


@dataclass(frozen=True)
class Fake:
    """One template's attempts in order; the last one goes on for ever. A function gets the node's inputs."""

    template: str
    attempts: tuple[Attempt | Answer, ...]

    def attempt(self, number: int, inputs: dict[str, str], template: Tree) -> Attempt:
        """What a pod does; ManifestError for an answer that the template could not give."""
        chosen = self.attempts[min(number, len(self.attempts) - 1)]
        if isinstance(chosen, Attempt):
            return chosen
        answered = chosen(inputs)
        if faults := list(_faults(self.template, answered, template)):
            raise ManifestError(faults)
        return answered

    def check(self, template: Tree) -> None:
        """ManifestError with all that the template could not do."""
        known = [attempt for attempt in self.attempts if isinstance(attempt, Attempt)]
        if faults := [fault for attempt in known for fault in _faults(self.template, attempt, template)]:
            raise ManifestError(dict.fromkeys(faults))


def text(value: object) -> str:
    """A value as a parameter holds it: `true`, `0.5`, JSON for lists and maps."""
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, list, tuple, dict)):
        return json.dumps(value)
    return str(value)


def _faults(name: str, attempt: Attempt, template: Tree) -> Iterator[str]:
    parameters, artifacts = declared(template, "parameters"), declared(template, "artifacts")
    where = f"fake {name!r}: "
    for given in attempt.outputs:
        if given not in parameters and given not in artifacts:
            yield unknown("output", given, [*parameters, *artifacts], where=where)
        elif given in parameters and not parameters[given].get("valueFrom"):
            yield f"{where}output {given!r} has a fixed value in the template; leave it out."
    for path in attempt.files:
        if not path.startswith("/"):
            yield f"{where}file {path!r} is not absolute; expected a path in the container, as /tmp/{path}."
    if attempt.succeeds:
        for lacking in _needed(parameters, artifacts, template):
            if lacking not in attempt.outputs and not _written(lacking, attempt, parameters, artifacts):
                yield (
                    f"{where}lacks output {lacking!r}, which the template declares without a default; "
                    f"give outputs={{{lacking!r}: ...}}."
                )


def declared(template: Tree, kind: str) -> dict[str, Tree]:
    """A template's output parameters or artifacts by name."""
    return {str(output["name"]): output for output in (template.get("outputs") or {}).get(kind) or ()}


def _needed(parameters: Mapping[str, Tree], artifacts: Mapping[str, Tree], template: Tree) -> Iterator[str]:
    for name, parameter in parameters.items():
        source = parameter.get("valueFrom")
        if source and parameter.get("value") is None and source.get("default") is None:
            yield name
    main = template.get("container") or template.get("script") or {}
    mounted = [str(mount["mountPath"]) for mount in main.get("volumeMounts") or ()]
    for name, artifact in artifacts.items():
        path = str(artifact.get("path") or "")
        # On a volume it may be there already.
        if not artifact.get("optional") and not any(_inside(path, place) for place in mounted):
            yield name


def _written(
    name: str, attempt: Attempt, parameters: Mapping[str, Tree], artifacts: Mapping[str, Tree]
) -> bool:
    if name in parameters:
        return str((parameters[name].get("valueFrom") or {}).get("path") or "") in attempt.files
    path = str(artifacts[name].get("path") or "")
    return bool(path) and any(_inside(file, path) for file in attempt.files)


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
