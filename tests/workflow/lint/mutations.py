"""A manifest in, the same with one thing wrong out: questions for the real `argo lint`."""

import copy
import random
from typing import Any

_VALUES = [
    "", "nosuch", "a b", "it's", "9lives", None, "a {{ b", "{{<&>", "{{inputs.parameters.zz}}",
    "{{tasks.zz.outputs.result}}",
    "{{steps.zz.outputs.result}}", "{{workflow.parameters.zz}}", "{{item}}", "{{item.k}}", "{{= 1 +}}",
    "{{=nosuch}}", "{{pod.name}}", "{{workflow.failures}}", "{{workflow.labels.q}}",
    "{{outputs.parameters.q}}",
]  # fmt: skip
_OF_STEP: list[tuple[str, Any]] = [
    ("depends", "zz"), ("depends", "a.Succeeded || b"), ("depends", "a.Foo"), ("depends", "a.AnySucceeded"),
    ("dependencies", ["a"]), ("continueOn", {"failed": True}), ("withItems", [1, 2]), ("withParam", "[1]"),
    ("withSequence", {"count": 1, "end": 2}), ("when", "a == b"), ("template", "nosuch"),
    ("templateRef", {"name": "q", "template": "r"}), ("hooks", {"x": {"template": "main"}}),
    ("onExit", "nosuch"),
    ("arguments", {"parameters": [{"name": "v", "value": "{{tasks.zz.outputs.result}}"}]}),
    ("arguments", {"parameters": [{"name": "v"}]}),
    ("arguments", {"parameters": [{"name": "bad name", "value": "1"}]}),
    ("arguments", {"artifacts": [{"name": "v"}]}), ("name", "-bad"), ("name", "a"), ("name", "x" * 130),
    ("inline", {"container": {"image": "x"}}),
]  # fmt: skip
_OF_TEMPLATE: list[tuple[str, Any]] = [
    ("name", "main"), ("name", "b_c"), ("activeDeadlineSeconds", 10), ("activeDeadlineSeconds", -1),
    ("activeDeadlineSeconds", "abc"), ("timeout", "10"), ("timeout", "10s"), ("parallelism", 2),
    ("retryStrategy", {"limit": 1, "retryPolicy": "Sometimes"}), ("retryStrategy", {"limit": 1}),
    ("outputs", {"parameters": [{"name": "o"}]}),
    ("outputs", {"parameters": [{"name": "o", "valueFrom": {}}]}),
    ("outputs", {"parameters": [{"name": "o", "valueFrom": {"path": "/x"}}]}),
    ("outputs", {"parameters": [{"name": "o", "valueFrom": {"parameter": "{{steps.a.outputs.result}}"}}]}),
    ("outputs", {"parameters": [{"name": "o", "value": "1", "valueFrom": {"path": "/x"}}]}),
    ("outputs", {"artifacts": [{"name": "o"}]}),
    ("outputs", {"artifacts": [{"name": "o", "path": "/tmp/../../etc"}]}),
    ("inputs", {"artifacts": [{"name": "o", "path": "/x"}]}),
    ("inputs", {"parameters": [{"name": "a"}, {"name": "a"}]}),
    ("inputs", {"parameters": [{"name": "a b"}]}), ("container", {"args": ["x"]}), ("suspend", {}),
    ("initContainers", [{"image": "x"}]), ("resource", {"action": "foo"}), ("resource", {"action": "create"}),
    ("resource", {"action": "create", "manifest": "a: b: c"}), ("script", {"source": "x"}),
    ("metrics", {"prometheus": [{"name": "a-b", "help": "x", "counter": {"value": "1"}}]}),
    ("metrics", {"prometheus": [{"name": "ab", "counter": {"value": "1"}}]}),
    ("metrics", {"prometheus": [{"name": "ab", "help": "h", "gauge": {"value": ""}}]}),
    ("podSpecPatch", "{{inputs.parameters.q}}"), ("daemon", True), ("containerSet", {"containers": []}),
    ("containerSet", {"containers": [{"name": "a", "image": "x"}]}), ("archiveLocation", {"git": {}}),
    ("containerSet", {"containers": [{"name": "main", "image": "x", "dependencies": ["b"]}]}),
    ("containerSet", {"containers": [{"name": "main", "image": "x", "dependencies": ["main"]}]}),
    ("containerSet", {"containers": [{"name": "main", "image": "x"}],
                      "volumeMounts": [{"name": "v", "mountPath": "/v"}, {"name": "w", "mountPath": "/v"}]}),
]  # fmt: skip
_SCHEDULES = [
    "* * * * *",
    "* * *",
    "61 * * * *",
    "@daily",
    "0 0 1 13 *",
    "*/5 1-3,7 * jan mon",
    "@never",
    "5-1 * * * *",
]


def mutated(body: dict[str, Any], chance: random.Random, number: int) -> dict[str, Any]:
    """One mutation, sometimes two, and sometimes another kind of document."""
    for _ in range(chance.choice([1, 1, 2])):
        body = _mutated(copy.deepcopy(body), chance)
    kind = chance.random()
    if kind < 0.15:
        name = {"name": f"{'long-' * 14 if kind < 0.02 else ''}t-{number}"}
        return {
            **body,
            "kind": chance.choice(["WorkflowTemplate", "ClusterWorkflowTemplate"]),
            "metadata": name,
        }
    if kind < 0.2:
        spec = {"schedules": [chance.choice(_SCHEDULES)], "workflowSpec": body.get("spec")}
        return {**body, "kind": "CronWorkflow", "metadata": {"name": f"c-{number}"}, "spec": spec}
    return body


def _mutated(body: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    places = [place for place in _places(body.get("spec"), ("spec",)) if len(place) > 1]
    if not places:
        return body
    place = chance.choice(places)
    parent, key = _at(body, place[:-1]), place[-1]
    match chance.randrange(6):
        case 0:
            del parent[key]
        case 1 if isinstance(key, str):
            parent[f"{key}{chance.choice('xs')}"] = parent.pop(key)
        case 2 if isinstance(parent[key], str):
            parent[key] = chance.choice(_VALUES)
        case 3:
            lists = [_at(body, p) for p in places if isinstance(_at(body, p), list) and _at(body, p)]
            if lists:
                one = chance.choice(lists)
                one.append(copy.deepcopy(chance.choice(one)))
        case 4:
            steps = [
                _at(body, p) for p in places if isinstance(_at(body, p), dict) and "template" in _at(body, p)
            ]
            if steps:
                field, value = chance.choice(_OF_STEP)
                chance.choice(steps)[field] = copy.deepcopy(value)
        case _:
            templates = [_at(body, p) for p in places if len(p) == 3 and p[1] == "templates"]
            if templates:
                field, value = chance.choice(_OF_TEMPLATE)
                chance.choice(templates)[field] = copy.deepcopy(value)
    return body


def _places(value: Any, path: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in below for place in _places(item, (*path, key)))]


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value
