"""A workflow in, what must be up before it starts out: brought up where it is not.

The annotation `argolane.dev/needs` names folders with a kustomization, one a line. On a cluster whoever
installs the workflow has them there already; on a laptop they are applied here, once, and stay up until
`argolane delete -k FOLDER`. `FOLDER unless NAME` leaves out what another value of that parameter makes
needless, as the address of a server elsewhere does. A program `prepare` in the folder is run first.
"""

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from argolane.errors import ArgolaneError, ManifestError
from argolane.kubernetes import kustomize
from argolane.project import Project

ANNOTATION = "argolane.dev/needs"
PATIENCE = 300.0  # seconds
_PREPARING = 120


@dataclass(frozen=True)
class Need:
    """A folder of the project, and the parameter whose other value makes it needless."""

    folder: str
    unless: str = ""


def needs(metadata: Mapping[str, Any]) -> list[Need]:
    """What the annotation says. Raises ManifestError where that cannot be read."""
    text = str((metadata.get("annotations") or {}).get(ANNOTATION) or "")
    found = []
    for line in text.splitlines():
        words = line.split()
        if len(words) not in (0, 1, 3) or words[1:2] not in ([], ["unless"]):
            raise ManifestError(
                [
                    (
                        f"metadata.annotations[{ANNOTATION}] is {line!r}; expected a folder of the project,"
                        " or FOLDER unless PARAMETER."
                    )
                ]
            )
        if words:
            found.append(Need(words[0], *words[2:]))
    return found


def bring_up(
    project: Project, metadata: Mapping[str, Any], changed: Mapping[str, str], *, say: Callable[[str], None]
) -> None:
    """Everything that is needed and not up. Raises ArgolaneError where it does not come up."""
    for need in needs(metadata):
        if need.unless not in changed:
            _bring_up(project, need.folder, say)


def _bring_up(project: Project, name: str, say: Callable[[str], None]) -> None:
    # Most runs need nothing: what applies manifests is loaded for those that do.
    from argolane.serving import bundle

    folder = (project.root / name).resolve()
    if not folder.is_relative_to(project.root.resolve()) or not (folder / "kustomization.yaml").is_file():
        raise ArgolaneError(
            f"The workflow needs {name!r}, which is no folder of this project with a kustomization.yaml."
        )
    _prepare(folder, name)
    documents = kustomize.build(folder)
    wanted = bundle.references(project, documents)
    if not any(_lacking(project, wanted)):
        return
    say(f"{name} is needed and is not up: applied here; `argolane delete -k {name}` takes it down.")
    for _ in bundle.apply(project, documents, say=say):
        pass
    try:
        bundle.wait(project, wanted, timeout=PATIENCE, told=lambda what, lacks: None)
    except ArgolaneError as error:
        raise ArgolaneError(f"{name}, which the workflow needs, does not come up.\n{error}") from None


def _lacking(project: Project, wanted: Any) -> Iterator[str]:
    """What is not there, or not up."""
    from argolane.serving.apiserver import ApiServer
    from argolane.serving.uptime import standing

    server = ApiServer(project)
    for each in wanted:
        found = server.get(each.kind, each.name, namespace=each.namespace or None)
        if found is None or not standing(found).up:
            yield each.shown


def _prepare(folder: Path, name: str) -> None:
    """Its program, which leaves what is there."""
    program = folder / kustomize.PREPARE
    if not os.access(program, os.X_OK):
        return
    try:
        done = subprocess.run(
            [str(program)],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=_PREPARING,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ArgolaneError(f"{name}/{kustomize.PREPARE} cannot be run: {error}.") from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-500:]
        raise ArgolaneError(f"{name}/{kustomize.PREPARE} failed (exit code {done.returncode}): {said}")
