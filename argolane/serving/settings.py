"""A container of a SeldonDeployment's pod in, what the sandbox starts out.

What Kubernetes does is in argolane/kubernetes, on plain specs; here is what operator and machine add.
"""

import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path

from argolane.containers import sandbox
from argolane.containers.images import Image
from argolane.errors import ArgolaneError
from argolane.kubernetes import quantities
from argolane.kubernetes.containerspec import in_pod
from argolane.kubernetes.fields import of_pod
from argolane.kubernetes.objects import Objects
from argolane.kubernetes.volumes import Places
from argolane.project import FILE, Project
from argolane.serving import loopback
from argolane.serving.pods import PodPlan
from argolane.serving.ports import Ports
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


def container(plan: PodPlan, spec: Container, image: Image, *, project: Project, volumes: Path, facts: Facts,
              ports: Ports | None) -> sandbox.Container:  # fmt: skip
    """The container to start; ArgolaneError when something that it names is not there."""
    made = in_pod(
        plan.component.spec.model_dump(by_alias=True, exclude_none=True),
        spec.model_dump(by_alias=True, exclude_none=True),
        image,
        places=Places(project.claims, volumes, volumes),
        fields=of_pod(
            facts.pod, facts.namespace, facts.uid, labels=facts.labels, annotations=facts.annotations
        ),
        objects=Objects(project),
        # What the operator adds comes last.
        added={**dict(plan.env.get(spec.name, ())), **(ports.env() if ports is not None else {})},
        tmp=_tmp(volumes / f".tmp-{spec.name}"),
    )
    return replace(made, env=loopback.environment(made.env), folders=(*made.folders, loopback.FOLDER))


def _tmp(folder: Path) -> Path | None:
    """A fresh /tmp for each start; what a death leaves in it goes with the pod."""
    if sandbox.isolation() == "none":
        # The real path is what the container sees there, and a socket's path must be short.
        return None
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
