"""argolane.workflow.podspec says what the API server would refuse of a pod, and nothing of a good one."""

from typing import Any

import pytest

from argolane.kubernetes import podspec

MAIN = {"image": "python:3.11-slim"}


def template(main: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"name": "t", "container": {**MAIN, **(main or {})}, **more}


@pytest.mark.parametrize(
    "good",
    [
        template(),
        {"name": "no-pod", "suspend": {}},
        template({"resources": {"requests": {"memory": "2.007M"}, "limits": {"memory": "2007k"}}}),
        template({"resources": {"requests": {"cpu": "100m"}, "limits": {"cpu": ".2"}}}),
        template({"resources": {"requests": {"cpu": "1"}, "limits": {"memory": "1"}}}),
        template({"env": [{"name": "A", "value": "{{inputs.parameters.x}}", "valueFrom": {"fieldRef": {}}}]}),
        template({"env": [{"name": "a.b-C_1"}]}, sidecars=[{"name": "{{inputs.parameters.x}}", **MAIN}]),
    ],
)
def test_good_pods(good: dict[str, Any]) -> None:
    """What Kubernetes takes, or what is known only once its tags are filled in."""
    assert podspec.refusal("p", good) == ""


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        (template(sidecars=[MAIN]), "spec.containers[2].name: Required value"),
        (
            template(sidecars=[MAIN, MAIN]),
            (
                "[spec.containers[2].name: Required value, spec.containers[3].name: Required value, "
                'spec.containers[3].name: Duplicate value: ""]'
            ),
        ),
        (
            template(sidecars=[{"name": "a.b", **MAIN}]),
            'spec.containers[2].name: Invalid value: "a.b": must not contain dots',
        ),
        (
            template(initContainers=[{"name": "main", **MAIN}]),
            'spec.initContainers[1].name: Duplicate value: "main"',
        ),
        (
            template({"volumeMounts": [{"name": "a", "mountPath": "/a"}, {"name": "b", "mountPath": "/a"}]}),
            'spec.containers[1].volumeMounts[1].mountPath: Invalid value: "/a": must be unique',
        ),
        (
            template({"resources": {"requests": {"memory": "1Gi"}, "limits": {"memory": "1G"}}}),
            (
                'spec.containers[1].resources.requests: Invalid value: "1Gi": '
                "must be less than or equal to memory limit of 1G"
            ),
        ),
    ],
)
def test_bad_pods(bad: dict[str, Any], fault: str) -> None:
    """Kubernetes' words and places; several faults in brackets."""
    assert podspec.refusal("p", bad) == f'Pod "p" is invalid: {fault}'
