"""An image reference in, what it means on this machine out: a command, an environment, a folder.

A project image (an `[[image]]` table of argolane.toml) is its folder of the repository and an environment
made from its lock file; a stock `python:3.x` image is this machine's own Python, and a stock shell image its
tools (stock.py). Any other image is pulled (oci/) where `images` of the settings says so, and no other way.
"""

import errno
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from argolane.containers import code, environments, machine, reference, stock
from argolane.containers.code import Code
from argolane.containers.container import EngineImage, ImageRoot, Mount
from argolane.containers.engine import client
from argolane.containers.engine.client import Engine
from argolane.containers.reference import Reference
from argolane.containers.sandbox import NO_ROOT, OWN_FOLDERS, isolation
from argolane.disk import said
from argolane.errors import ArgolaneError
from argolane.project import FILE, ImageSettings, Project

# What a container has where its image says none.
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PYTHON_TAG = re.compile(
    r"3(\.\d+){0,2}([a-z]+\d+)?(-[\w.-]+)?|latest|(slim|alpine|bookworm|bullseye|trixie)[\w.-]*"
)


@dataclass(frozen=True)
class Image:
    """What a reference means here: `command` is () when the image has none of its own, `folders` are what
    its containers need of this machine, `programs` are paths that the image has and this machine lacks, with
    what stands in for them; `stands_in`: its tools are this machine's, and may lack one of the image's;
    `root`: it is a real image, whose containers see its files and not this machine's: unpacked here, or an
    engine's."""

    reference: str
    command: tuple[str, ...]
    env: Mapping[str, str]
    workdir: Path
    folders: tuple[Mount, ...] = ()
    entrypoint: tuple[str, ...] = ()
    programs: Mapping[str, str] = field(default_factory=dict)
    stands_in: bool = False
    root: ImageRoot | EngineImage | None = None

    def argv(self, command: Sequence[str], args: Sequence[str]) -> list[str]:
        """As Kubernetes merges them: a command replaces the entrypoint and the image's own command, args
        that stand alone the latter."""
        words = [*command, *args] if command else [*self.entrypoint, *(args or self.command)]
        return [self.programs.get(words[0], words[0]), *words[1:]] if words else []


@dataclass(frozen=True)
class _ProjectImage:
    settings: ImageSettings
    model: str

    def fill(self, text: str) -> str:
        return text.replace("{model}", self.model.replace("-", "_"))


def recognise(project: Project, image: str) -> str | None:
    """None when `image` can run here, else the reason why not; reads little and changes nothing."""
    parts = reference.parse(image)
    if parts is None:
        return f"{image!r} is not an image reference; expected [registry/]name[:tag][@digest]."
    if _is_pulled(project, parts):
        reason = _unrunnable(project)
        return f"image {image!r}: {reason}." if reason else None
    matches = _matches(project, parts.name)
    if matches:
        faults = [_fault(project, match) for match in matches]
        return None if None in faults else faults[0]
    if parts.name == "python":
        if _PYTHON_TAG.fullmatch(parts.tag or "latest"):
            return None
        ours = machine.python_version()
        return f"image {image!r} is not Python 3; the local runner has Python {ours} for python:3.x."
    names = ", ".join(settings.name for settings in project.settings.image) or "none"
    known = f"image {image!r} is neither an image of this project ({FILE}: {names}) nor python:3.x"
    if (found := stock.find(parts)) is None:
        return (
            f"{known} nor one of {stock.NAMES}. Add an [[image]] table to {FILE}, pull it with "
            "--images pull, or use --on argo."
        )
    if project.settings.images == "strict":
        return f"{known}, and --images strict lets no tools of this machine stand in for it."
    if missing := stock.missing(found):
        return (
            f"image {image!r} needs {missing!r}, which is not on this machine. Install it, or use --on argo."
        )
    return None


def _is_pulled(project: Project, parts: Reference) -> bool:
    """Whether it is a real image here: with `pull` those that this machine has nothing else for."""
    if project.settings.images in ("pull-all", *client.ENGINES):
        return True
    if project.settings.images != "pull" or parts.name == "python" or _matches(project, parts.name):
        return False
    found = stock.find(parts)
    return found is None or bool(stock.missing(found))


