"""Two models in, a SeldonDeployment out that sends each request to one of them, by chance."""

from typing import Any

from k8s_serving.node import Served, at_defaults, deployment
from models.spec import Spec, read_all

MNIST = ("sk_mnist", "tf_mnist")


def ab_test(name: str, *, a: Served, b: Served, ratio: str = "0.5") -> dict[str, Any]:
    """`ratio` is the share of the requests that `a` gets, 0 to 1."""
    router = {
        "name": "ab-test",
        "implementation": "RANDOM_ABTEST",
        "parameters": [{"name": "ratioA", "value": ratio, "type": "FLOAT"}],
        "children": [a.node, b.node],
    }
    return deployment(name, graph=router, served=[a, b])


def mnist_arms() -> tuple[Spec, Spec]:
    """The scikit-learn and the TensorFlow model of MNIST: arm A and arm B."""
    by_name = {model.name: model for model in read_all()}
    first, second = (by_name[name] for name in MNIST)
    return first, second


def manifests() -> dict[str, object]:
    a, b = (at_defaults(model) for model in mnist_arms())
    return {"mnist-ab": ab_test("mnist-ab", a=a, b=b)}
