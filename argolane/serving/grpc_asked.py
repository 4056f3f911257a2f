"""A SeldonDeployment in, who is to be asked over gRPC out.

On a cluster every executor and every wrapper has a gRPC port beside the other. On this machine a port that
nobody asked for is not opened: it takes a library in memory, and with the stock wrapper a second model.
"""

from argolane.serving.spec import Container, SeldonDeployment

WORKERS = "GRPC_WORKERS"


def own_ports(deployment: SeldonDeployment) -> frozenset[str]:
    """The units whose own port, the one probes dial, is gRPC's: `transport: grpc`, `endpoint.type: GRPC`."""
    everywhere = deployment.spec.transport == "grpc"
    return frozenset(node.name for node in deployment.predictor.graph.walk() if everywhere or node.grpc)


def by_container(container: Container) -> bool:
    """Whether its manifest says how many gRPC workers it has."""
    return any(variable.name == WORKERS for variable in container.env)


def of(deployment: SeldonDeployment) -> bool:
    """Whether the graph server has a gRPC port."""
    return bool(own_ports(deployment)) or any(
        variable.name == WORKERS and variable.value != "0"
        for component in deployment.predictor.component_specs
        for container in component.spec.containers
        for variable in container.env
    )
