"""A deployment's name in, where it comes from out: what `argolane whence` prints.

The deploy task of a workflow writes it as annotations `argolane.dev/...` on the SeldonDeployment: commit,
image digests, checksum of the data, workflow. On this machine the code of each image is told beside it: its
digest, the commit it is of, and whether it differs from that.
"""

import json
from typing import Any

from argolane.project import Project
from argolane.serving.deployments import Deployments
from argolane.serving.graph_nodes import Node
from argolane.serving.records import CODE

PREFIX = "argolane.dev/"


def whence(project: Project, name: str) -> dict[str, Any]:
    """The lineage of a deployment of this machine; ArgolaneError if there is none of that name."""
    return describe(Deployments(project).get(name))


def describe(deployment: dict[str, Any]) -> dict[str, Any]:
    """The lineage of any SeldonDeployment object: from this machine or read from a cluster."""
    metadata, status = deployment["metadata"], deployment.get("status") or {}
    annotations = metadata.get("annotations") or {}
    images = {
        container["name"]: container["image"]
        for predictor in deployment["spec"]["predictors"]
        for component in predictor.get("componentSpecs") or []
        for container in component["spec"]["containers"]
        if container["name"] in {node.name for node in Node.of(predictor["graph"]).walk()}
    }
    return {
        "name": metadata["name"],
        "namespace": metadata.get("namespace", ""),
        "uid": metadata.get("uid", ""),
        "created": metadata.get("creationTimestamp", ""),
        "generation": metadata.get("generation", 0),
        "state": status.get("state", ""),
        "url": status.get("address", {}).get("url", ""),
        "images": images,
        "code": json.loads(annotations.get(CODE, "{}")),
        "lineage": {
            key.removeprefix(PREFIX): value
            for key, value in sorted(annotations.items())
            if key.startswith(PREFIX) and key != CODE
        },
        "labels": metadata.get("labels") or {},
        "annotations": {
            key: value
            for key, value in annotations.items()
            if not key.startswith(PREFIX) and not key.startswith("kubectl.kubernetes.io/")
        },
    }
