"""SeldonDeployments in; Deployments, Services and status out: as much of Seldon's controller as tests need.

`observed/` holds what release 1.17.1 made of one SeldonDeployment, and all made here starts from that. One
componentSpec a predictor; no ingress, autoscaling or storage initializer; argolane's own orchestrator.
"""

import argparse
import base64
import copy
import hashlib
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kubernetes import client, config
from kubernetes.dynamic import DynamicClient, exceptions
from urllib3.exceptions import HTTPError

Object = dict[str, Any]
OBSERVED = Path(__file__).parent / "observed"
DEPLOYMENT: Object = json.loads((OBSERVED / "deployment-ab.json").read_text())
MODEL, _, ENGINE = DEPLOYMENT["spec"]["template"]["spec"]["containers"]
AVAILABLE: Object = json.loads((OBSERVED / "sdep-ab-available.json").read_text())["status"]
MERGE = "application/merge-patch+json"
ALWAYS = ("HpasReady", "KedaReady", "PdbsReady")  # True from the start, for there are none


def short(name: str) -> str:
    digest = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
    return name if len(name) <= 63 else f"seldon-{digest}"


def dense(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def units(graph: Object) -> Iterator[Object]:
    yield graph
    for child in graph.get("children") or []:
        yield from units(child)


def container(given: Object, number: int, sdep: str, predictor: str, unit: Object) -> Object:
    """A model's container: as the user wrote it, with the controller's ports, environment and probes."""
    recorded = dense({k: v for k, v in MODEL.items() if k not in ("name", "image")})
    for first in (9000, 9500, 6000):
        recorded = recorded.replace(str(first), str(first + number))
    made: Object = json.loads(recorded)
    parameters = [{k: p[k] for k in ("name", "value", "type")} for p in unit.get("parameters") or []]
    values = dict.fromkeys(("PREDICTIVE_UNIT_ID", "MLSERVER_MODEL_NAME"), unit["name"])
    values |= {"PREDICTIVE_UNIT_IMAGE": given["image"], "SELDON_DEPLOYMENT_ID": sdep}
    values |= {"PREDICTOR_ID": predictor, "PREDICTOR_LABELS": dense({"version": predictor})}
    values["PREDICTIVE_UNIT_PARAMETERS"] = dense(parameters)
    own = given.get("env") or []
    users = {"MODEL_NAME", "SERVICE_TYPE", *(variable["name"] for variable in own)}
    added = [{**v, "value": values.get(v["name"], v["value"])} for v in made["env"] if v["name"] not in users]
    mounts = [*(given.get("volumeMounts") or []), *made["volumeMounts"]]
    return {**made, **given, "env": [*own, *added], "volumeMounts": mounts}


def engine(sdep: Object, predictor: Object, containers: list[Object], image: str) -> Object:
    """The service orchestrator's container; it reads its graph from ENGINE_PREDICTOR."""
    graph, numbers = copy.deepcopy(predictor["graph"]), {c["name"]: n for n, c in enumerate(containers)}
    for unit in units(graph):
        if (n := numbers.get(unit["name"])) is not None:
            ports = {"service_port": 9000 + n, "httpPort": 9000 + n, "grpcPort": 9500 + n}
            unit["endpoint"] = {"service_host": "localhost", **ports}
            unit.setdefault("implementation", "UNKNOWN_IMPLEMENTATION")
            if not unit.get("methods"):
                unit.setdefault("type", "MODEL")
    name, own = predictor["name"], predictor.get("svcOrchSpec") or {}
    spec = {**predictor["componentSpecs"][0]["spec"], "containers": containers}
    read = {"name": name, "graph": graph, "replicas": 0, "engineResources": {}, "svcOrchSpec": own}
    listed = [{"metadata": {"creationTimestamp": None}, "spec": spec}]
    read |= {"componentSpecs": listed, "labels": {"version": name}}
    names = {"ab": sdep["metadata"]["name"], "demo": sdep["metadata"]["namespace"], "default": name}
    encoded = {"name": "ENGINE_PREDICTOR", "value": base64.b64encode(dense(read).encode()).decode()}
    return {
        **ENGINE,
        "image": image,
        "args": [names.get(argument, argument) for argument in ENGINE["args"]],
        "env": [encoded, ENGINE["env"][1], *(own.get("env") or [])],
        "resources": own.get("resources") or {"requests": {"cpu": "500m", "memory": "512Mi"}},
    }


def objects(sdep: Object, predictor: Object, image: str) -> tuple[Object, list[Object]]:
    """One predictor's Deployment and Services, in the names and labels that were observed."""
    name, version = sdep["metadata"]["name"], predictor["name"]
    base, given = short(f"{name}-{version}"), predictor["componentSpecs"][0]
    asked, own = given["spec"]["containers"], given.get("metadata") or {}
    of = {unit["name"]: unit for unit in units(predictor["graph"])}
    containers = [container(c, n, name, version, of[c["name"]]) for n, c in enumerate(asked)]
    title = short(f"{name}-{version}-0-{own.get('name') or '-'.join(c['name'] for c in asked)}")
    services = {f"seldon-app-svc-{c['name']}": short(f"{base}-{c['name']}") for c in asked}
    common = {"app.kubernetes.io/managed-by": "seldon-core", "seldon-app": base, "seldon-deployment-id": name}
    labels = {**(own.get("labels") or {}), **common, **services, "app": title, "fluentd": "true"}
    labels |= {"seldon.io/model": "true", "version": version}
    owner = {"apiVersion": sdep["apiVersion"], "kind": sdep["kind"], "name": name}
    owner |= {"uid": sdep["metadata"]["uid"], "blockOwnerDeletion": True, "controller": True}

    def made(version: str, kind: str, name: str, labels: Object, spec: Object) -> Object:
        metadata = {"name": name, "namespace": sdep["metadata"]["namespace"], "labels": labels}
        metadata["ownerReferences"] = [owner]
        return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}

    def service(name: str, selector: Object, labels: Object, **ports: int) -> Object:
        listed = [{"name": n, "port": p, "protocol": "TCP", "targetPort": p} for n, p in ports.items()]
        spec = {"ports": listed, "selector": selector, "type": "ClusterIP"}
        return made("v1", "Service", name, labels, spec)

    listed = [service(base, {"seldon-app": base}, common, http=8000, grpc=5001)]
    for n, (label, name_) in enumerate(services.items()):
        mine = {**common, label: name_, "seldon.io/model": "true"}
        listed.append(service(name_, {label: name_}, mine, http=9000 + n, grpc=9500 + n))

    spec = copy.deepcopy(DEPLOYMENT["spec"])
    pod, own = spec["template"]["spec"], given["spec"]
    everything = [*containers, engine(sdep, predictor, containers, image)]
    volumes = [*(own.get("volumes") or []), *pod["volumes"]]
    spec["template"]["spec"] = {**pod, **own, "containers": everything, "volumes": volumes}
    spec["template"]["metadata"]["labels"] = labels
    spec["selector"] = {"matchLabels": {"seldon-app": base, **services, "seldon-deployment-id": name}}
    spec["replicas"] = given.get("replicas") or predictor.get("replicas") or sdep["spec"].get("replicas") or 1
    outside = {**labels, "seldon-deployment-contains-svcorch": "true"}
    return made("apps/v1", "Deployment", title, outside, spec), listed