def _engine(project: Project) -> Engine | None:
    """Who runs real images: an engine where the settings say so or this machine allows no namespaces, else
    argolane itself."""
    for engine in client.ENGINES:
        if project.settings.images == engine:
            return engine
    return client.first() if isolation() == "none" else None


def _unrunnable(project: Project) -> str | None:
    """Why no real image can run on this machine."""
    engine = _engine(project)
    if engine is not None:
        return client.refusal(engine)
    return NO_ROOT if isolation() == "none" else None


def stands_in(project: Project, image: str) -> bool:
    """Whether this machine's tools stand in for a stock image."""
    parts = reference.parse(image)
    if parts is None or _is_pulled(project, parts) or parts.name == "python" or _matches(project, parts.name):
        return False
    return stock.find(parts) is not None


def lacking(project: Project, image: str, program: str) -> str | None:
    """Why `program`, which a container of a stock image starts, cannot be had; None where it can be."""
    if not stands_in(project, image) or stock.has(program):
        return None
    return (
        f"{program!r} of image {image!r} is not on this machine, whose tools stand in for that image's. "
        "Install it, or use --on argo."
    )


def prepare(project: Project, image: str, *, say: Callable[[str], None] = lambda text: None) -> Image:
    """The Image, its Python environment made first when it is missing, which takes minutes and `say`s so."""
    reason = recognise(project, image)
    if reason:
        raise ArgolaneError(re.sub("^image ", "Image ", reason))
    parts = reference.parse(image)
    if parts and _is_pulled(project, parts):
        return _pulled(project, image, say)
    try:
        for match in _matches(project, parts.name if parts else ""):
            if _fault(project, match) is None:
                return _project_image(project, image, match, say)
        found = stock.find(parts) if parts and parts.name != "python" else None
        return _stock_shell(project, image, found) if found else _stock_python(project, image)
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise
        raise ArgolaneError(
            f"{said(error, project.cache)}. Python environments are kept there; set XDG_CACHE_HOME to a "
            "folder that can be written to."
        ) from None


