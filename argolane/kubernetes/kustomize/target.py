"""A kustomization's folder in, its objects out, in kustomize's own order of steps.

Resources, what is generated, components, and then what changes all of those; at the end, once for the whole,
the hashes in names and the references to them.
"""

from pathlib import Path
from typing import Any

from argolane.errors import ManifestError
from argolane.kubernetes.kustomize import fields, generators, patches, references, replacements, transformers
from argolane.kubernetes.kustomize.fields import Kustomization, Label, Patch
from argolane.kubernetes.kustomize.resource import Resource
from argolane.kubernetes.selectors import SelectorError
from argolane.manifest import loads, objects

_LOCAL = "config.kubernetes.io/local-config"


def build(folder: Path) -> list[dict[str, Any]]:
    """The objects; ManifestError with the file and what is wrong in it."""
    resources = _Target(folder, ()).accumulate([])
    for each in resources:
        if each.hashed:
            suffix = generators.suffix(each.body)
            each.rename(f"{each.name}-{suffix}")
    references.rewrite(resources)
    kept = [each for each in resources if not _is_local(each)]
    _check_names(kept, folder)
    return [each.body for each in kept]


class _Target:
    """One folder; `above` are those that it is a part of."""

    def __init__(self, folder: Path, above: tuple[Path, ...]) -> None:
        self._folder = folder
        self._above = above
        if folder.resolve() in above:
            raise ManifestError([f"{folder}: is a part of itself."])
        self._file, self.said = fields.read(folder)

    def accumulate(self, resources: list[Resource]) -> list[Resource]:
        """`resources` are those of the kustomization that a Component belongs to."""
        said = self.said
        for place in said.resources:
            resources = [*resources, *self._resources(place)]
        _check_names(resources, self._file)
        for key, asked in (("configMap", said.config_map_generator), ("secret", said.secret_generator)):
            for number, one in enumerate(asked):
                where = f"{self._file}: {key}Generator[{number}]"
                made = generators.make(one, said.generator_options, read=self._read, where=where)
                resources = self._generated(resources, made, one.behavior, where)
        for place in said.components:
            resources = self._part(place, "Component").accumulate(resources)
        try:
            return self._transform(resources, said)
        except SelectorError as error:
            raise ManifestError([f"{self._file}: {error}"]) from None

    def _resources(self, place: str) -> list[Resource]:
        path = self._folder / place
        if "://" in place or place.startswith("git@") or "?ref=" in place:
            raise ManifestError([f"{self._file}: resources: {place!r} is not on this machine; get it first."])
        if path.is_dir():
            return self._part(place, "Kustomization").accumulate([])
        if not path.exists():
            raise ManifestError([f"{self._file}: resources: there is no {place!r}."])
        self._check_inside(place)
        return [Resource(document.body, document.where) for document in objects(path)]

    def _part(self, place: str, kind: str) -> "_Target":
        found = _Target(self._folder / place, (*self._above, self._folder.resolve()))
        if found.said.kind != kind:
            raise ManifestError([f"{self._file}: {place!r} is a {found.said.kind}; expected a {kind}."])
        return found

    def _read(self, place: str) -> bytes:
        self._check_inside(place)
        try:
            return (self._folder / place).read_bytes()
        except OSError as error:
            raise ManifestError([f"{self._file}: {place}: {error.strerror or error}."]) from None

    def _check_inside(self, place: str) -> None:
        if not (self._folder / place).resolve().is_relative_to(self._folder.resolve()):
            cure = "kustomize reads files there, and folders anywhere."
            raise ManifestError([f"{self._file}: {place!r} is not in its folder; {cure}"])

    def _generated(
        self, resources: list[Resource], made: Resource, behavior: str, where: str
    ) -> list[Resource]:
        found = [each for each in resources if made.id in each.ids]
        if behavior in ("merge", "replace"):
            if len(found) != 1:
                raise ManifestError([f"{where}: there is no {made.kind} {made.name!r} to {behavior}."])
            generators.combine(found[0], made, behavior)
            return resources
        if found:
            raise ManifestError([f"{where}: there is a {made.kind} {made.name!r} already: use behavior."])
        return [*resources, made]

    def _transform(self, resources: list[Resource], said: Kustomization) -> list[Resource]:
        for number, text in enumerate(said.patches_strategic_merge):
            # A file, or the patch itself.
            inline = "\n" in text or ": " in text
            old = Patch(patch=text) if inline else Patch(path=text)
            where = f"{self._file}: patchesStrategicMerge[{number}]"
            resources = patches.apply(resources, old, read=self._read, where=where)
        for number, patch in enumerate(said.patches):
            where = f"{self._file}: patches[{number}]"
            resources = patches.apply(resources, patch, read=self._read, where=where)
        if said.namespace:
            transformers.namespace(resources, said.namespace)
        if said.name_prefix or said.name_suffix:
            transformers.names(resources, prefix=said.name_prefix, suffix=said.name_suffix)
        if said.common_labels:
            transformers.labels(resources, Label(pairs=said.common_labels, include_selectors=True))
        for label in said.labels:
            transformers.labels(resources, label)
        if said.common_annotations:
            transformers.annotations(resources, said.common_annotations)
        for number, patch in enumerate(said.patches_json6902):
            where = f"{self._file}: patchesJson6902[{number}]"
            resources = patches.apply(resources, patch, read=self._read, where=where)
        transformers.replicas(resources, said.replicas, where=str(self._file))
        transformers.images(resources, said.images)
        for number, one in enumerate(said.replacements):
            where = f"{self._file}: replacements[{number}]"
            several = [one]
            if one.path:
                several = fields.replacements(
                    [each for part in loads(self._read(one.path).decode(), where) for each in _listed(part)],
                    where=f"{where}: {one.path}",
                )
            for each in several:
                replacements.apply(resources, each, where=where)
        return resources


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _is_local(each: Resource) -> bool:
    return str((each.metadata.get("annotations") or {}).get(_LOCAL, "false")) not in ("false", "")


def _check_names(resources: list[Resource], place: Path) -> None:
    seen: dict[tuple[str, ...], Resource] = {}
    faults = []
    for each in resources:
        key = (each.group_version[0], *each.id)
        if key in seen:
            faults.append(
                f"{place}: {each.kind} {each.name!r} is there twice: {seen[key].where}, {each.where}."
            )
        seen.setdefault(key, each)
    if faults:
        raise ManifestError(faults)
