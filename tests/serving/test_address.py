"""Where a deployment is asked: on this machine, behind an ingress, or by a whole URL."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from argolane.errors import ArgolaneError
from argolane.project import Project
from argolane.serving import client, rpc_client
from argolane.serving.address import Address, address
from argolane.serving.deployments import Deployments
from argolane.serving.protos import message
from tests.serving.test_ingress import proxy


def test_the_same_deployment_here_and_behind_an_ingress(
    deployments: Deployments, project: Project, tools: Any
) -> None:
    """A path as a cluster's ingress has it leads to what the local address leads to."""
    deployments.apply(tools.manifest("m", VERSION="1"))
    deployments.wait("m", timeout=30)
    here = address(project, "m")
    assert (here.url, here.grpc, here.metadata) == (deployments.url("m"), "", {})
    with proxy(project) as base:
        there = address(project, "m", cluster=base)
        assert there.url == f"{base}/seldon/{project.settings.namespace}/m/api/v1.0/predictions"
        asked = client.request([[1.0]])
        assert client.predict(there.url, asked) == client.predict(here.url, asked)
    with pytest.raises(ArgolaneError, match="has no address of gRPC"):
        rpc_client.predict(here.grpc, asked)


def test_an_ingress_has_an_address_for_both_protocols(project: Project) -> None:
    """gRPC has no path: metadata name the deployment; a whole URL is taken as it is, and has no gRPC."""
    space = project.settings.namespace
    named = {"seldon": "m", "namespace": space}
    path = f"/seldon/{space}/m/api/v1.0/predictions"
    assert address(project, "m", cluster="http://h:81/") == Address(f"http://h:81{path}", "h:81", named)
    secure = address(project, "m", cluster="https://seldon.example.com")
    assert (secure.url, secure.grpc) == (
        f"https://seldon.example.com{path}",
        "https://seldon.example.com:443",
    )
    whole = "http://localhost:8000/api/v1.0/predictions"
    assert address(project, "m", cluster=whole) == Address(whole, "")


@pytest.mark.parametrize(
    ("cluster", "words"),
    [
        ("cluster", "'cluster' is no address of a cluster; expected one as http://host:port"),
        ("http://h/seldon", "has a path; expected an ingress without one, such as http://h, or a URL"),
    ],
)
def test_what_is_no_address_is_told(project: Project, cluster: str, words: str) -> None:
    """With what would be one."""
    with pytest.raises(ArgolaneError, match=words):
        address(project, "m", cluster=cluster)


def test_metadata_go_with_a_call() -> None:
    """By them an ingress knows which deployment is meant."""
    import grpc

    seen: dict[str, Any] = {}

    class Anything(grpc.GenericRpcHandler):
        def service(self, call: Any) -> Any:
            seen.update(dict(call.invocation_metadata))
            said = message("SeldonMessage")(strData="hello").SerializeToString()
            return grpc.unary_unary_rpc_method_handler(lambda asked, context: said)

    server = grpc.server(ThreadPoolExecutor(1), handlers=[Anything()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        told = rpc_client.predict(
            f"127.0.0.1:{port}", {"strData": "x"}, metadata={"seldon": "m", "namespace": "n"}
        )
    finally:
        server.stop(None).wait()
    assert told["strData"] == "hello"
    assert (seen["seldon"], seen["namespace"]) == ("m", "n")
