"""Input artifacts in before main starts, output artifacts out after it: a folder is the repository.

Artifacts travel as Argo's do: a gzipped tar unless `archive` says otherwise, unpacked again on the way in.
"""

import os
import posixpath
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from argolane.containers.sandbox import Mount
from argolane.disk import is_full, said
from argolane.workflow.local.pod import archives, checkout
from argolane.workflow.local.pod.outputs import View
from argolane.workflow.locations import has_location

_NO_LIST = "ListObjects is currently not supported for this artifact type, but it will be in a future version"
REPOSITORIES = ("s3", "gcs", "oss", "azure", "hdfs", "artifactory")


@dataclass(frozen=True)
class Repository:
    """`run` keeps what has no key, `keyed` what has one; `secret(name, key)` reads a Secret."""

    run: Path
    keyed: Path
    secret: Callable[[str, str], str]


class ArtifactError(Exception):
    """An artifact cannot be had or kept; `saved` are those that were kept nevertheless."""

    def __init__(self, message: str, saved: list[dict[str, Any]] | None = None) -> None:
        super().__init__(message)
        self.saved = saved or []


def load(template: Mapping[str, Any], view: View, repository: Repository, folder: Path) -> tuple[Mount, ...]:
    """Fetch every input artifact; those that lie on no volume are mounted at their path."""
    found = []
    for artifact in (template.get("inputs") or {}).get("artifacts") or ():
        path = str(artifact.get("path") or "")
        if not path or (
            artifact.get("optional") and not artifact.get("stored") and not has_location(artifact)
        ):
            continue
        place = view.locate(path) if view.on_volume(path) else folder / str(artifact["name"])
        if place is None:
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        if not _fetch(artifact, place, repository):
            continue
        if artifact.get("mode") is not None:
            _chmod(place, int(artifact["mode"]), bool(artifact.get("recurseMode")))
        if view.on_volume(path):
            continue
        if place.is_symlink():
            reason = f"it is a link to {place.readlink()} and nothing else"
            raise ArtifactError(f"artifact {artifact['name']} failed to load: {reason}")
        found.append(Mount(place, posixpath.normpath(path)))
    return tuple(found)


def save(template: Mapping[str, Any], view: View, repository: Repository) -> list[dict[str, Any]]:
    """Keep every output artifact; ArtifactError with all that is missing and not optional."""
    saved: list[dict[str, Any]] = []
    problems = ""
    for artifact in (template.get("outputs") or {}).get("artifacts") or ():
        try:
            kept = _keep(artifact, view, repository)
        except OSError as error:
            problems += f"{said(error, repository.run) if is_full(error) else error}; "
            continue
        if kept is not None:
            saved.append(kept)
    if problems:
        raise ArtifactError(problems, saved)
    return saved


def keys(artifact: Mapping[str, Any], repository: Repository) -> list[str]:
    """Keys of what lies below an artifact's own, in the order of a store's list; OSError where nothing has
    that key, and for a kind of place that has no list."""
    location = next((artifact[kind] for kind in REPOSITORIES if artifact.get(kind) is not None), None)
    if location is None:
        raise OSError(_NO_LIST)
    bucket = repository.keyed / _key({key: location.get(key) for key in ("bucket", "container")})
    below = repository.keyed / _key(location)
    found = [
        Path(folder, name).relative_to(bucket)
        for folder, _, names in os.walk(below)
        for name in names
        if not name.startswith(".")
    ]
    if not found and not below.is_file():
        raise OSError(f"no key found of name {location.get('key') or location.get('blob') or ''}")
    return sorted((str(path) for path in found), key=str.encode)


def remove(artifact: Mapping[str, Any]) -> None:
    """Delete what was kept of an output, unless it is gone already."""
    if not artifact.get("stored"):
        return
    kept = Path(str(artifact["stored"]))
    if kept.is_dir():
        shutil.rmtree(kept)
    else:
        kept.unlink(missing_ok=True)


