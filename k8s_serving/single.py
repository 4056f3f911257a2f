"""One model in, a SeldonDeployment of the model's name out."""

from typing import Any

from k8s_serving.node import Served, at_defaults, deployment
from models.spec import read_all


def single(served: Served) -> dict[str, Any]:
    return deployment(served.model.kebab, graph=served.node, served=[served])


def manifests() -> dict[str, object]:
    return {model.kebab: single(at_defaults(model)) for model in read_all()}
