"""A kubeconfig and a namespace in, a real cluster that plays cases out."""

import json
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import yaml
from kubernetes import config
from snapshot import View

_TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


class LabCluster:
    """One namespace, made new and removed in the end."""

    settled, within, every = 1.5, 120.0, 0.25

    def __init__(self, kubeconfig: str, namespace: str) -> None:
        self.kubeconfig, self.namespace = kubeconfig, namespace
        known = config.new_client_from_config(config_file=kubeconfig).configuration
        trust = ssl.create_default_context(cafile=known.ssl_ca_cert)
        if known.cert_file:
            trust.load_cert_chain(known.cert_file, known.key_file)
        token = known.get_api_key_with_prefix("BearerToken")
        self.http = httpx.Client(
            base_url=known.host, verify=trust, headers={"Authorization": token} if token else {}, timeout=30
        )

    def __enter__(self) -> "LabCluster":
        self._kubectl("delete", "namespace", self.namespace, "--ignore-not-found")
        done = self._kubectl("create", "namespace", self.namespace)
        assert done.returncode == 0, done.stderr
        end = time.monotonic() + 30
        while self._kubectl("get", "serviceaccount", "default").returncode:
            assert time.monotonic() < end, "The namespace has no account."
            time.sleep(0.2)
        return self

    def __exit__(self, *_: object) -> None:
        self._kubectl("delete", "namespace", self.namespace, "--wait=false")
        self.http.close()

    def change(self, verb: str, what: Any) -> dict[str, Any]:
        if verb in ("apply", "create"):
            documents = what if isinstance(what, list) else [what]
            done = self._kubectl(verb, "--filename=-", text=yaml.safe_dump_all(documents))
        elif verb == "patch":
            ((target, change),) = what.items()
            done = self._kubectl("patch", target, f"--patch={json.dumps(change)}")
        elif verb == "scale":
            ((name, replicas),) = what.items()
            done = self._kubectl("scale", f"deployment/{name}", f"--replicas={replicas}")
        else:
            done = self._kubectl("delete", what)
        if done.returncode == 0:
            return {"said": done.stdout.strip()}
        refused: dict[str, Any] = {"refused": done.stderr.strip()}
        if verb in ("apply", "create"):
            refused["causes"] = [cause for document in documents for cause in self._causes(document)]
        return refused

    def _causes(self, document: Any) -> list[dict[str, str]]:
        """What the API server itself says of a document: the field, and what is wrong with it."""
        kind, name = document["kind"], document["metadata"].get("name", "")
        group = "/apis/apps/v1" if kind == "Deployment" else "/api/v1"
        path = f"{group}/namespaces/{self.namespace}/{kind.lower()}s"
        exists = name and self._kubectl("get", f"{kind.lower()}/{name}").returncode == 0
        method, path = ("PATCH", f"{path}/{name}") if exists else ("POST", path)
        answer = self.http.request(
            method,
            path,
            params={"dryRun": "All", "fieldValidation": "Strict"},
            headers={"Content-Type": "application/merge-patch+json" if exists else "application/json"},
            content=json.dumps(document),
        )
        if answer.is_success:
            return []
        return list((answer.json().get("details") or {}).get("causes") or [])

    def view(self) -> View:
        base = f"/namespaces/{self.namespace}"
        table = self._read(f"/api/v1{base}/pods?includeObject=Object", _TABLE)
        column = [c["name"] for c in table["columnDefinitions"]].index("Status")
        pods = [row["object"] for row in table["rows"] or []]
        columns = {row["object"]["metadata"]["name"]: row["cells"][column] for row in table["rows"] or []}
        return View(
            deployments=self._read(f"/apis/apps/v1{base}/deployments")["items"],
            replica_sets=self._read(f"/apis/apps/v1{base}/replicasets")["items"],
            pods=pods,
            slices=self._read(f"/apis/discovery.k8s.io/v1{base}/endpointslices")["items"],
            columns=columns,
        )

    def _read(self, path: str, accept: str = "application/json") -> Any:
        answer = self.http.get(path, headers={"Accept": accept})
        answer.raise_for_status()
        return answer.json()

    def address(self, service: str, port: int) -> tuple[str, int]:
        """The Service's own: the lab's node is this machine."""
        found = self._read(f"/api/v1/namespaces/{self.namespace}/services/{service}")
        return found["spec"]["clusterIP"], port

    def statuses(self, deployment: str, stop: threading.Event) -> Iterator[Mapping[str, Any]]:
        """The status, with as many replicas as the controller asks for: a ReplicaSet reports its own late."""
        base = f"/apis/apps/v1/namespaces/{self.namespace}"
        while not stop.is_set():
            wanted = sum(rs["spec"]["replicas"] for rs in self._read(f"{base}/replicasets")["items"])
            yield {**self._read(f"{base}/deployments/{deployment}")["status"], "replicas": wanted}
            time.sleep(0.03)

    def _kubectl(self, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        command = ["kubectl", f"--kubeconfig={self.kubeconfig}", f"--namespace={self.namespace}", *arguments]
        return subprocess.run(command, input=text, capture_output=True, text=True, timeout=120, check=False)
