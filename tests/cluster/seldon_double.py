"""SeldonDeployments in, Deployments, Services and status out: as much of the controller as tests need.

Seldon's own cannot be had where the tests run. Looks once a second; the orchestrator is argolane's own,
from the image given.
"""

import argparse
import hashlib
import json
import time
from datetime import UTC, datetime

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from seldon_objects import OBSERVED, Object, dense, objects, short
from urllib3.exceptions import HTTPError

AVAILABLE: Object = json.loads((OBSERVED / "sdep-ab-available.json").read_text())["status"]
ALWAYS = ("HpasReady", "KedaReady", "PdbsReady")  # True from the start, for there are none
PLURAL = ("machinelearning.seldon.io", "v1", "seldondeployments")


def status(sdep: Object, deployments: list[Object], services: list[Object]) -> Object:
    """Available once all pods are new and ready; Creating until then, whatever is the matter."""
    name, namespace = sdep["metadata"]["name"], sdep["metadata"]["namespace"]
    ready, counts = True, {}
    for d in deployments:
        have, want = d.get("status") or {}, d["spec"]["replicas"]
        current = have.get("observedGeneration") == d["metadata"]["generation"]
        ready &= current and want == have.get("updatedReplicas") == have.get("availableReplicas") == have.get(
            "replicas"
        )
        counts[d["metadata"]["name"]] = {k: have[k] for k in ("availableReplicas", "replicas") if have.get(k)}
    ends = {s["metadata"]["name"]: {p["name"]: p["port"] for p in s["spec"]["ports"]} for s in services}
    first = f"{short(name + '-' + sdep['spec']['predictors'][0]['name'])}.{namespace}.svc.cluster.local:8000"
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    said = {c["type"]: c for c in (sdep.get("status") or {}).get("conditions") or []}
    conditions = []
    for condition in AVAILABLE["conditions"]:
        new = {**condition, "status": "True" if ready or condition["type"] in ALWAYS else "False"}
        old = said.get(condition["type"]) or {}
        same = old.get("status") == new["status"]
        conditions.append(new | {"lastTransitionTime": old["lastTransitionTime"] if same else now})
    return {
        "state": "Available" if ready else "Creating",
        "address": {"url": f"http://{first}/api/v1.0/predictions"},
        "replicas": sum(d["spec"]["replicas"] for d in deployments),
        "deploymentStatus": counts,
        "serviceStatus": {
            n: {"svcName": n, **{f"{kind}Endpoint": f"{n}.{namespace}:{p}" for kind, p in ports.items()}}
            for n, ports in ends.items()
        },
        "conditions": conditions,
    }


def reconcile(api: client.ApiClient, sdep: Object, image: str) -> None:
    apps, core = client.AppsV1Api(api), client.CoreV1Api(api)
    namespace, deployments, services = sdep["metadata"]["namespace"], [], []
    for predictor in sdep["spec"]["predictors"]:
        deployment, listed = objects(sdep, predictor, image)
        mark = hashlib.sha256(dense(deployment["spec"]).encode()).hexdigest()[:16]
        deployment["metadata"]["annotations"] = {"seldon.io/last-applied": mark}
        services += listed
        title = deployment["metadata"]["name"]
        try:
            found = apps.read_namespaced_deployment(title, namespace)
            if (found.metadata.annotations or {}).get("seldon.io/last-applied") != mark:
                found = apps.replace_namespaced_deployment(title, namespace, deployment)
        except ApiException as error:
            if error.status != 404:
                raise
            found = apps.create_namespaced_deployment(namespace, deployment)
        deployments.append(api.sanitize_for_serialization(found))
    for service in services:
        try:
            core.create_namespaced_service(namespace, service)
        except ApiException as error:
            if error.status != 409:
                raise
    new = status(sdep, deployments, services)
    if new != sdep.get("status"):
        client.CustomObjectsApi(api).patch_namespaced_custom_object_status(
            *PLURAL[:2], namespace, PLURAL[2], sdep["metadata"]["name"], {"status": new}
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--image", required=True, help="the orchestrator's image")
    image = parser.parse_args().image
    config.load_kube_config()
    api = client.ApiClient()
    while True:
        try:
            for sdep in client.CustomObjectsApi(api).list_cluster_custom_object(*PLURAL)["items"]:
                if not sdep["metadata"].get("deletionTimestamp"):
                    reconcile(api, sdep, image)
        except (ApiException, HTTPError) as error:
            print(f"{datetime.now(UTC):%H:%M:%S} tried again after: {error}", flush=True)  # noqa: T201
        time.sleep(1)


if __name__ == "__main__":
    main()
