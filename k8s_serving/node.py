"""A model at one version in, its node and its container out: what every graph is made of.

The container bears the node's name, for that is how Seldon finds it. Values may be Argo's tags: the deploy
steps of workflows/ call the very same builders.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from models.spec import Spec

REGISTRY = "registry.example.com/argolane"
VERSION = "0.1"
MODEL_STORE = "/mnt/model-store"
STORE_CLAIM = "model-store"
# Any value turns it on; without it meta.routing is in no answer.
INJECTION = "SELDON_ENABLE_ROUTING_INJECTION"
ORCHESTRATOR = {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}}


@dataclass(frozen=True)
class Served:
    """A model, the image that serves it and the version of the store that it loads.

    `digest` is that of the weights: with it, a version that was trained again is a new pod.
    """

    model: Spec
    image: str
    version: str
    digest: str = ""

    @property
    def node(self) -> dict[str, Any]:
        return {"name": self.model.kebab, "type": "MODEL"}

    @property
    def container(self) -> dict[str, Any]:
        env = {
            "MODEL_DIR": f"{MODEL_STORE}/{self.model.name}/{self.version}",
            "MODEL_DIGEST": self.digest,
            "MODEL_THREADS": "1",
        }
        return {
            "name": self.model.kebab,
            "image": self.image,
            "env": [{"name": name, "value": value} for name, value in env.items() if value],
            "resources": self.model.resources.serve.model_dump(),
            # Seldon's own probe is content with an open port, which is there before the model is loaded.
            "readinessProbe": {
                "httpGet": {"path": "/health/status", "port": "http"},
                "initialDelaySeconds": 3,
                "periodSeconds": 3,
                "timeoutSeconds": 5,
            },
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            "volumeMounts": [{"name": STORE_CLAIM, "mountPath": MODEL_STORE, "readOnly": True}],
        }


def at_defaults(model: Spec) -> Served:
    """The model as the rendered manifests show it."""
    return Served(model, image=f"{REGISTRY}/{model.kebab}-runtime:{VERSION}", version=VERSION)


def deployment(name: str, *, graph: dict[str, Any], served: Iterable[Served]) -> dict[str, Any]:
    """A SeldonDeployment of one predictor, all of whose models share one pod."""
    arms: Sequence[Served] = tuple(served)
    pod = {
        # Seldon's default user; the images run under any.
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 8888,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [arm.container for arm in arms],
        "volumes": [{"name": STORE_CLAIM, "persistentVolumeClaim": {"claimName": STORE_CLAIM}}],
    }
    predictor = {
        "name": "default",
        "replicas": 1,
        "graph": graph,
        # Without a name of its own the pod is called after all its containers, and soon by a hash.
        "componentSpecs": [{"metadata": {"name": "models"}, "spec": pod}],
        "svcOrchSpec": {"env": [{"name": INJECTION, "value": "true"}], "resources": ORCHESTRATOR},
    }
    return {
        "apiVersion": "machinelearning.seldon.io/v1",
        "kind": "SeldonDeployment",
        "metadata": {"name": name, "labels": {"app.kubernetes.io/part-of": "argolane"}},
        "spec": {"protocol": "seldon", "predictors": [predictor]},
    }