def program(
    project: Project, file: Path, lock: Path | None, *, say: Callable[[str], None] = lambda text: None
) -> Image:
    """A Python file of argolane's own as an image, with the environment of a lock where it needs one."""
    if lock is None:
        stock = _stock_python(project, file.name)
        return replace(
            stock, command=("python3", str(file)), folders=(*stock.folders, *machine.readable(file.parent))
        )
    environment = environments.ensure(lock, project.cache / "envs", root=lock.parent, say=say)
    env = machine.base_env(environment / "bin") | {
        "VIRTUAL_ENV": str(environment),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    folders = (*machine.readable(file.parent, environment), *machine.own_python_folders())
    return Image(file.name, (str(environment / "bin" / "python"), str(file)), env, Path("/"), folders)


def code_of(project: Project, image: str) -> Code | None:
    """The code that containers of a project image run; None for any other image."""
    if (match := _of_project(project, image)) is None:
        return None
    folder, lock = (project.root / match.fill(p) for p in (match.settings.folder, match.settings.lock))
    return code.of(project.root, folder, lock if match.settings.lock else None, asdict(match.settings))


def folder_of(project: Project, image: str) -> Path | None:
    """The folder of the repository that a project image is made from; None for any other image."""
    match = _of_project(project, image)
    return project.root / match.fill(match.settings.folder) if match else None


def _of_project(project: Project, image: str) -> _ProjectImage | None:
    parts = reference.parse(image)
    if parts is None or _is_pulled(project, parts):
        return None
    for match in _matches(project, parts.name):
        if _fault(project, match) is None and match.settings.folder:
            return match
    return None


def _matches(project: Project, name: str) -> list[_ProjectImage]:
    found = []
    for settings in project.settings.image:
        before, placeholder, after = settings.name.partition("{model}")
        model = "(?P<model>[a-z0-9]+(?:-[a-z0-9]+)*)" if placeholder else "(?P<model>)"
        match = re.fullmatch(re.escape(before) + model + re.escape(after), name)
        if match:
            found.append(_ProjectImage(settings, match["model"]))
    return found


def _fault(project: Project, image: _ProjectImage) -> str | None:
    where = f"{FILE}: image {image.settings.name!r}"
    if str(project.root) in OWN_FOLDERS:
        return f"{where}: each container has a {project.root} of its own; move the project to a folder in it."
    folder, lock = image.fill(image.settings.folder), image.fill(image.settings.lock)
    # Neither is needed; the root is a folder, and a file is not asked for.
    if not (project.root / folder).is_dir():
        return f"{where}: there is no folder {folder}. Make it, or correct the image's name."
    if lock and not (project.root / lock).is_file():
        return f"{where}: there is no file {lock}. Write it with `uv pip compile --generate-hashes`."
    if missing := next((name for name in image.settings.needs if not stock.has(name)), ""):
        return f"{where} needs {missing!r}, which is not on this machine. Install it, or use --on argo."
    return None


def _project_image(project: Project, image: str, match: _ProjectImage, say: Callable[[str], None]) -> Image:
    settings = match.settings
    base = _locked(project, image, match, say) if settings.lock else _stock_python(project, image)
    passed = {name: os.environ[name] for name in settings.pass_env if name in os.environ}
    in_project = bool(settings.lock or settings.folder)
    own = {"PYTHONPATH": str(project.root)} if in_project else {}
    return replace(
        base,
        command=tuple(match.fill(part) for part in settings.command),
        entrypoint=tuple(match.fill(part) for part in settings.entrypoint),
        env={
            **base.env,
            **own,
            **passed,
            **{name: match.fill(value) for name, value in settings.env.items()},
        },
        workdir=project.root if in_project else Path("/"),
        folders=(
            *base.folders,
            *(machine.readable(project.root) if in_project else ()),
            *machine.readable(*machine.named(passed.values())),
        ),
    )


def _locked(project: Project, image: str, match: _ProjectImage, say: Callable[[str], None]) -> Image:
    environment = environments.ensure(
        project.root / match.fill(match.settings.lock), project.cache / "envs", root=project.root, say=say
    )
    bytecode, cache = environment / "pycache", environment / "cache"
    for folder in (bytecode, cache):
        folder.mkdir(exist_ok=True)
    # Bytecode is written by what its containers import: to compile everything beforehand takes ten times as
    # long as making the environment. The cache is what libraries keep for next time, such as matplotlib its
    # list of fonts.
    env = {
        "VIRTUAL_ENV": str(environment),
        "PYTHONPYCACHEPREFIX": str(bytecode),
        "XDG_CACHE_HOME": str(cache),
    }
    written = (Mount(bytecode, str(bytecode)), Mount(cache, str(cache)))
    folders = (*machine.readable(environment), *machine.own_python_folders(), *written)
    return Image(image, (), machine.base_env(environment / "bin") | env, project.root, folders)


def _stock_python(project: Project, image: str) -> Image:
    own = machine.own_python()
    folder = machine.python_links(project.cache / "python", own)
    env = machine.base_env(folder, own.parent) | {"PYTHONDONTWRITEBYTECODE": "1"}
    folders = (*machine.readable(folder), *machine.own_python_folders())
    return Image(image, ("python3",), env, Path("/"), folders)


def _stock_shell(project: Project, image: str, found: stock.Stock) -> Image:
    own = machine.own_python()
    folder = stock.programs(project.cache / "stock", own)
    return Image(
        image,
        found.command,
        machine.base_env(folder),
        Path("/"),
        (*machine.readable(folder, stock.FOLDER), *machine.own_python_folders()),
        entrypoint=found.entrypoint,
        programs={path: str(folder / name) for path, name in stock.PATHS.items()},
        stands_in=True,
    )


def _pulled(project: Project, image: str, say: Callable[[str], None]) -> Image:
    # What asks registries is loaded when one is asked: most commands never do.
    from argolane.containers.engine import image as engines
    from argolane.containers.oci import prepared

    root: EngineImage | ImageRoot
    if (engine := _engine(project)) is not None:
        found = engines.get(engine, image, say=say)
        config = found.config
        root = EngineImage(engine, found.digest, config.workdir, config.user)
    else:
        ready = prepared.get(prepared.store(project), image, project.settings.registry, say=say)
        config, user = ready.config, ready.user
        root = ImageRoot(ready.folder, user.uid, user.gid, user.groups, config.user, user.home)
    proxies = {
        name: value for name, value in machine.network_env().items() if name.upper().endswith("_PROXY")
    }
    return Image(
        image,
        config.command,
        {**proxies, "PATH": _PATH, **config.env},
        Path("/", config.workdir),
        entrypoint=config.entrypoint,
        root=root,
    )
