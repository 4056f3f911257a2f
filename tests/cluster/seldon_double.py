"""SeldonDeployments in; Deployments, Services and status out: as much of Seldon's controller as tests need.

`observed/` holds what release 1.17.1 made of one SeldonDeployment, and all made here starts from that. One
componentSpec a predictor; no ingress or autoscaling; argolane's own orchestrator; a storage initializer whose
image is in $STORAGE_INITIALIZER, that of a prepackaged server in its container.
"""

import argparse
import base64
import copy
import hashlib
import json
import os
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
TAKES = {"cpu": "500m", "memory": "512Mi"}  # the orchestrator, unless svcOrchSpec says otherwise
MERGE = "application/merge-patch+json"
NO_PROGRESS = "Deployment is no longer progressing and not available."
OWN_CODE = ("", "UNKNOWN_IMPLEMENTATION", "RANDOM_ABTEST")  # any other implementation is a prepackaged server
SERVERS = {"MLFLOW_SERVER": "seldonio/mlflowserver:1.17.1", "MY_SERVER": "example/model:1"}
INITIALIZER = os.environ.get("STORAGE_INITIALIZER", "seldonio/rclone-storage-initializer:1.17.1")
MODELS = "/mnt/models"
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


def prepackaged(unit: Object) -> bool:
    return unit.get("implementation", "") not in OWN_CODE


def completed(predictor: Object) -> Object:
    """The predictor with the containers and images of its prepackaged servers, which are MODELs."""
    done = copy.deepcopy(predictor)
    spec = (done.setdefault("componentSpecs", [{"spec": {"containers": []}}]) or [{}])[0]["spec"]
    for unit in filter(prepackaged, units(done["graph"])):
        unit.setdefault("type", "MODEL")
        named = [c for c in spec["containers"] if c["name"] == unit["name"]]
        if not named:
            named = [{"name": unit["name"], "resources": {}}]
            spec["containers"] += named
        if not named[0].get("image"):
            named[0]["image"] = SERVERS[unit["implementation"]]
    return done


def fetching(unit: Object) -> tuple[Object, list[Object], list[Object]]:
    """A node's initializer, the volumes that the pod has for it, and what the node's container mounts."""
    uri, name = unit["modelUri"], f"{unit['name']}-provision-location"
    volumes: list[Object] = [{"name": name, "emptyDir": {}}]
    mounts: list[Object] = [{"name": name, "mountPath": MODELS}]
    source: list[Object] = []
    if uri.startswith("pvc://"):
        claim, _, path = uri.removeprefix("pvc://").partition("/")
        source = [{"name": "kfserving-pvc-source", "mountPath": "/mnt/pvc", "readOnly": True}]
        held = {"name": "kfserving-pvc-source", "persistentVolumeClaim": {"claimName": claim}}
        volumes, uri = [held, *volumes], f"/mnt/pvc/{path}"
    made = {
        "name": f"{unit['name']}-model-initializer",
        "image": unit.get("storageInitializerImage") or INITIALIZER,
        "imagePullPolicy": "IfNotPresent",
        "args": [uri, MODELS],
        "resources": {
            "limits": {"cpu": "1", "memory": "1Gi"},
            "requests": {"cpu": "100m", "memory": "100Mi"},
        },
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "volumeMounts": [*source, *mounts],
    }
    if unit.get("envSecretRefName"):
        made["envFrom"] = [{"secretRef": {"name": unit["envSecretRefName"]}}]
    return made, volumes, [*source, {**mounts[0], "readOnly": True}]


def of_kind(unit: Object) -> Object:
    """The label of what serves such a unit."""
    return {f"seldon.io/{unit.get('type', 'MODEL').lower().replace('_', '-')}": "true"}


