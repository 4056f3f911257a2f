"""Merge, strategic and JSON patches."""

from typing import Any

import pytest

from argolane.kubernetes.patching import PatchError, json_patch, merge_patch, patch, strategic_merge

BODY = {"a": [{"name": "x", "v": 1}], "b": 1, "env": [{"name": "x", "v": 1}, {"name": "y"}, {"name": "z"}]}


def test_merge_replaces_lists_and_null_removes() -> None:
    """RFC 7386: nothing of a list stays, and a null in a map that is new is dropped."""
    found = merge_patch(BODY, {"env": [{"name": "y"}], "b": None, "new": {"here": 1, "gone": None}})
    assert found == {"a": BODY["a"], "env": [{"name": "y"}], "new": {"here": 1}}


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ([{"name": "x", "v": 2}], [{"name": "x", "v": 2}, {"name": "y"}, {"name": "z"}]),
        ([{"name": "z", "v": 2}], [{"name": "x", "v": 1}, {"name": "y"}, {"name": "z", "v": 2}]),
        ([{"name": "n"}], [{"name": "n"}, {"name": "x", "v": 1}, {"name": "y"}, {"name": "z"}]),
        ([{"name": "z"}, {"name": "x"}], [{"name": "y"}, {"name": "z"}, {"name": "x", "v": 1}]),
        ([{"name": "x", "v": None}], [{"name": "x"}, {"name": "y"}, {"name": "z"}]),
        ([{"name": "y", "$patch": "delete"}], [{"name": "x", "v": 1}, {"name": "z"}]),
        ([{"name": "x", "$patch": "replace", "w": 3}], [{"name": "x", "w": 3}, {"name": "y"}, {"name": "z"}]),
        ([{"$patch": "replace"}, {"name": "n"}], [{"name": "n"}]),
    ],
)
def test_a_strategic_patch_joins_lists(change: list[Any], found: list[Any]) -> None:
    """Entries are one by their key, in the order of Kubernetes' strategicpatch, with its directives."""
    assert strategic_merge(BODY, {"env": change})["env"] == found


def test_a_strategic_patch_of_ports() -> None:
    """A container's ports are told apart by containerPort, a Service's by port."""
    assert strategic_merge(
        {"ports": [{"containerPort": 1}]}, {"ports": [{"containerPort": 1, "name": "n"}]}
    ) == {"ports": [{"containerPort": 1, "name": "n"}]}
    assert strategic_merge({"ports": [{"port": 1}]}, {"ports": [{"port": 1, "targetPort": 2}]}) == {
        "ports": [{"port": 1, "targetPort": 2}]
    }


def test_a_strategic_patch_of_maps() -> None:
    """$retainKeys drops what it does not name; a list without a key is replaced."""
    body = {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}, "args": [1, 2]}
    change = {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}, "args": [3]}
    assert strategic_merge(body, change) == {"strategy": {"type": "Recreate"}, "args": [3]}
    assert strategic_merge(body, {"strategy": {"$patch": "delete"}}) == {"args": [1, 2]}
    with pytest.raises(PatchError, match=r"'\$setElementOrder/args' is for a cluster"):
        strategic_merge(body, {"$setElementOrder/args": [1]})


@pytest.mark.parametrize(
    ("operations", "found"),
    [
        ([{"op": "test", "path": "/b", "value": 1}], BODY),
        ([{"op": "move", "from": "/b", "path": "/c"}], {"a": BODY["a"], "env": BODY["env"], "c": 1}),
        ([{"op": "copy", "from": "/a/0/v", "path": "/b"}, {"op": "remove", "path": "/env"}],
         {"a": BODY["a"], "b": 1}),
        ([{"op": "add", "path": "/env/-", "value": 1}, {"op": "remove", "path": "/env/0"}],
         {**BODY, "env": [{"name": "y"}, {"name": "z"}, 1]}),
        ([{"op": "add", "path": "/x~1y~0", "value": 1}], {**BODY, "x/y~": 1}),
    ],
)  # fmt: skip
def test_json_patches(operations: list[Any], found: Any) -> None:
    """Every operation of RFC 6902; what is patched stays as it was."""
    before = repr(BODY)
    assert json_patch(BODY, operations) == found
    assert repr(BODY) == before


@pytest.mark.parametrize(
    ("operations", "problem"),
    [
        ([{"op": "test", "path": "/b", "value": 2}], r"operation 0 \(test /b\): .*not equal"),
        ([{"op": "remove", "path": "/b"}, {"op": "replace", "path": "/b", "value": 1}], "operation 1"),
        ([{"op": "add", "path": "/a/7", "value": 1}], "outside of list"),
        ([{"op": "zap", "path": "/b"}], "Unknown operation 'zap'"),
        ([{"op": "add", "path": "/b"}], "'value' member"),
        ([{"op": "add", "path": "b", "value": 1}], "must start with /"),
        ([{"op": "replace", "path": "", "value": 1}], "leaves no object"),
        ({"kind": "ConfigMap"}, "is a list of operations"),
    ],
)
def test_json_patches_that_do_not_fit(operations: Any, problem: str) -> None:
    """Nothing is written on a test that fails, and the error says which operation it is."""
    with pytest.raises(PatchError, match=problem):
        patch(BODY, operations, "json")


def test_a_strategy_that_is_none() -> None:
    """kubectl's own words."""
    with pytest.raises(PatchError, match=r"--type must be one of \[json merge strategic\], not 'jsn'"):
        patch(BODY, {}, "jsn")
