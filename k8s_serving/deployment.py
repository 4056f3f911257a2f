"""A graph in, a SeldonDeployment of one predictor out, all of whose containers share one pod.

The container bears the node's name, for that is how Seldon finds it. Values may be Argo's tags: the rollouts
of workflows/ call the very same builder.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

from k8s_serving import security
from k8s_serving.graph import Graph, Prepackaged, Served
from models.contract.spec import Unit

REGISTRY = "registry.example.com/argolane"
VERSION = "0.1"
MODEL_STORE = "/mnt/model-store"
STORE_CLAIM = "model-store"
STATE = "/mnt/state"  # where a node that keeps something finds its claim
# Any value turns it on; without it meta.routing is in no answer.
INJECTION = "SELDON_ENABLE_ROUTING_INJECTION"
ORCHESTRATOR = {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}}
_LONGEST = 40  # of a pod's name that is made of its containers' names


def served(unit: Unit, *, image: str, version: str = VERSION, digest: str = "", name: str = "") -> Served:
    """The node that serves a unit; its name is the unit's where it has no other."""
    return Served(
        name=name or unit.kebab,
        image=image,
        unit=unit.loads,
        version=version,
        digest=digest,
        kind=unit.serve.type if unit.serve else "MODEL",
        serves=unit.module.removeprefix("models.") if unit.family else "",
        resources=unit.resources.serve.model_dump() if unit.resources.serve else {},
    )


def at_defaults(unit: Unit, *, version: str = VERSION, name: str = "") -> Served:
    """The unit as the rendered manifests show it."""
    image = f"{REGISTRY}/{image_name(unit, 'runtime')}:{version or VERSION}"
    return served(unit, image=image, version=version, name=name)


def image_name(unit: Unit, target: str) -> str:
    """The last part of an image's reference, for what it is to do: `sk-mnist-trainer`."""
    return unit.image(target)


def deployment(name: str, *, graph: Graph) -> dict[str, Any]:
    """The manifest; its pod is named after what is in it.

    A name that stays while the containers change would have Seldon delete the old pods before it makes the
    new ones, for their labels tell the containers, and labels that select pods cannot change.
    """
    containers = graph.containers()
    # In company, a node's version is only told where its tags bear its name.
    chained = {node.name for path in graph.paths() if len(path.nodes) > 1 for node in path.nodes}
    # Where no node loads a version, nothing is asked of the store, which then need not be there.
    stored = any(node.version and not isinstance(node, Prepackaged) for node in containers)
    kept = sorted({node.claim for node in containers if node.claim})
    pod: dict[str, Any] = {
        "securityContext": security.of_pod(writes=bool(kept)),
        "containers": [
            _container(node, deployment=name, tags=node.name in chained, stored=stored) for node in containers
        ],
    }
    if claims := [*([STORE_CLAIM] if stored else []), *kept]:
        pod["volumes"] = [{"name": claim, "persistentVolumeClaim": {"claimName": claim}} for claim in claims]
    predictor = {
        "name": "default",
        # Always written: the operator would fill it in, and then fight itself over it.
        "replicas": 1,
        "graph": graph.node,
        "componentSpecs": [{"metadata": {"name": pod_name(node.name for node in containers)}, "spec": pod}],
        "svcOrchSpec": {"env": [{"name": INJECTION, "value": "true"}], "resources": ORCHESTRATOR},
    }
    return {
        "apiVersion": "machinelearning.seldon.io/v1",
        "kind": "SeldonDeployment",
        "metadata": {"name": name, "labels": {"app.kubernetes.io/part-of": "argolane"}},
        "spec": {"protocol": "seldon", "predictors": [predictor]},
    }


def state_file(deployment: str, node: str) -> str:
    """What a node of a deployment keeps on its claim, as it finds it."""
    return f"{STATE}/{deployment}/{node}.sqlite"


def pod_name(containers: Iterable[str]) -> str:
    """The names of the containers; how many they are and a digest of the names where that is too long."""
    names = list(containers)
    joined = "-".join(names)
    if "{{" in joined or len(joined) <= _LONGEST:
        return joined
    return f"{len(names)}-nodes-{hashlib.sha256(joined.encode()).hexdigest()[:8]}"


def _container(node: Served, *, deployment: str, tags: bool, stored: bool) -> dict[str, Any]:
    prepackaged = isinstance(node, Prepackaged)  # its model is fetched, and needs no store
    env = {
        "UNIT": node.serves,
        "MODEL_DIR": f"{MODEL_STORE}/{node.unit}/{node.version}" if node.version and not prepackaged else "",
        "MODEL_DIGEST": node.digest,
        "MODEL_THREADS": "1",
        "MODEL_NODE_TAGS": "true" if tags else "",
        "STATE_FILE": state_file(deployment, node.name) if node.claim else "",
    }
    made: dict[str, Any] = {
        "name": node.name,
        "image": node.image,
        "env": [{"name": name, "value": value} for name, value in env.items() if value],
        "resources": dict(node.resources),
        # Seldon's own probe is content with an open port, which is there before the model is loaded.
        "readinessProbe": {
            "httpGet": {"path": "/health/status", "port": "http"},
            "initialDelaySeconds": 3,
            "periodSeconds": 3,
            "timeoutSeconds": 5,
        },
        "securityContext": security.of_container(),
    }
    # A node that loads nothing has no business in the store.
    loads = stored and not prepackaged and node.version
    mounts = [{"name": STORE_CLAIM, "mountPath": MODEL_STORE, "readOnly": True}] if loads else []
    mounts += [{"name": node.claim, "mountPath": STATE}] if node.claim else []
    if mounts:
        made["volumeMounts"] = mounts
    return made
