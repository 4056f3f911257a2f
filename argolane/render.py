"""Programs in, rendered files out: `argolane render [--check]`.

A program is a Python file that argolane.toml names and that has `manifests() -> {file stem: object}`. Each
object, or list of them, becomes `rendered/<stem>.yaml` beside the program; the first line of the file says
which program made it, which is also how a file that no program makes any longer is known. Programs run in a
process of their own, in the project's root: they import their own project, and nothing of theirs stays here.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from argolane.disk import write_whole
from argolane.errors import ManifestError
from argolane.manifest import dump
from argolane.project import Project

FOLDER = "rendered"
MADE_BY = "Rendered from {program} by `argolane render`. Do not edit."
_HEADER = re.compile(r"# Rendered from .+ by `argolane render`\. Do not edit\.")
_STEM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class Rendered:
    """What one program wants in one file."""

    path: Path
    text: str
    program: str


def render(project: Project) -> list[Path]:
    """Writes what differs and removes what no program makes any more; the paths it touched, sorted."""
    changed = []
    wanted = _wanted(project)
    for file in wanted:
        if _read(file.path) != file.text:
            file.path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(file.path, file.text)
            changed.append(file.path)
    for path in _left_over(project, wanted):
        if _HEADER.fullmatch(_first_line(path)):
            path.unlink()
            changed.append(path)
    return sorted(changed)


def check(project: Project) -> list[str]:
    """How the rendered files differ from what their programs make now, one line a file; writes nothing."""
    differences = []
    wanted = _wanted(project)
    for file in wanted:
        found = _read(file.path)
        where = file.path.relative_to(project.root)
        if found is None:
            differences.append(f"{where}: is missing; {file.program} makes it.")
        elif found != file.text:
            differences.append(
                f"{where}:{_first_difference(found, file.text)}: differs from what {file.program} makes."
            )
    for path in _left_over(project, wanted):
        differences.append(f"{path.relative_to(project.root)}: no program makes it.")
    return sorted(differences)


def _programs(project: Project) -> list[str]:
    """Paths relative to the root; folders' own __init__.py are no programs."""
    found = {
        path.relative_to(project.root).as_posix()
        for pattern in project.settings.render.programs
        for path in project.root.glob(pattern)
        if path.suffix == ".py" and not path.name.startswith("_")
    }
    return sorted(found)


def _wanted(project: Project) -> list[Rendered]:
    """Every file that the programs make; ManifestError lists all that cannot be rendered."""
    files: dict[Path, Rendered] = {}
    results = _run(project, _programs(project))
    faults = list(_each_once(results))
    for program, result in results.items():
        if "fault" in result:
            continue
        for stem, body in result["manifests"].items():
            path = project.root / Path(program).parent / FOLDER / f"{stem}.yaml"
            if not _STEM.fullmatch(stem):
                faults.append(
                    f"{program}: manifests() has the name {stem!r}; expected a file name without suffix."
                )
            elif path in files:
                faults.append(f"{program}: makes {stem!r}, as {files[path].program} does; names are unique.")
            else:
                text = dump(body, comment=MADE_BY.format(program=program))
                files[path] = Rendered(path, text, program)
    if faults:
        raise ManifestError(faults)
    return list(files.values())


def _each_once(results: Mapping[str, Any]) -> Iterator[str]:
    """Each fault with the first program that met it: what all read, a model.yaml say, fails them all."""
    met: dict[str, list[str]] = {}
    for program, result in results.items():
        if "fault" in result:
            met.setdefault(result["fault"], []).append(program)
    for fault, (first, *others) in met.items():
        more = f" The same in {', '.join(others)}." if others else ""
        yield f"{first}: {fault}{more}"


def _run(project: Project, programs: list[str]) -> dict[str, Any]:
    """{program: {"manifests": ...} or {"fault": ...}}, from a process of its own."""
    if not programs:
        return {}
    reply, answer = os.pipe()
    # What a program prints is the user's to see, so the answer goes another way.
    with subprocess.Popen(
        [sys.executable, "-m", "argolane.render_programs", str(answer), *programs],
        cwd=project.root,
        pass_fds=[answer],
        stdin=subprocess.DEVNULL,
        stdout=2,
    ) as process:
        os.close(answer)
        with os.fdopen(reply, encoding="utf-8") as stream:
            text = stream.read()
    if process.returncode:
        raise ManifestError([f"{', '.join(programs)}: rendering ended with exit code {process.returncode}."])
    results: dict[str, Any] = json.loads(text)
    return results


def _left_over(project: Project, wanted: list[Rendered]) -> list[Path]:
    """YAML files in the folders of the programs that are not wanted."""
    folders = {project.root / Path(program).parent / FOLDER for program in _programs(project)}
    there = {path for folder in folders for path in folder.glob("*.yaml")}
    return sorted(there - {file.path for file in wanted})


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        return ""


def _first_line(path: Path) -> str:
    return (_read(path) or "").partition("\n")[0]


def _first_difference(found: str, text: str) -> int:
    pairs = zip(found.splitlines(), text.splitlines(), strict=False)
    same = next((n for n, (a, b) in enumerate(pairs) if a != b), None)
    return 1 + (same if same is not None else min(len(found.splitlines()), len(text.splitlines())))
