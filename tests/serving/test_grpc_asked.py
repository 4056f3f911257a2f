"""Which units and containers a manifest asks to speak gRPC, and which port is then a unit's own."""

from typing import Any

import pytest

from argolane.serving import grpc_asked, pods
from argolane.serving.check import read
from argolane.serving.ports import Ports


def deployment(transport: str = "", endpoint: dict[str, str] | None = None, **env: str) -> Any:
    variables = [{"name": name, "value": value} for name, value in env.items()]
    child = {"name": "b", "type": "MODEL"} | ({"endpoint": endpoint} if endpoint else {})
    containers = [{"name": name, "image": f"demo/{name}:1"} for name in ("a", "b")]
    containers[0]["env"] = variables  # type: ignore[assignment]
    return read(
        {
            "apiVersion": "machinelearning.seldon.io/v1",
            "kind": "SeldonDeployment",
            "metadata": {"name": "m"},
            "spec": {
                **({"transport": transport} if transport else {}),
                "predictors": [
                    {
                        "name": "default",
                        "replicas": 1,
                        "graph": {"name": "a", "type": "MODEL", "children": [child]},
                        "componentSpecs": [{"spec": {"containers": containers}}],
                    }
                ],
            },
        }
    )


@pytest.mark.parametrize(
    ("asked", "own"),
    [
        (deployment(), None),
        (deployment(transport="rest", GRPC_WORKERS="0"), None),
        (deployment(GRPC_WORKERS="2"), set()),
        (deployment(endpoint={"type": "GRPC"}), {"b"}),
        (deployment(endpoint={"type": "REST"}), None),
        (deployment(transport="grpc"), {"a", "b"}),
    ],
)
def test_a_manifest_asks_for_grpc(asked: Any, own: set[str] | None) -> None:
    """By its transport, by a node's endpoint, or by the workers of a container; `own`: whose port it is."""
    assert grpc_asked.of(asked) is (own is not None)
    (plan,) = pods.plan(asked)
    assert plan.grpc == (own or set())


def test_another_transport_is_another_pod() -> None:
    """The port that the unit is told to be its own has changed."""
    rest, grpc = (pods.plan(deployment(transport=transport))[0] for transport in ("rest", "grpc"))
    assert not rest.same(grpc)


def test_the_own_port_is_that_of_the_transport() -> None:
    """PREDICTIVE_UNIT_SERVICE_PORT, as the operator sets it; the others stay."""
    rest, grpc = (Ports(9000, 9500, 6000).env(grpc=grpc) for grpc in (False, True))
    changed = {name: (value, grpc[name]) for name, value in rest.items() if value != grpc[name]}
    assert changed == {"PREDICTIVE_UNIT_SERVICE_PORT": ("9000", "9500")}
