"""The current kube context in, Argo's objects out; what the cluster refuses becomes an error of ours."""

import base64
import gzip
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from kubernetes.config.config_exception import ConfigException
from urllib3.exceptions import HTTPError
from yaml import YAMLError

from argolane.errors import ArgolaneError

GROUP, VERSION = "argoproj.io", "v1alpha1"
SELDON = ("machinelearning.seldon.io", "v1", "seldondeployments")
Object = dict[str, Any]


@dataclass(frozen=True)
class Cluster:
    """One namespace of the cluster that the current kube context names."""

    client: Any
    namespace: str

    @property
    def objects(self) -> Any:
        return client.CustomObjectsApi(self.client)

    @property
    def core(self) -> Any:
        return client.CoreV1Api(self.client)

    def read(self, plural: str, name: str) -> Object | None:
        """One of Argo's objects; None when there is none of that name."""
        try:
            found = self.objects.get_namespaced_custom_object(GROUP, VERSION, self.namespace, plural, name)
        except ApiException as error:
            if error.status == 404 and name in str(error.body):
                return None
            raise
        return dict(found)

    def read_all(self, plural: str) -> list[Object]:
        found = self.objects.list_namespaced_custom_object(GROUP, VERSION, self.namespace, plural)
        return list(found["items"])

    def create(self, plural: str, body: Object) -> Object:
        return dict(
            self.objects.create_namespaced_custom_object(GROUP, VERSION, self.namespace, plural, body)
        )


@contextmanager
def connected(namespace: str) -> Iterator[Cluster]:
    """The cluster of the current kube context, or the one this process runs in; errors are ArgolaneErrors."""
    try:
        try:
            config.load_kube_config()  # type: ignore[no-untyped-call]
        except ConfigException:
            config.load_incluster_config()  # type: ignore[no-untyped-call]
    except (OSError, YAMLError, TypeError, ValueError) as error:
        words = " ".join(str(error).split())
        raise ArgolaneError(f"No cluster: the kube config cannot be read: {words}") from None
    except ConfigException:
        raise ArgolaneError(
            "No cluster: there is no kube context. Set KUBECONFIG, or `kubectl config use-context NAME`; "
            "without a cluster use --on local."
        ) from None
    api = client.ApiClient()
    # A cluster that is not there is said after seconds, not after three minutes of retries.
    api.rest_client.pool_manager.connection_pool_kw.update(retries=1, timeout=30)
    host = api.configuration.host
    try:
        yield Cluster(api, namespace)
    except ApiException as error:
        raise ArgolaneError(_refused(error, host, namespace)) from None
    except HTTPError as error:
        reason = str(getattr(error, "reason", None) or error)
        raise ArgolaneError(f"{host}: no answer from the cluster: {reason}") from None
    finally:
        api.close()  # type: ignore[no-untyped-call]


def _refused(error: Any, host: str, namespace: str) -> str:
    try:
        message = str(json.loads(error.body)["message"])
    except (TypeError, ValueError, KeyError):
        message = str(error.body or error.reason).strip()
    if error.status == 401:
        return f"{host}: the cluster does not accept these credentials: {message}."
    if error.status == 403:
        return f"{host}: not allowed in namespace {namespace!r}: {message}."
    if error.status == 404 and ("could not find" in message or "page not found" in message):
        return f"{host}: Argo Workflows is not installed here. docs/operations.md says how to install it."
    return f"{host}: {message}"


def status_of(workflow: Mapping[str, Any]) -> Object:
    """The `.status` of a Workflow with its nodes, which Argo compresses when there are many."""
    status = dict(workflow.get("status") or {})
    packed = status.pop("compressedNodes", None)
    if packed and not status.get("nodes"):
        status["nodes"] = json.loads(gzip.decompress(base64.b64decode(packed)))
    return status
