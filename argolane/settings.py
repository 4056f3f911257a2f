"""The tables of argolane.toml in, what they say out: all faults at once, by key.

Dataclasses with a reader of their own: every command reads them, and pydantic takes longer to import than all
else that a command needs.
"""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from typing import Any, Literal, get_args, get_origin, get_type_hints

from argolane.errors import ManifestError, unknown

ImagePolicy = Literal["machine", "strict", "pull", "pull-all", "docker", "podman"]


@dataclass(frozen=True, kw_only=True)
class ImageSettings:
    """One `[[image]]` table: the images of that name are built from a folder of the project.

    `name` is the last part of an image reference without tag or digest; `{model}` in it stands for one
    folder's name in kebab-case, and for the same name in snake_case in the other fields. Without a `lock` its
    containers have this machine's tools, without a `folder` nothing of the project. `needs` are programs that
    this machine has to have.
    """

    name: str
    folder: str = ""
    lock: str = ""
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=dict)
    pass_env: list[str] = field(default_factory=list)
    needs: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class ServerSettings:
    """One `[[server]]` table: the image that a prepackaged server has on this machine.

    Of the nodes with that `implementation` whose container names no image of its own. On a cluster that is
    said by the ConfigMap `seldon-config`.
    """

    implementation: str
    image: str


@dataclass(frozen=True, kw_only=True)
class RegistrySettings:
    """One `[[registry]]` table: how images of the registry `name`, as references say it, are pulled.

    `mirrors` are asked first, in order: host[:port], or a URL where they speak http. `ca` is a file with the
    certificates that they are trusted by.
    """

    name: str
    mirrors: list[str] = field(default_factory=list)
    ca: str = ""


@dataclass(frozen=True, kw_only=True)
class RenderSettings:
    """`programs` are globs of Python files with `manifests()`; each renders into `rendered/` beside it."""

    programs: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class NewModelSettings:
    """Where `argolane new model` takes from and writes to: each folder in `templates` is a kind of model, and
    the files beside it go along with every kind; a new model is a folder in `folder`."""

    templates: str = ""
    folder: str = "models"


@dataclass(frozen=True, kw_only=True)
class NewSettings:
    model: NewModelSettings = NewModelSettings()


@dataclass(frozen=True, kw_only=True)
class ServingSettings:
    """`largest_request`: bytes of a request's body, `100M` say; a deployment answers more with 413."""

    largest_request: str = "100M"


@dataclass(frozen=True, kw_only=True)
class ProjectSettings:
    """`images` says what images are here that are not the project's: stock ones the tools of this `machine`,
    or refused (`strict`); unknown ones refused, or pulled (`pull`), or all pulled, even the project's
    (`pull-all`), or all had, and their containers run, by an engine of this machine (`docker`, `podman`).
    `limits` says whether `resources.limits` of containers hold on this machine."""

    manifests: list[str] = field(default_factory=list)
    images: ImagePolicy = "machine"
    limits: bool = True
    namespace: str = "argolane"
    render: RenderSettings = RenderSettings()
    serving: ServingSettings = ServingSettings()
    image: list[ImageSettings] = field(default_factory=list)
    server: list[ServerSettings] = field(default_factory=list)
    registry: list[RegistrySettings] = field(default_factory=list)
    new: NewSettings = NewSettings()


def read(table: Mapping[str, Any], *, where: str) -> ProjectSettings:
    """The settings that a table says; ManifestError with all that is wrong with it."""
    faults: list[str] = []
    settings: ProjectSettings = _read(table, ProjectSettings, "", faults)
    if faults:
        raise ManifestError(f"{where}: {fault}" for fault in faults)
    return settings


def _read(found: Any, expected: Any, key: str, faults: list[str]) -> Any:
    """The value as one of the type; None when it is none, and the faults then say why."""
    kind: Any = get_origin(expected) or expected
    if kind is Literal:
        if found not in (allowed := get_args(expected)):
            faults.append(f"{key} is {found!r}; expected {' or '.join(map(repr, allowed))}.")
        return found
    if not isinstance(found, dict if is_dataclass(kind) else kind):
        faults.append(f"{key} is {found!r}; expected {_shown(expected)}.")
        return None
    if kind in (str, bool):
        return found
    if kind is list:
        [inner] = get_args(expected)
        return [_read(value, inner, f"{key}.{index}", faults) for index, value in enumerate(found)]
    if kind is dict:
        inner = get_args(expected)[1]
        return {name: _read(value, inner, f"{key}.{name}", faults) for name, value in found.items()}
    return _read_table(found, kind, f"{key}." if key else "", faults)


def _read_table(table: Mapping[str, Any], expected: Any, prefix: str, faults: list[str]) -> Any:
    kinds, before = get_type_hints(expected), len(faults)
    faults += [
        unknown("key", prefix + name, (prefix + kind for kind in kinds))
        for name in table
        if name not in kinds
    ]
    faults += [
        f"{prefix}{each.name} is missing; expected {_shown(kinds[each.name])}."
        for each in fields(expected)
        if each.name not in table and each.default is MISSING and each.default_factory is MISSING
    ]
    values = {
        name: _read(value, kinds[name], prefix + name, faults)
        for name, value in table.items()
        if name in kinds
    }
    return expected(**values) if len(faults) == before else None


def _shown(expected: Any) -> str:
    names = {
        str: "text",
        bool: "true or false",
        list[str]: "a list of texts",
        dict[str, str]: "a table of texts",
    }
    return names.get(expected, "a list of tables" if get_origin(expected) is list else "a table")
