"""Pods: volumes, mounts and policies that no Deployment takes."""

import pytest

from tests.serving.check.conftest import Change, container, first, is_refused, pod

# What the API server or the operator refuses, or gets stuck on.
ERRORS: dict[str, tuple[Change, str]] = {
    "same container": (
        lambda d, p, g: pod(p)["containers"].append(container("a")),
        "componentSpecs: container 'a' stands twice",
    ),
    "no container": (lambda d, p, g: pod(p).update(containers=[]), "containers: is empty"),
    "mount without volume": (
        lambda d, p, g: first(p).update(volumeMounts=[{"name": "x", "mountPath": "/x"}]),
        "containers[0].volumeMounts: No volume 'x'",
    ),
    "two at one path": (
        lambda d, p, g: (
            pod(p).update(volumes=[{"name": "x", "emptyDir": {}}]),
            first(p).update(volumeMounts=[{"name": "x", "mountPath": "/x"}] * 2),
        ),
        "containers[0].volumeMounts: mountPath '/x' stands twice",
    ),
    "volume of two kinds": (
        lambda d, p, g: pod(p).update(volumes=[{"name": "x", "emptyDir": {}, "secret": {"secretName": "s"}}]),
        "volumes[0]: 'x' has emptyDir and secret; expected one of them",
    ),
    "restart policy": (
        lambda d, p, g: pod(p).update(restartPolicy="Never"),
        "restartPolicy: is 'Never'; expected Always",
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_what_is_refused_is_an_error(case: str) -> None:
    """Each is named with its place, what was found and what is allowed."""
    is_refused(ERRORS[case])