def container(given: Object, number: int, sdep: str, predictor: Object, unit: Object) -> Object:
    """A model's container: as the user wrote it, with the controller's ports, environment and probes."""
    recorded = dense({k: v for k, v in MODEL.items() if k not in ("name", "image")})
    for first in (9000, 9500, 6000):
        recorded = recorded.replace(str(first), str(first + number))
    made: Object = json.loads(recorded)
    parameters = [{k: p[k] for k in ("name", "value", "type")} for p in unit.get("parameters") or []]
    if prepackaged(unit):
        parameters.append({"name": "model_uri", "value": MODELS, "type": "STRING"})
    values = dict.fromkeys(("PREDICTIVE_UNIT_ID", "MLSERVER_MODEL_NAME"), unit["name"])
    values |= {"PREDICTIVE_UNIT_IMAGE": given["image"], "SELDON_DEPLOYMENT_ID": sdep}
    told = {**(predictor.get("labels") or {}), "version": predictor["name"]}
    values |= {"PREDICTOR_ID": predictor["name"], "PREDICTOR_LABELS": dense(dict(sorted(told.items())))}
    values["PREDICTIVE_UNIT_PARAMETERS"] = dense(parameters)
    own = given.get("env") or []
    users = {"MODEL_NAME", "SERVICE_TYPE", *(variable["name"] for variable in own)}
    if not parameters:
        users.add("PREDICTIVE_UNIT_PARAMETERS")  # left out, not empty
    added = [{**v, "value": values.get(v["name"], v["value"])} for v in made["env"] if v["name"] not in users]
    mounts = [*(given.get("volumeMounts") or []), *made["volumeMounts"]]
    if unit.get("modelUri"):
        added.append({"name": "MLSERVER_MODEL_URI", "value": MODELS})
        mounts += fetching(unit)[2]
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
        "resources": own.get("resources") or {"requests": dict(TAKES), "limits": dict(TAKES)},
    }


def objects(sdep: Object, predictor: Object, image: str) -> tuple[Object, list[Object]]:
    """One predictor's Deployment and Services, in the names and labels that were observed."""
    predictor = completed(predictor)
    name, version = sdep["metadata"]["name"], predictor["name"]
    base, given = short(f"{name}-{version}"), predictor["componentSpecs"][0]
    asked, own = given["spec"]["containers"], given.get("metadata") or {}
    of = {unit["name"]: unit for unit in units(predictor["graph"])}
    containers = [container(c, n, name, predictor, of[c["name"]]) for n, c in enumerate(asked)]
    title = short(f"{name}-{version}-0-{own.get('name') or '-'.join(c['name'] for c in asked)}")
    services = {f"seldon-app-svc-{c['name']}": short(f"{base}-{c['name']}") for c in asked}
    common = {"app.kubernetes.io/managed-by": "seldon-core", "seldon-app": base, "seldon-deployment-id": name}
    labels = {
        **(predictor.get("labels") or {}),
        **(own.get("labels") or {}),
        **common,
        **services,
        "app": title,
        "fluentd": "true",
    }
    labels |= {k: v for c in asked for k, v in of_kind(of[c["name"]]).items()} | {"version": version}
    owner = {"apiVersion": sdep["apiVersion"], "kind": sdep["kind"], "name": name}
    owner |= {"uid": sdep["metadata"]["uid"], "blockOwnerDeletion": True, "controller": True}

    of_predictor = predictor.get("annotations") or {}
    noted = {**(sdep["spec"].get("annotations") or {}), **of_predictor, **(own.get("annotations") or {})}

    def made(version: str, kind: str, name: str, labels: Object, spec: Object) -> Object:
        metadata = {"name": name, "namespace": sdep["metadata"]["namespace"], "labels": labels}
        metadata["ownerReferences"] = [owner]
        if annotations := noted if kind == "Deployment" else of_predictor:
            metadata["annotations"] = annotations
        return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}

    def service(name: str, selector: Object, labels: Object, **ports: int) -> Object:
        listed = [{"name": n, "port": p, "protocol": "TCP", "targetPort": p} for n, p in ports.items()]
        spec = {"ports": listed, "selector": selector, "type": "ClusterIP"}
        return made("v1", "Service", name, labels, spec)

    listed = [service(base, {"seldon-app": base}, common, http=8000, grpc=5001)]
    for n, (label, name_) in enumerate(services.items()):
        mine = {**common, label: name_, **of_kind(of[asked[n]["name"]])}
        listed.append(service(name_, {label: name_}, mine, http=9000 + n, grpc=9500 + n))

    spec = copy.deepcopy(DEPLOYMENT["spec"])
    pod, own = spec["template"]["spec"], given["spec"]
    everything = [*containers, engine(sdep, predictor, containers, image)]
    fetched = [fetching(unit) for unit in units(predictor["graph"]) if unit.get("modelUri")]
    more = [volume for _, needed, _ in fetched for volume in needed]
    volumes = [*(own.get("volumes") or []), *pod["volumes"], *more]
    spec["template"]["spec"] = {**pod, **own, "containers": everything, "volumes": volumes}
    if first := [*(own.get("initContainers") or []), *(made for made, _, _ in fetched)]:
        spec["template"]["spec"]["initContainers"] = first
    about = spec["template"]["metadata"]
    about |= {"labels": labels, "annotations": {**(about.get("annotations") or {}), **noted}}
    if predictor.get("progressDeadlineSeconds"):
        spec["progressDeadlineSeconds"] = predictor["progressDeadlineSeconds"]
    spec["selector"] = {"matchLabels": {"seldon-app": base, **services, "seldon-deployment-id": name}}
    spec["replicas"] = given.get("replicas") or predictor.get("replicas") or sdep["spec"].get("replicas") or 1
    outside = {**labels, "seldon-deployment-contains-svcorch": "true"}
    return made("apps/v1", "Deployment", title, outside, spec), listed


