"""A container of a pod that is kept up in, what the sandbox starts out.

What Kubernetes does is in argolane/kubernetes, on plain specs; here is what operator and machine add.
"""

import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path

from argolane.containers import sandbox
from argolane.containers.cgroups import Limits
from argolane.containers.images import Image
from argolane.errors import ArgolaneError
from argolane.kubernetes import quantities
from argolane.kubernetes.containerspec import in_pod
from argolane.kubernetes.fields import of_pod
from argolane.kubernetes.objects import Objects, claims
from argolane.kubernetes.volumes import Places
from argolane.project import FILE, Project
from argolane.serving import grpc_asked, host_names, loopback
from argolane.serving.pods import PodPlan
from argolane.serving.ports import HOST, Ports
from argolane.serving.spec import Container


def largest_request(project: Project) -> int:
    """Bytes that the body of a request may have. ArgolaneError where argolane.toml says no size."""
    given = project.settings.serving.largest_request
    found = quantities.amount(given)
    if not found:
        raise ArgolaneError(f"{FILE}: serving.largest_request is {given!r}; expected '100M' or '64Mi', say.")
    return int(found)


@dataclass(frozen=True)
class Facts:
    """What a pod can ask about itself through `fieldRef`."""

    namespace: str
    pod: str = ""
    uid: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    address: str = HOST
    service_account: str = "default"
    home: str = ""
    """The namespace whose Secrets, ConfigMaps, claims and Services it has; '' for the project's own."""


def container(plan: PodPlan, spec: Container, image: Image, *, project: Project, volumes: Path, facts: Facts,
              ports: Ports | None) -> sandbox.Container:  # fmt: skip
    """The container to start; ArgolaneError when something that it names is not there."""
    own, grpc = facts.home, spec.name in plan.grpc
    made = in_pod(
        plan.component.spec.model_dump(by_alias=True, exclude_none=True),
        spec.model_dump(by_alias=True, exclude_none=True),
        image,
        places=Places(claims(project, own), volumes, volumes),
        fields=of_pod(
            facts.pod,
            facts.namespace,
            facts.uid,
            labels=facts.labels,
            annotations=facts.annotations,
            service_account=facts.service_account,
            address=facts.address,
        ),
        objects=Objects(project, own),
        # What the operator adds comes last.
        added={**dict(plan.env.get(spec.name, ())), **(ports.env(grpc=grpc) if ports is not None else {})},
        tmp=_tmp(volumes / f".tmp-{spec.name}"),
    )
    hosts = host_names.mounts(project, own, made.mounts) if sandbox.has_mounts(made.image) else ()
    return replace(
        made,
        env=loopback.environment(made.env, grpc=grpc or grpc_asked.by_container(spec)),
        folders=(*made.folders, loopback.FOLDER),
        mounts=(*made.mounts, *hosts),
        address=None if facts.address == HOST else facts.address,
        limits=made.limits if project.settings.limits else Limits(),
    )


def _tmp(folder: Path) -> Path | None:
    """A fresh /tmp for each start; what a death leaves in it goes with the pod."""
    if sandbox.isolation() == "none":
        # The real path is what the container sees there, and a socket's path must be short.
        return None
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
