"""The Services of a project in, the /etc/hosts of its containers out: their names and addresses.

Every namespace has a file of its own, which all its containers mount: it is written in place, so that those
that run see a Service that came later, as they would see a change of a cluster's DNS.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from argolane.containers import host_names
from argolane.containers.sandbox import Mount
from argolane.kubernetes.objects import of_namespace
from argolane.project import Project
from argolane.serving import store
from argolane.serving.store import SERVICE, Store

_FILE = "hosts"


def mounts(
    project: Project, namespace: str, others: Iterable[Mount] = (), *, always: bool = True
) -> tuple[Mount, ...]:
    """The file, for a container that has none mounted itself and sees mounts; `always`: even if there is no
    Service yet."""
    namespace = namespace or project.settings.namespace
    if not always and not any(_services(project)):
        return ()
    if any(mount.target == host_names.FILE for mount in others):
        return ()
    file = of_namespace(project, namespace) / _FILE
    if not file.exists():
        _write(project, namespace)
    return (Mount(file, host_names.FILE),)


def refresh(project: Project) -> None:
    """Write them anew: a Service has come or gone."""
    for namespace in {project.settings.namespace, *namespaces(project)}:
        if namespace == project.settings.namespace or (of_namespace(project, namespace) / _FILE).exists():
            _write(project, namespace)


def namespaces(project: Project) -> list[str]:
    """Those that hold anything, beside the project's own."""
    return sorted(path.name for path in (project.state / "namespaces").glob("*") if path.is_dir())


def of_services(project: Project, namespace: str) -> dict[str, str]:
    """Every name that a container of the namespace may call a Service by, and its address."""
    found = dict(_names(project))
    own = {name: address for name, where, address in _services(project) if where == namespace}
    return {**found, **own}


def _names(project: Project) -> Iterator[tuple[str, str]]:
    for name, namespace, address in _services(project):
        for end in ("", ".svc", ".svc.cluster.local"):
            yield f"{name}.{namespace}{end}", address


def _services(project: Project) -> Iterator[tuple[str, str, str]]:
    for namespace in (project.settings.namespace, *namespaces(project)):
        for name in store.names(project, SERVICE, namespace):
            record = Store(project, name, SERVICE, namespace).object()
            if record and "deletionTimestamp" not in record["object"]["metadata"]:
                yield name, namespace, str(record["object"]["spec"]["clusterIP"])


def _write(project: Project, namespace: str) -> None:
    file: Path = of_namespace(project, namespace) / _FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    text = host_names.text(of_services(project, namespace), container=namespace)
    # In place: a file renamed over it would be another one than the containers have.
    with file.open("r+b" if file.exists() else "wb") as there:
        there.write(text.encode())
        there.truncate()
