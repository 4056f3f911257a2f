"""A container of a pod spec and its image in, what the sandbox starts out: command, environment, folder.

Once for pods of workflows and of deployments. `in_pod` finds its files, too; `to_start` is for who did that
before, because init containers, main and sidecars of one pod have more in common than volumes.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from argolane.containers import sandbox
from argolane.containers.cgroups import Limits
from argolane.containers.images import Image
from argolane.containers.sandbox import ImageRoot, Mount
from argolane.kubernetes import environment, security, volumes
from argolane.kubernetes.expansion import expand
from argolane.kubernetes.objects import Objects
from argolane.kubernetes.quantities import amount
from argolane.kubernetes.volumes import Places


def in_pod(
    pod: Mapping[str, Any],
    container: Mapping[str, Any],
    image: Image,
    *,
    places: Places,
    fields: Mapping[str, str],
    objects: Objects,
    added: Mapping[str, str],
    tmp: Path | None = None,
) -> sandbox.Container:
    """One of the containers or initContainers of a pod spec, with the volumes that it mounts."""
    named = {str(mount["name"]) for mount in container.get("volumeMounts") or ()}
    mounted = [volume for volume in pod.get("volumes") or () if volume["name"] in named]
    context = pod.get("securityContext") or {}
    folders = volumes.prepare(mounted, places, objects, group=security.fs_group(context))
    env = environment.build(container, {}, fields, objects)
    mounts = volumes.mounts(container, folders, volumes.read_only_volumes(mounted), env)
    return to_start(
        container,
        image,
        fields=fields,
        objects=objects,
        mounts=mounts,
        added=added,
        tmp=tmp,
        context=context,
    )


def to_start(
    container: Mapping[str, Any],
    image: Image,
    *,
    fields: Mapping[str, str],
    objects: Objects,
    mounts: tuple[Mount, ...],
    added: Mapping[str, str],
    tmp: Path | None = None,
    context: Mapping[str, Any] | None = None,
) -> sandbox.Container:
    """ArgolaneError when something that the container names is not there.

    `fields` are the pod's (fields.of_pod); `added` is what a controller puts behind the container's own env,
    `context` the pod's securityContext. What it does not say itself is the image's (Image.argv).
    """
    env = {**environment.build(container, image.env, fields, objects), **added}
    env.setdefault("HOSTNAME", fields.get("metadata.name", ""))
    command, args = (
        [expand(str(part), env) for part in container.get(field) or ()] for field in ("command", "args")
    )
    name = str(container["name"])
    asked = security.Asked.of(context or {}, container.get("securityContext") or {})
    root = image.root and security.applied(image.root, asked, name)
    if isinstance(root, ImageRoot):
        env.setdefault("HOME", root.home)
    return sandbox.Container(
        name=name,
        argv=tuple(image.argv(command, args)),
        env=env,
        workdir=str(container.get("workingDir") or image.workdir),
        mounts=mounts,
        tmp=tmp,
        literal_text=(str(container.get("source") or ""),),
        folders=image.folders,
        image=root,
        limits=limits(container),
    )


def limits(container: Mapping[str, Any]) -> Limits:
    """What its resources.limits say of memory and CPU; 0 is no limit."""
    given = (container.get("resources") or {}).get("limits") or {}
    memory, cpu = amount(given.get("memory")), amount(given.get("cpu"))
    return Limits(math.ceil(memory) if memory else None, float(cpu) if cpu else None)