def _fetch(artifact: Mapping[str, Any], place: Path, repository: Repository) -> bool:
    name = artifact["name"]
    try:
        if artifact.get("raw") is not None:
            place.write_text(str(artifact["raw"].get("data") or ""), encoding="utf-8")
            return True
        if artifact.get("git") is not None:
            checkout.clone(artifact["git"], place, repository.secret)
            return True
        source = _downloaded(artifact, place, repository)
        if source is None:
            if artifact.get("optional"):
                return False
            raise ArtifactError(f"required artifact '{name}' not supplied")
        if artifact.get("subPath"):
            source = _inner(source, str(artifact["subPath"]), place)
        archives.unpack(source, place, artifact.get("archive") or {})
    except FileNotFoundError as error:
        if artifact.get("optional"):
            return False
        raise ArtifactError(f"artifact {name} failed to load: {error}") from None
    except OSError as error:
        reason = said(error, place) if is_full(error) else error
        raise ArtifactError(f"artifact {name} failed to load: {reason}") from None
    except (checkout.CheckoutError, tarfile.TarError, zipfile.BadZipFile) as error:
        raise ArtifactError(f"artifact {name} failed to load: {error}") from None
    return True


def _downloaded(artifact: Mapping[str, Any], place: Path, repository: Repository) -> Path | None:
    if artifact.get("stored"):
        return _existing(Path(str(artifact["stored"])))
    if artifact.get("http") is not None:
        target = place.with_name(f".{place.name}.download")
        _download(artifact["http"], target, repository)
        return target
    for kind in REPOSITORIES:
        if artifact.get(kind) is not None:
            return _existing(repository.keyed / _key(artifact[kind]))
    return None


def _key(location: Mapping[str, Any]) -> str:
    """Where it lies below the folder that stands for all stores: by its bucket, if any, and its key."""
    key = str(location.get("key") or location.get("blob") or location.get("path") or "")
    if location.get("url"):
        key = str(location["url"]).partition("://")[2].partition("/")[2]
    bucket = str(location.get("bucket") or location.get("container") or "")
    return posixpath.normpath(f"/{bucket}/{key}").lstrip("/")


def _existing(path: Path) -> Path:
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file or directory")
    return path


def _download(http: Mapping[str, Any], target: Path, repository: Repository) -> None:
    import urllib.request  # takes a while, and few need it

    headers = {str(h["name"]): str(h.get("value") or "") for h in http.get("headers") or ()}
    request = urllib.request.Request(str(http["url"]), headers=headers)  # noqa: S310  (the manifest's own URL)
    with urllib.request.urlopen(request, timeout=60) as answer, target.open("wb") as file:  # noqa: S310
        shutil.copyfileobj(answer, file)


def _inner(source: Path, below: str, place: Path) -> Path:
    """One file or folder out of an artifact."""
    whole = place.with_name(f".{place.name}.whole")
    archives.unpack(source, whole, {})
    return _existing(whole / posixpath.normpath("/" + below).lstrip("/"))


def _keep(artifact: Mapping[str, Any], view: View, repository: Repository) -> dict[str, Any] | None:
    path = posixpath.normpath(str(artifact["path"]))
    source = view.output(path)
    if source is None or not os.path.lexists(source):
        if artifact.get("optional"):
            return None
        raise FileNotFoundError(_missing(artifact, path, view))
    archive = artifact.get("archive") or {"tar": {}}
    if archive.get("zip") is not None and not source.is_dir() and not view.on_volume(path):
        # Argo 3.7 unpacks the tar that main's container made, and loses a file that is alone in it.
        raise FileNotFoundError(
            f"stat /tmp/argo/outputs/artifacts/{artifact['name']}: no such file or directory"
        )
    location = next((kind for kind in REPOSITORIES if artifact.get(kind) is not None), None)
    suffix = "" if archive.get("none") is not None else ".zip" if archive.get("zip") is not None else ".tgz"
    if location is not None:
        target = repository.keyed / _key(artifact[location])
    else:
        target = repository.run / (str(artifact["name"]) + suffix)
    target.parent.mkdir(parents=True, exist_ok=True)
    archives.pack(source, target, posixpath.basename(path), archive)
    kept = {key: value for key, value in artifact.items() if key not in REPOSITORIES}
    return {**kept, "stored": str(target)}


def _missing(artifact: Mapping[str, Any], path: str, view: View) -> str:
    if view.on_volume(path):
        if (artifact.get("archive") or {}).get("none") is not None:
            return f"{path} no such file or directory"
        return f"stat /mainctrfs{path}: no such file or directory"
    return f"open /var/run/argo/outputs/artifacts{path}.tgz: no such file or directory"


def _chmod(place: Path, mode: int, recurse: bool) -> None:
    place.chmod(mode)
    if recurse and place.is_dir():
        for folder, _, files in os.walk(place):
            for name in (".", *files):
                Path(folder, name).chmod(mode)
