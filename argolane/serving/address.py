"""A deployment's name in, where it is asked out: on this machine, or behind the ingress of a cluster.

For notebooks, and whoever asks the same of both.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from argolane.errors import ArgolaneError
from argolane.project import Project
from argolane.serving import status
from argolane.serving.deployments import Deployments


@dataclass(frozen=True)
class Address:
    """`url` takes predictions over REST; `grpc`, host:port or the https address of one, over gRPC.

    `grpc` is empty where there is none. By `metadata` an ingress finds the deployment of a call.
    """

    url: str
    grpc: str
    metadata: Mapping[str, str] = field(default_factory=dict)


def address(project: Project, name: str, *, cluster: str = "") -> Address:
    """Of the deployment of that name: on this machine, unless `cluster` says where else. ArgolaneError.

    That is its ingress, "https://seldon.example.com", where the mappings for Istio and Ambassador have the
    deployment by the path /seldon/<namespace>/<name>, and by gRPC's metadata; or a whole URL, as of a
    port-forward: "http://localhost:8000/api/v1.0/predictions". The namespace is argolane.toml's.
    """
    if not cluster:
        here = Deployments(project)
        return Address(here.url(name), status.grpc_address(here.get(name)))
    parts = urlsplit(cluster)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ArgolaneError(f"{cluster!r} is no address of a cluster; expected one as http://host:port.")
    if parts.path.strip("/"):
        if not parts.path.endswith("/predictions"):
            raise ArgolaneError(
                f"{cluster!r} has a path; expected an ingress without one, such as"
                f" {parts.scheme}://{parts.netloc}, or a URL that ends in {status.PREDICTIONS}."
            )
        return Address(cluster, "")
    namespace = project.settings.namespace
    port = parts.port or (443 if parts.scheme == "https" else 80)
    secure = "https://" if parts.scheme == "https" else ""
    return Address(
        f"{parts.scheme}://{parts.netloc}/seldon/{namespace}/{name}{status.PREDICTIONS}",
        f"{secure}{parts.hostname}:{port}",
        {"seldon": name, "namespace": namespace},
    )
