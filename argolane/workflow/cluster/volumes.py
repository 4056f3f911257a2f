"""A run's claims or the namespace's in, what lies in them out: `argolane volume --on argo`.

What is read comes by `exec`, for a pod's log is cut at some megabytes.
"""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from argolane.errors import ArgolaneError, unknown
from argolane.workflow.cluster import look
from argolane.workflow.cluster.api import Cluster, connected
from argolane.workflow.cluster.claim_pod import claims, pod_of, said
from argolane.workflow.cluster.runs import find
from argolane.workflow.run.volumes import Entry, Target, in_order, is_a_folder, leads_out


def every(*, namespace: str) -> list[str]:
    """The claims of the namespace."""
    with connected(namespace) as cluster:
        return [claim.metadata.name for claim in claims(cluster)]


def ls(target: Target, *, namespace: str, image: str) -> list[Entry]:
    """A folder's entries, folders first; a file is its own entry. Of a run alone: its volumes."""
    with connected(namespace) as cluster:
        volumes = _volumes(cluster, target.name)
        if volumes is not None and not target.path:
            return [Entry(name, None) for name in volumes]
        with _looked(cluster, target, volumes, "ls", image) as (told, _):
            if "file" in told:
                return [Entry(told["file"], told["size"])]
            return in_order(Entry(name, size) for name, size in told["entries"])


def cat(target: Target, *, namespace: str, image: str) -> Iterator[bytes]:
    """A file, piece by piece."""
    with connected(namespace) as cluster:
        volumes = _volumes(cluster, target.name)
        if volumes is not None and not target.path:
            raise is_a_folder(target, on="--on argo")
        with _looked(cluster, target, volumes, "cat", image) as (told, lines):
            if "file" not in told:
                raise is_a_folder(target, on="--on argo")
            yield from (base64.b64decode(line) for line in lines)


@contextmanager
def _looked(
    cluster: Cluster, target: Target, volumes: dict[str, str] | None, what: str, image: str
) -> Iterator[tuple[dict[str, Any], Iterator[str]]]:
    """What the pod says of the target, and the lines that follow."""
    volume, _, below = target.path.partition("/")
    if volumes is None:
        claim, below = target.name, target.path
    elif volume in volumes:
        claim = volumes[volume]
    else:
        raise ArgolaneError(unknown("volume", volume, volumes, where=f"{target.name}: "))
    with pod_of(cluster, claim, image) as pod:
        lines = said(
            cluster, pod, ["python3", "-c", Path(look.__file__).read_text(encoding="utf-8"), below, what]
        )
        first = next(lines, "")
        if not first.startswith("{"):
            raise ArgolaneError(f"{target}: {' '.join([first, *lines]).strip() or 'the pod said nothing'}")
        told = json.loads(first)
        if "outside" in told:
            raise leads_out(target)
        if "missing" in told:
            where = f"{claim}:{told['above'].removeprefix('.')}: "
            raise ArgolaneError(unknown("file or folder", told["missing"], told["known"], where=where))
        yield told, lines


def _volumes(cluster: Cluster, name: str) -> dict[str, str] | None:
    """The claims that a run has for itself by the names of its volumes; None when `name` is no run's."""
    if name in (claim.metadata.name for claim in claims(cluster)):
        return None
    run = find(cluster, name)
    own = (run.get("status") or {}).get("persistentVolumeClaims") or []
    if not own:
        title = run["metadata"]["name"]
        raise ArgolaneError(
            f"Run {title!r} has no claim of its own; those of a run that Succeeded are deleted with its end."
        )
    return {claim["name"]: claim["persistentVolumeClaim"]["claimName"] for claim in own}
