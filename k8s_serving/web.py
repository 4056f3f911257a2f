"""An image of a plain web service in, its Deployment, Service and Namespace out.

Values may be Argo's tags: the rollout of workflows/ calls the very same builders. The chart in chart/ makes
the same objects at its defaults, and a test holds the two together.
"""

from collections.abc import Mapping
from typing import Any

from k8s_serving import security

PORT = 5000
NAME = "app.kubernetes.io/name"
PART_OF = {"app.kubernetes.io/part-of": "argolane"}


def namespace(name: str) -> dict[str, Any]:
    """Pods that ask for rights are refused in it."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def web(
    name: str, *, image: str, version: str, resources: Mapping[str, Any], replicas: int = 1
) -> dict[str, Any]:
    """The Deployment. The container is told its own image and version, and tells them with each answer."""
    container = {
        "name": name,
        "image": image,
        "env": [
            {"name": "PORT", "value": str(PORT)},
            {"name": "VERSION", "value": version},
            {"name": "IMAGE", "value": image},
        ],
        "ports": [{"name": "http", "containerPort": PORT}],
        "readinessProbe": {
            "httpGet": {"path": "/healthz", "port": "http"},
            "periodSeconds": 2,
            "timeoutSeconds": 5,
        },
        "livenessProbe": {
            "httpGet": {"path": "/healthz", "port": "http"},
            "initialDelaySeconds": 10,
            "periodSeconds": 10,
            "timeoutSeconds": 5,
        },
        "resources": dict(resources),
        "securityContext": {**security.of_container(), "readOnlyRootFilesystem": True},
    }
    pod = {
        "automountServiceAccountToken": False,
        "securityContext": security.of_pod(),
        "containers": [container],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": {NAME: name, **PART_OF}},
        "spec": {
            "replicas": replicas,
            # A new pod that does not come up is told after this; until then the old ones answer.
            "progressDeadlineSeconds": 300,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "selector": {"matchLabels": {NAME: name}},
            "template": {"metadata": {"labels": {NAME: name, **PART_OF}}, "spec": pod},
        },
    }


def service(name: str, *, port: int = PORT) -> dict[str, Any]:
    """The Service of that Deployment: `http://<name>:<port>` to the pods of its namespace."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "labels": {NAME: name, **PART_OF}},
        "spec": {
            "type": "ClusterIP",
            "selector": {NAME: name},
            "ports": [{"name": "http", "port": port, "targetPort": "http"}],
        },
    }


def within(space: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """The same object, in the namespace `space` wherever it is applied."""
    return {**body, "metadata": {**body["metadata"], "namespace": space}}
