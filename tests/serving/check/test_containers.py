"""Containers: names, images, variables, ports, resources and probes that no Deployment takes."""

import pytest

from tests.serving.check.conftest import Change, first, is_refused

# What the API server or the operator refuses, or gets stuck on.
ERRORS: dict[str, tuple[Change, str]] = {
    "container name": (lambda d, p, g: first(p).update(name="A"), "containers[0].name: is 'A'; expected"),
    "no image": (lambda d, p, g: first(p).pop("image"), "containers[0].image: is required"),
    "negative quantity": (
        lambda d, p, g: first(p).update(resources={"requests": {"cpu": "-1"}}),
        "resources.requests.cpu: is '-1'; expected no less than 0",
    ),
    "more than the limit": (
        lambda d, p, g: first(p).update(
            resources={"requests": {"memory": "2Gi"}, "limits": {"memory": "2G"}}
        ),
        "resources.requests.memory: is '2Gi', more than the limit of '2G'",
    ),
    "env with two values": (
        lambda d, p, g: first(p).update(
            env=[{"name": "A", "value": "1", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]
        ),
        "env[0]: 'A' has value and valueFrom; expected one of them",
    ),
    "port": (
        lambda d, p, g: first(p).update(ports=[{"containerPort": 90000}]),
        "ports[0].containerPort: is 90000; expected 1 to 65535",
    ),
    "pull policy": (
        lambda d, p, g: first(p).update(imagePullPolicy="always"),
        "imagePullPolicy: is 'always'; expected one of Always",
    ),
    "probe without handler": (
        lambda d, p, g: first(p).update(readinessProbe={"periodSeconds": 3}),
        "readinessProbe: has none of exec, grpc, httpGet, tcpSocket; expected one",
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_what_is_refused_is_an_error(case: str) -> None:
    """Each is named with its place, what was found and what is allowed."""
    is_refused(ERRORS[case])
