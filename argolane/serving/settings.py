"""A container of a pod in, what the sandbox starts out: command, environment and mounts, all resolved.

Volume claims are folders of `.argolane/volumes`, config maps and secrets files of `.argolane/objects`.
"""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from argolane.containers import sandbox
from argolane.containers.images import Image
from argolane.containers.sandbox import Container as Sandboxed
from argolane.containers.sandbox import Mount
from argolane.errors import ArgolaneError
from argolane.kubernetes.expansion import expand, expand_env
from argolane.project import Project
from argolane.serving import objects
from argolane.serving.pods import PodPlan
from argolane.serving.ports import Ports
from argolane.serving.spec import Container, EnvVar, KeyToPath, Volume


@dataclass(frozen=True)
class Facts:
    """What a pod can ask about itself through `fieldRef`."""

    namespace: str
    pod: str = ""
    uid: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)


def container(plan: PodPlan, spec: Container, image: Image, *, project: Project, volumes: Path, facts: Facts,
              ports: Ports | None) -> Sandboxed:  # fmt: skip
    """The container to start; ArgolaneError when something that it names is not there."""
    env = dict(image.env) | _env(spec, project, facts)
    # Kubernetes gives each variable the ones before it; what the operator adds comes last.
    env |= dict(plan.env.get(spec.name, ()))
    if ports is not None:
        env |= ports.env()
    # An image's command is its CMD, as in models/Dockerfile: args alone replace it.
    written = (*spec.command, *spec.args) or image.command
    argv = tuple(expand(text, env) for text in written)
    named = {volume.name: volume for volume in plan.component.spec.volumes}
    return Sandboxed(
        name=spec.name,
        argv=argv,
        env=env,
        workdir=spec.working_dir or image.workdir,
        mounts=tuple(
            _mount(named[m.name], m.mount_path, m.sub_path, m.read_only, project, volumes)
            for m in spec.volume_mounts
        ),
        tmp=_tmp(volumes / f".tmp-{spec.name}"),
        folders=image.folders,
    )


def _tmp(folder: Path) -> Path | None:
    """A fresh /tmp for each start; what a death leaves in it goes with the pod."""
    if sandbox.isolation() == "none":
        # The real path is what the container sees there, and a socket's path must be short.
        return None
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _env(spec: Container, project: Project, facts: Facts) -> dict[str, str]:
    given: dict[str, str] = {}
    for source in spec.env_from:
        for kind, ref in (("ConfigMap", source.config_map_ref), ("Secret", source.secret_ref)):
            if ref is not None:
                values = objects.values(project, kind, ref.name, optional=ref.optional)
                given |= {source.prefix + key: value for key, value in values.items()}
    pairs = [(v.name, value) for v in spec.env if (value := _value(v, project, facts)) is not None]
    return expand_env(pairs, given)


def _value(variable: EnvVar, project: Project, facts: Facts) -> str | None:
    """The variable's value; None if it comes from an optional key that is not there."""
    source = variable.value_from
    if source is None:
        return variable.value
    for kind, ref in (("ConfigMap", source.config_map_key_ref), ("Secret", source.secret_key_ref)):
        if ref is not None:
            return objects.value(project, kind, ref.name, ref.key, optional=ref.optional)
    return _fact(source.field_ref.field_path, facts) if source.field_ref else ""


def _fact(path: str, facts: Facts) -> str:
    plain = {
        "metadata.name": facts.pod,
        "metadata.namespace": facts.namespace,
        "metadata.uid": facts.uid,
        "spec.nodeName": "localhost",
        "status.podIP": "127.0.0.1",
        "status.hostIP": "127.0.0.1",
    }
    if path in plain:
        return plain[path]
    for kind, values in (("labels", facts.labels), ("annotations", facts.annotations)):
        if path.startswith(f"metadata.{kind}['") and path.endswith("']"):
            return values.get(path.split("'")[1], "")
    raise ArgolaneError(
        f"fieldPath {path!r} is not known here; there are {', '.join(plain)}, metadata.labels['x']."
    )


def _mount(
    volume: Volume, target: str, sub_path: str, read_only: bool, project: Project, volumes: Path
) -> Mount:
    if volume.persistent_volume_claim is not None:
        source = project.claims / volume.persistent_volume_claim.claim_name
        source.mkdir(parents=True, exist_ok=True)
        read_only = read_only or volume.persistent_volume_claim.read_only
    else:
        source = volumes / volume.name
        source.mkdir(parents=True, exist_ok=True)
    if volume.config_map is not None:
        ref = volume.config_map
        found = objects.files(project, "ConfigMap", ref.name, optional=ref.optional)
        read_only = _fill(source, found, ref.items, ref.name)
    if volume.secret is not None:
        held = volume.secret
        found = objects.files(project, "Secret", held.secret_name, optional=held.optional)
        read_only = _fill(source, found, held.items, held.secret_name)
    if sub_path and not (source := source / sub_path).exists():
        source.mkdir(parents=True)
    return Mount(source, target, read_only)


def _fill(folder: Path, values: dict[str, bytes], items: list[KeyToPath], name: str) -> bool:
    chosen = {item.key: item.path for item in items} or {key: key for key in values}
    for key, path in chosen.items():
        if key not in values:
            raise ArgolaneError(f"{name!r} has no key {key!r}; it has {', '.join(sorted(values)) or 'none'}.")
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(values[key])
    return True