def rolled_out(deployment: Object) -> bool:
    have, want = deployment.get("status") or {}, deployment["spec"]["replicas"]
    counts = {have.get(count) for count in ("updatedReplicas", "availableReplicas", "replicas")}
    return have.get("observedGeneration") == deployment["metadata"]["generation"] and counts == {want}


def status(sdep: Object, deployments: list[Object], services: list[Object]) -> Object:
    """Available once all pods are new and ready; Creating until then, whatever is the matter."""
    name, namespace = sdep["metadata"]["name"], sdep["metadata"]["namespace"]
    ready, now = all(map(rolled_out, deployments)), datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    said = {c["type"]: c for c in (sdep.get("status") or {}).get("conditions") or []}
    conditions, counts, ends = [], {}, {}
    for condition in AVAILABLE["conditions"]:
        new = {**condition, "status": "True" if ready or condition["type"] in ALWAYS else "False"}
        old = said.get(condition["type"]) or {}
        since = old["lastTransitionTime"] if old.get("status") == new["status"] else now
        conditions.append(new | {"lastTransitionTime": since})
    for d in deployments:
        have = d.get("status") or {}
        counts[d["metadata"]["name"]] = {k: have[k] for k in ("availableReplicas", "replicas") if have.get(k)}
    for s in services:
        n, ports = s["metadata"]["name"], s["spec"]["ports"]
        ends[n] = {"svcName": n, **{f"{p['name']}Endpoint": f"{n}.{namespace}:{p['port']}" for p in ports}}
    first = f"{short(name + '-' + sdep['spec']['predictors'][0]['name'])}.{namespace}.svc.cluster.local:8000"
    return {
        "state": "Available" if ready else "Creating",
        "address": {"url": f"http://{first}/api/v1.0/predictions"},
        "replicas": sum(d["spec"]["replicas"] for d in deployments),
        "deploymentStatus": counts,
        "serviceStatus": ends,
        "conditions": conditions,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--image", required=True, help="the orchestrator's image")
    image = parser.parse_args().image
    api = DynamicClient(config.new_client_from_config())
    deployed = api.resources.get(api_version="machinelearning.seldon.io/v1", kind="SeldonDeployment")

    def apply(body: Object) -> Object:
        kind = api.resources.get(api_version=body["apiVersion"], kind=body["kind"])
        try:
            return dict(kind.patch(body=body, content_type=MERGE).to_dict())
        except exceptions.NotFoundError:
            return dict(kind.create(body=body).to_dict())

    def reconcile(sdep: Object) -> None:
        made = [objects(sdep, predictor, image) for predictor in sdep["spec"]["predictors"]]
        deployments = [apply(deployment) for deployment, _ in made]
        new = status(sdep, deployments, [apply(service) for _, services in made for service in services])
        if new != sdep.get("status"):
            where = {key: sdep["metadata"][key] for key in ("name", "namespace")}
            deployed.status.patch(body={"status": new}, content_type=MERGE, **where)

    while True:
        try:
            for sdep in deployed.get().to_dict()["items"]:
                if not sdep["metadata"].get("deletionTimestamp"):
                    reconcile(sdep)
        except (client.ApiException, HTTPError) as error:
            print(f"{datetime.now(UTC):%H:%M:%S} tried again after: {error}", flush=True)  # noqa: T201
        time.sleep(1)


if __name__ == "__main__":
    main()