def ready(deployment: Object) -> bool:
    """As the controller looks at it: generations do not matter, so an old status passes for a new one."""
    have = deployment.get("status") or {}
    return bool(have.get("availableReplicas")) and not have.get("unavailableReplicas")


def stuck(deployment: Object) -> bool:
    """Past its progress deadline with nothing available; an old pod that answers keeps it from that."""
    have = deployment.get("status") or {}
    reasons = {c["type"]: c.get("reason") for c in have.get("conditions") or []}
    return reasons.get("Progressing") == "ProgressDeadlineExceeded" and not have.get("availableReplicas")


def status(
    sdep: Object, deployments: list[Object], services: list[Object], *, failure: str = "", wrote: bool = False
) -> Object:
    """The status that the controller writes; `wrote` when it has just changed a Deployment.

    `failure` is why it could not make one. `deployments` are all that it owns, those on their way out too.
    """
    name, namespace = sdep["metadata"]["name"], sdep["metadata"]["namespace"]
    failure = failure or (NO_PROGRESS if any(map(stuck, deployments)) else "")
    good, now = (
        not failure and not wrote and all(map(ready, deployments)),
        datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
    said = {c["type"]: c for c in (sdep.get("status") or {}).get("conditions") or []}
    conditions, counts, ends = [], {}, {}
    for condition in AVAILABLE["conditions"]:
        new = {**condition, "status": "True" if good or condition["type"] in ALWAYS else "False"}
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
    pods = (deployments[-1].get("status") or {}).get("replicas") if deployments else None  # seen, and no sum
    return {
        "state": "Failed" if failure else "Available" if good else "Creating",
        **({"description": failure} if failure else {}),
        "address": {"url": f"http://{first}/api/v1.0/predictions"},
        **({"replicas": pods} if pods else {}),
        "deploymentStatus": counts,
        "serviceStatus": ends,
        "conditions": conditions,
    }


def rewritten(deployment: Object, before: Object) -> Object:
    """A predictor without `replicas` has its Deployment changed in each pass, from the first update on."""
    spec = {**deployment["spec"], "revisionHistoryLimit": 11 - before["metadata"]["generation"] % 2}
    return {**deployment, "spec": spec}


def reconcile(sdep: Object, cluster: Any, image: str) -> Iterator[Object]:
    """One pass over a SeldonDeployment: changes what is not as it should be, yields each status in turn.

    `cluster` reads, lists what is owned, applies and deletes.
    """
    wanted = [(p, *objects(sdep, p, image)) for p in sdep["spec"]["predictors"]]
    services = [cluster.apply(service) for _, _, listed in wanted for service in listed]
    seen, wrote = [], False
    for predictor, deployment, _ in wanted:
        before = cluster.read("Deployment", deployment["metadata"]["name"])
        if before and before["spec"]["selector"] != deployment["spec"]["selector"]:
            # Which cannot be changed: away with it first, and no service meanwhile.
            cluster.delete(before)
            name = before["metadata"]["name"]
            why = f'object is being deleted: deployments.apps "{name}" already exists'
            yield status(sdep, [before], services, failure=why)
            return
        if before and "replicas" not in predictor and before["metadata"]["generation"] > 1:
            deployment = rewritten(deployment, before)
        after = cluster.apply(deployment)
        if before and after["metadata"]["generation"] != before["metadata"]["generation"]:
            wrote = True
            seen.append({**after, "status": before.get("status")})
        else:
            seen.append(after)
    names = {o["metadata"]["name"] for o in (*seen, *services)}
    rest = [o for o in cluster.owned(sdep) if o["metadata"]["name"] not in names]
    leaving = [o for o in rest if o["kind"] == "Deployment"]
    if wrote:
        yield status(sdep, [*leaving, *seen], services, wrote=True)
    yield status(sdep, [*leaving, *seen], services)
    if all(map(ready, seen)) and not wrote:
        for gone in rest:
            cluster.delete(gone)


class Api:
    """A namespace of the cluster, as `reconcile` needs it."""

    def __init__(self, api: DynamicClient, namespace: str) -> None:
        self.api, self.namespace = api, namespace

    def _kind(self, kind: str) -> Any:
        return self.api.resources.get(api_version="apps/v1" if kind == "Deployment" else "v1", kind=kind)

    def read(self, kind: str, name: str) -> Object | None:
        try:
            return dict(self._kind(kind).get(name=name, namespace=self.namespace).to_dict())
        except exceptions.NotFoundError:
            return None

    def apply(self, body: Object) -> Object:
        try:
            return dict(self._kind(body["kind"]).patch(body=body, content_type=MERGE).to_dict())
        except exceptions.NotFoundError:
            return dict(self._kind(body["kind"]).create(body=body).to_dict())

    def owned(self, sdep: Object) -> list[Object]:
        label = f"seldon-deployment-id={sdep['metadata']['name']}"
        found = []
        for kind in ("Deployment", "Service"):
            listed = self._kind(kind).get(namespace=self.namespace, label_selector=label).to_dict()["items"]
            found += [{**item, "kind": kind} for item in listed]
        return found

    def delete(self, body: Object) -> None:
        options = {"propagationPolicy": "Foreground"}
        name = body["metadata"]["name"]
        self._kind(body["kind"]).delete(name=name, namespace=self.namespace, body=options)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--image", required=True, help="the orchestrator's image")
    image = parser.parse_args().image
    api = DynamicClient(config.new_client_from_config())
    deployed = api.resources.get(api_version="machinelearning.seldon.io/v1", kind="SeldonDeployment")

    def passed(sdep: Object) -> None:
        where, said = {k: sdep["metadata"][k] for k in ("name", "namespace")}, sdep.get("status") or {}
        for new in reconcile(sdep, Api(api, where["namespace"]), image):
            if new != said:
                # A merge patch keeps what it does not name.
                gone = {key: None for key in said if key not in new}
                counts = dict.fromkeys(said.get("deploymentStatus") or {}) | new["deploymentStatus"]
                body = {"status": {**gone, **new, "deploymentStatus": counts}}
                deployed.status.patch(body=body, content_type=MERGE, **where)
                said = new

    while True:
        try:
            for sdep in deployed.get().to_dict()["items"]:
                if not sdep["metadata"].get("deletionTimestamp"):
                    passed(sdep)
        except (client.ApiException, HTTPError) as error:
            print(f"{datetime.now(UTC):%H:%M:%S} tried again after: {error}", flush=True)  # noqa: T201
        time.sleep(1)


if __name__ == "__main__":
    main()
