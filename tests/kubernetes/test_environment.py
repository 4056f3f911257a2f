"""A container's env and envFrom."""

from typing import Any

import pytest

from argolane.errors import ArgolaneError
from argolane.kubernetes import environment, fields
from argolane.kubernetes.objects import Objects

POD = fields.of_pod("pod-1", "demo", "u", labels={"app": "x"}, annotations={})


def build(objects: Objects, *env: dict[str, Any], sources: tuple[dict[str, Any], ...] = ()) -> dict[str, str]:
    return environment.build({"env": list(env), "envFrom": list(sources)}, {"PATH": "/bin"}, POD, objects)


def test_a_variable_sees_the_ones_before_it_only(objects: Objects) -> None:
    """In order: envFrom, then env; the image's own variables are not seen, a later one stays as written."""
    env = [
        {"name": n, "value": v} for n, v in (("X", "$(Y)-$(P_colour)-$(PATH)"), ("Y", "y"), ("Z", "$(X)$(Y)"))
    ]
    found = build(objects, *env, sources=({"prefix": "P_", "configMapRef": {"name": "conf"}},))
    assert found == {
        "PATH": "/bin", "P_colour": "blue", "X": "$(Y)-blue-$(PATH)", "Y": "y", "Z": "$(Y)-blue-$(PATH)y",
    }  # fmt: skip


def test_values_from_elsewhere(objects: Objects) -> None:
    """Keys of ConfigMaps and Secrets, the pod's fields; what is optional and absent sets nothing."""
    found = build(
        objects,
        {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "conf", "key": "colour"}}},
        {"name": "B", "valueFrom": {"secretKeyRef": {"name": "conf", "key": "colour"}}},
        {"name": "C", "valueFrom": {"secretKeyRef": {"name": "conf", "key": "no", "optional": True}}},
        {"name": "D", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app']"}}},
        {"name": "E", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['no']"}}},
        {"name": "F", "value": "$(D)$(metadata.name)"},
        sources=({"secretRef": {"name": "no", "optional": True}},),
    )
    assert found == {"PATH": "/bin", "A": "blue", "B": "blue", "D": "x", "E": "", "F": "x$(metadata.name)"}


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"secretKeyRef": {"name": "no", "key": "k"}},
         "Secret 'no' not found in namespace argolane; there are: conf"),
        ({"configMapKeyRef": {"name": "conf", "key": "k"}},
         "ConfigMap 'conf' has no key 'k'; there are: colour, no"),
        ({"fieldRef": {"fieldPath": "spec.nope"}},
         "env 'A': fieldPath 'spec.nope' is not known here; there are"),
    ],
)  # fmt: skip
def test_what_is_not_there(objects: Objects, value: dict[str, Any], problem: str) -> None:
    """The error names what was looked for and what there is."""
    with pytest.raises(ArgolaneError) as caught:
        build(objects, {"name": "A", "valueFrom": value})
    assert problem in str(caught.value)


def test_an_object_that_is_no_json(objects: Objects) -> None:
    """A file that somebody wrote by hand is named."""
    (objects.folder / "configmap" / "conf.json").write_text("{")
    with pytest.raises(ArgolaneError, match=r"conf\.json: not JSON: "):
        build(objects, sources=({"configMapRef": {"name": "conf"}},))
