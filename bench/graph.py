"""What the graph server adds: client -> graph server -> unit, beside the very same unit asked alone.

A deployment of sk_mnist as `argolane apply` starts it, and an A/B test of two of them, loaded in turn with
one of their units. Goals: at most 0.6 ms more for a request (p50, one client) and at least 85 % of the unit's
requests per second with four clients; of the A/B test 0.9 ms and 70 %.
"""

import contextlib
import json
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from argolane.project import Project
from argolane.serving.deployments import Deployments
from bench import trained
from bench.load import measure
from bench.serving import FAST, answer, same_answers

# Short and many, in turn: what else the machine does meets both alike.
ROUNDS, SECONDS = 11, 1.0
CLIENTS = (1, 4)
IMAGE = "bench/sk-mnist-runtime:0.1"
STORE = "/mnt/model-store"

MODEL = {"name": "a", "type": "MODEL"}
AB_TEST = {
    "name": "ab",
    "implementation": "RANDOM_ABTEST",
    "parameters": [{"name": "ratioA", "value": "0.5", "type": "FLOAT"}],
    "children": [{"name": "a", "type": "MODEL"}, {"name": "b", "type": "MODEL"}],
}

# Name, its units, the graph; the most milliseconds and the least share of requests that are its goals.
GRAPHS = (("model", "a", MODEL, (0.6, 85)), ("ab-test", "ab", AB_TEST, (0.9, 70)))


def main(project: Project, work: Path) -> None:
    """`work` is an empty folder, or one in which another measurement has left sk_mnist 0.1."""
    file = project.root / "models" / "sk_mnist" / "request.json"
    body = json.dumps(json.loads(file.read_text())).encode()
    here = Deployments(trained.checkout_with_store(project, work))
    for name, units, graph, goals in GRAPHS:
        with deployed(here, manifest(name, list(units), graph)) as (whole, alone):
            same_answers({FAST: answer(alone, body), name: answer(whole, body)})
            report(name, whole, alone, body, goals)


def report(name: str, whole: str, alone: str, body: bytes, goals: tuple[float, int]) -> None:
    most, least = goals
    for clients in CLIENTS:
        pairs = [
            (measure(whole, body, clients=clients, seconds=SECONDS),
             measure(alone, body, clients=clients, seconds=SECONDS))
            for _ in range(ROUNDS)
        ]  # fmt: skip
        added = statistics.median(a.p50 - b.p50 for a, b in pairs)
        share = statistics.median(a.rate / b.rate for a, b in pairs)
        a, b = sorted(pairs, key=lambda pair: pair[0].rate / pair[1].rate)[ROUNDS // 2]
        print(f"  {name:8} {a}\n  unit     {b}")
        print(f"  {name}, {clients} clients: {added:+.2f} ms p50 (goal: {most:.2f} with one client), "
              f"{share:.0%} of the unit's requests per second (goal: {least} % with four)")  # fmt: skip


@contextlib.contextmanager
def deployed(here: Deployments, asked: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The URL of the whole way, and that of its first unit."""
    name = asked["metadata"]["name"]
    here.apply(asked)
    try:
        status = here.wait(name, timeout=600)["status"]
        unit = status["serviceStatus"][f"{name}-main-a"]["httpEndpoint"]
        yield status["address"]["url"], f"http://{unit}/api/v1.0/predictions"
    finally:
        here.delete(name)


def manifest(name: str, units: list[str], graph: dict[str, Any]) -> dict[str, Any]:
    containers = [
        {
            "name": unit,
            "image": IMAGE,
            "env": [{"name": "MODEL_DIR", "value": f"{STORE}/sk_mnist/0.1"}],
            "volumeMounts": [{"name": "store", "mountPath": STORE, "readOnly": True}],
        }
        for unit in units
    ]
    volumes = [{"name": "store", "persistentVolumeClaim": {"claimName": "model-store"}}]
    component = {"spec": {"containers": containers, "volumes": volumes}}
    return {
        "apiVersion": "machinelearning.seldon.io/v1",
        "kind": "SeldonDeployment",
        "metadata": {"name": name},
        "spec": {"predictors": [{"name": "main", "graph": graph, "componentSpecs": [component]}]},
    }
