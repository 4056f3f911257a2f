"""A deployment of a cluster and a file of labels in, what became of them out: `argolane feedback --on argo`.

A pod has the claim with the observations, and the modules of ours that join labels to them: the same code as
on this machine. There the deployment is reached by its own address.
"""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from argolane.errors import ArgolaneError, unknown
from argolane.serving.client import feedback_url
from argolane.serving.late import Joined
from argolane.workflow.cluster import joining
from argolane.workflow.cluster.api import connected
from argolane.workflow.cluster.claim_pod import MOUNT, pod_of, said
from argolane.workflow.cluster.deployments import deployments

_MODULES = ("argolane.errors", "argolane.serving.scoring", "argolane.serving.late")


def join(deployment: str, labels: Path, *, namespace: str, claim: str, image: str) -> Joined | None:
    """None where nothing of the deployment is recorded on the claim."""
    known = {str(each["metadata"]["name"]): each for each in deployments(namespace=namespace)}
    if deployment not in known:
        raise ArgolaneError(unknown("deployment", deployment, known, where=f"Namespace {namespace!r}: "))
    url = ((known[deployment].get("status") or {}).get("address") or {}).get("url")
    if not url:
        raise ArgolaneError(f"Deployment {deployment!r} has no address yet: its status.address.url is empty.")
    asked = asking(deployment, labels, url, volume=MOUNT)
    command = ["python3", "-c", Path(joining.__file__).read_text(encoding="utf-8")]
    with connected(namespace) as cluster, pod_of(cluster, claim, image, writes=True) as pod:
        *_, last = ["", *said(cluster, pod, command, json.dumps(asked) + "\n")]
    try:
        told = json.loads(last)
    except ValueError:
        raise ArgolaneError(f"{claim}: the pod said {last or 'nothing'!r}.") from None
    if "error" in told:
        raise ArgolaneError(told["error"])
    return Joined(**told["joined"]) if "joined" in told else None


def asking(deployment: str, labels: Path, url: str, *, volume: str) -> dict[str, Any]:
    """What the program of the pod is given: `url` is the deployment's, `volume` the folder of the claim."""
    return {
        "modules": {f"{name.replace('.', '/')}.py": _text(name) for name in _MODULES},
        "labels": labels.read_text(encoding="utf-8"),
        "name": labels.name,
        "deployment": deployment,
        "url": feedback_url(url),
        "volume": volume,
    }


def _text(module: str) -> str:
    found = find_spec(module)
    assert found and found.origin  # noqa: S101  ours
    return Path(found.origin).read_text(encoding="utf-8")
