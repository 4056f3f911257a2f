"""Several documents in, objects of this machine out, in the order in which they need each other.

What `kubectl apply`, `delete` and `wait` do with files. Everything is checked before anything changes.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from argolane.errors import ArgolaneError, ManifestError
from argolane.kubernetes import kinds
from argolane.manifest import Document
from argolane.project import Project
from argolane.serving.apiserver import KINDS, ORDER, ApiServer, Applied
from argolane.serving.uptime import STARTED, standing

Object = dict[str, Any]
Say = Callable[[str], None]
_POLL = 0.2


@dataclass(frozen=True)
class Reference:
    """An object by its kind, its namespace (that of the project is "") and its name."""

    kind: str
    namespace: str
    name: str

    @property
    def shown(self) -> str:
        return kinds.shown(self.kind, self.name)


def references(project: Project, documents: Sequence[Document]) -> list[Reference]:
    """In the order in which they are applied."""
    return [_reference(project, document) for document in _ordered(documents)]


def within(documents: Sequence[Document], namespace: str) -> list[Document]:
    """The same, in that namespace where they name none; ManifestError for one that names another."""
    faults, found = [], []
    for each in documents:
        metadata = each.body.get("metadata") or {}
        said = metadata.get("namespace")
        if said not in (None, "", namespace):
            name = f"{each.where}: {each.kind} {each.name!r}"
            faults.append(f"{name} is in the namespace {said!r}, and -n says {namespace!r}.")
        elif each.kind != "Namespace":
            body = {**each.body, "metadata": {**metadata, "namespace": namespace}}
            each = replace(each, body=body)
        found.append(each)
    if faults:
        raise ManifestError(faults)
    return found


def check(project: Project, documents: Sequence[Document]) -> None:
    """ManifestError with every fault of every document."""
    server = ApiServer(project)
    faults = []
    for each in documents:
        faults += [f"{each.where}: {fault}" for fault in server.check([each.body])]
    faults += _twice(project, documents)
    # What only all of them together show.
    faults = faults or server.check([each.body for each in documents])
    if faults:
        raise ManifestError(faults)


def apply(project: Project, documents: Sequence[Document], *, say: Say) -> Iterator[Applied]:
    """Each as soon as it is applied; `say` is told what a manifest hardly means as it stands."""
    check(project, documents)
    server = ApiServer(project, say=say)
    return (server.apply(document.body) for document in _ordered(documents))


def delete(project: Project, documents: Sequence[Document], *, say: Say) -> Iterator[tuple[Reference, bool]]:
    """The last first; whether there was one. With a namespace goes what is in it."""
    unknown = [document for document in documents if document.kind not in KINDS]
    if unknown:
        check(project, unknown)
    server = ApiServer(project, say=say)
    return (
        (each, remove(project, server, each, say=say)) for each in reversed(references(project, documents))
    )


def remove(project: Project, server: ApiServer, each: Reference, *, say: Say) -> bool:
    """One object; False if there was none."""
    if each.kind == "Namespace" and each.name == project.settings.namespace:
        say(f"namespace {each.name!r} is the project's own: its claims, Secrets and ConfigMaps stay.")
    return server.delete(each.kind, each.name, namespace=each.namespace or None)


def wait(
    project: Project, wanted: Sequence[Reference], *, timeout: float, told: Callable[[str, str], None]
) -> None:
    """Until all are up. ArgolaneError with what each of the others lacks when one cannot be, or time is up.

    `told` hears of an object, by its name, how it stands whenever that is something new, `""` when it is up.
    """
    server = ApiServer(project)
    begun = time.monotonic()
    said: dict[Reference, str] = {}
    while True:
        lacks, over = {}, []
        for each in wanted:
            found = server.get(each.kind, each.name, namespace=each.namespace or None)
            if found is None:
                raise ArgolaneError(f"{each.shown} is not there: it was deleted, or never applied.")
            stands = standing(found, server.pods(each.kind, each.name, namespace=each.namespace or None))
            if not stands.up:
                lacks[each] = stands.lacks
                over += [each] * stands.hopeless
            if said.get(each) != stands.lacks:
                # Of what nothing has to start for there is nothing to tell.
                if stands.lacks or each in said or each.kind in STARTED:
                    told(each.shown, stands.lacks)
                said[each] = stands.lacks
        if not lacks:
            return
        waited = time.monotonic() - begun
        if over or waited > timeout:
            why = "is not going to be up" if over else f"is not up after {waited:.0f} s"
            raise ArgolaneError("\n".join(_failed(each, why, lacks[each]) for each in over or lacks))
        time.sleep(_POLL)


def _failed(each: Reference, why: str, lacks: str) -> str:
    where = f" See: argolane logs {each.shown}" if each.kind in STARTED else ""
    return f"{each.shown} {why}: {lacks.rstrip('.')}.{where}"


def _ordered(documents: Sequence[Document]) -> list[Document]:
    """Of one kind in the order of the files."""
    places = {kind: place for place, kind in enumerate(ORDER)}
    return sorted(documents, key=lambda document: places.get(document.kind, len(ORDER)))


def _reference(project: Project, document: Document) -> Reference:
    namespace = str((document.body.get("metadata") or {}).get("namespace") or "")
    own = document.kind == "Namespace" or namespace == project.settings.namespace
    return Reference(document.kind, "" if own else namespace, document.name)


def _twice(project: Project, documents: Sequence[Document]) -> Iterator[str]:
    """Of two documents of one object the second would undo the first."""
    seen: dict[Reference, Document] = {}
    for each in documents:
        reference = _reference(project, each)
        if reference in seen and each.name:
            yield f"{each.where}: {each.kind} {each.name!r} stands in {seen[reference].where} already."
        seen.setdefault(reference, each)
