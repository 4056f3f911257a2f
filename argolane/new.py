"""A name and a kind in, the folder of a new model out; a folder in, a project in it out.

Both are copies of templates: folders of files in which @name@ and its like stand for what is new. Those of
models are the project's own. That of a project is `argolane/starter`, and brings some for models along.
"""

import keyword
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from argolane import render
from argolane.disk import said, shown
from argolane.errors import ArgolaneError, UsageError, unknown
from argolane.project import FILE, Project, find

STARTER = Path(__file__).with_name("starter")
FIRST = ("leaves", "rows")  # name and kind of a new project's model

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LONGEST = 40  # names of pods and services hold it, and more
_DOT = "dot."  # a package holds no hidden files


def model(project: Project, name: str, kind: str | None) -> Path:
    """The new folder of a model that is a copy of the template `kind`, with its name in it.

    UsageError for a bad name or a kind that is not there, ArgolaneError where the folder exists.
    """
    templates = _templates(project)
    kinds = sorted(
        entry.name for entry in templates.iterdir() if entry.is_dir() and entry.name[0] not in "._"
    )
    if kind is None:
        raise UsageError(f"What is it like? Add --like {', or --like '.join(kinds)}.")
    if kind not in kinds:
        raise UsageError(unknown("kind of model", kind, kinds, where=f"{shown(templates)}: "))
    _check_name(name)
    folder = project.root / project.settings.new.model.folder / name
    if folder.exists():
        raise ArgolaneError(f"{shown(folder)} exists; expected a new name, or remove it.")
    shared = {path.name: path for path in templates.iterdir() if not path.is_dir()}
    files = shared | _files(templates / kind)
    words = {"name": name, "kebab": name.replace("_", "-"), "title": name.replace("_", " ").capitalize()}
    _write_whole(folder, files, words)
    return folder


def init(folder: Path) -> Path:
    """The same folder with a new project in it, rendered; ArgolaneError if anything is in it but .git."""
    folder = folder.resolve()
    try:
        there = sorted(entry.name for entry in folder.iterdir() if entry.name != ".git")
    except FileNotFoundError:
        there = []
    except OSError as error:
        raise ArgolaneError(f"{said(error, folder)}; expected a new or an empty folder.") from None
    if there:
        more = " and more" if len(there) > 3 else ""
        raise ArgolaneError(
            f"{folder} is not empty: it has {', '.join(there[:3])}{more}. Name a new or an empty folder."
        )
    name = re.sub(r"[^a-z0-9]+", "-", folder.name.lower()).strip("-") or "project"
    _copy(folder, _files(STARTER), {"project": name})
    project = find(folder)
    model(project, *FIRST)
    render.render(project)
    return folder


def _templates(project: Project) -> Path:
    given = project.settings.new.model.templates
    if not given:
        raise ArgolaneError(
            f"{project.root / FILE}: new.model.templates is missing; expected a folder that has a folder for "
            "each kind of model. A project of `argolane init` has one."
        )
    if not (project.root / given).is_dir():
        raise ArgolaneError(
            f"{project.root / FILE}: new.model.templates is {given!r}; there is no such folder."
        )
    return project.root / given


def _check_name(name: str) -> None:
    if _NAME.fullmatch(name) and len(name) <= _LONGEST and not keyword.iskeyword(name):
        return
    like = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    like = re.sub(r"[^a-z0-9]+", "_", like).strip("_")
    cure = f" Did you mean {like!r}?" if like != name and _NAME.fullmatch(like) else ""
    raise UsageError(
        f"{name!r} is no name of a model; expected snake_case of at most {_LONGEST} letters, digits and '_', "
        f"a letter first, and no word of Python.{cure}"
    )


def _files(template: Path) -> dict[str, Path]:
    """The files of a template, by where they go."""
    return dict(_walk(template, ""))


def _walk(folder: Path, prefix: str) -> Iterator[tuple[str, Path]]:
    for entry in sorted(folder.iterdir()):
        name = prefix + re.sub(f"^{re.escape(_DOT)}", ".", entry.name)
        if entry.is_dir() and entry.name != "__pycache__":
            yield from _walk(entry, f"{name}/")
        elif not entry.is_dir():
            yield name, entry


def _write_whole(folder: Path, files: Mapping[str, Path], words: Mapping[str, str]) -> None:
    """The folder appears with all its files or not at all."""
    new = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    try:
        _copy(new, files, words)
        new.rename(folder)
    except OSError as error:
        raise ArgolaneError(f"{said(error, folder)}.") from None
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _copy(folder: Path, files: Mapping[str, Path], words: Mapping[str, str]) -> None:
    """Copies, with @word@ replaced in each of them."""
    for name, source in files.items():
        content = source.read_bytes()
        for word, value in words.items():
            content = content.replace(f"@{word}@".encode(), value.encode())
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
