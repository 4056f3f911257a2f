"""A SeldonDeployment in, its Deployment and Services out, as Seldon's controller makes them.

`observed/` holds what release 1.17.1 made of one SeldonDeployment; all made here starts from that.
One componentSpec a predictor; no ingress, autoscaling or storage initializer.
"""

import base64
import copy
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Object = dict[str, Any]
OBSERVED = Path(__file__).parent / "observed"
DEPLOYMENT: Object = json.loads((OBSERVED / "deployment-ab.json").read_text())
MODEL, _, ENGINE = DEPLOYMENT["spec"]["template"]["spec"]["containers"]


def short(name: str) -> str:
    return (
        name if len(name) <= 63 else "seldon-" + hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
    )


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
    values = {
        "PREDICTIVE_UNIT_PARAMETERS": dense(parameters),
        "PREDICTIVE_UNIT_ID": unit["name"],
        "MLSERVER_MODEL_NAME": unit["name"],
        "PREDICTIVE_UNIT_IMAGE": given["image"],
        "PREDICTOR_ID": predictor,
        "PREDICTOR_LABELS": dense({"version": predictor}),
        "SELDON_DEPLOYMENT_ID": sdep,
    }
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
    orchestrator = predictor.get("svcOrchSpec") or {}
    spec = {**predictor["componentSpecs"][0]["spec"], "containers": containers}
    read = {
        "name": predictor["name"],
        "graph": graph,
        "componentSpecs": [{"metadata": {"creationTimestamp": None}, "spec": spec}],
        "replicas": 0,
        "engineResources": {},
        "labels": {"version": predictor["name"]},
        "svcOrchSpec": orchestrator,
    }
    made: Object = copy.deepcopy(ENGINE)
    names = {
        "ab": sdep["metadata"]["name"],
        "demo": sdep["metadata"]["namespace"],
        "default": predictor["name"],
    }
    encoded = {"name": "ENGINE_PREDICTOR", "value": base64.b64encode(dense(read).encode()).decode()}
    return {
        **made,
        "image": image,
        "args": [names.get(argument, argument) for argument in made["args"]],
        "env": [encoded, made["env"][1], *(orchestrator.get("env") or [])],
        "resources": orchestrator.get("resources") or {"requests": {"cpu": "500m", "memory": "512Mi"}},
    }


def objects(sdep: Object, predictor: Object, image: str) -> tuple[Object, list[Object]]:
    """One predictor's Deployment and Services, in the names and labels that were observed."""
    name, version = sdep["metadata"]["name"], predictor["name"]
    base, given = short(f"{name}-{version}"), predictor["componentSpecs"][0]
    names = [c["name"] for c in given["spec"]["containers"]]
    of = {unit["name"]: unit for unit in units(predictor["graph"])}
    containers = [
        container(c, n, name, version, of[c["name"]]) for n, c in enumerate(given["spec"]["containers"])
    ]
    own = given.get("metadata") or {}
    title = short(f"{name}-{version}-0-{own.get('name') or '-'.join(names)}")
    services = {f"seldon-app-svc-{c}": short(f"{base}-{c}") for c in names}
    common = {"app.kubernetes.io/managed-by": "seldon-core", "seldon-app": base, "seldon-deployment-id": name}
    labels = {**(own.get("labels") or {}), **common, **services, "app": title, "fluentd": "true"}
    labels |= {"seldon.io/model": "true", "version": version}
    owner = {
        "apiVersion": sdep["apiVersion"],
        "kind": sdep["kind"],
        "name": name,
        "uid": sdep["metadata"]["uid"],
    }

    def metadata(title: str, labels: Object) -> Object:
        owners = [{**owner, "blockOwnerDeletion": True, "controller": True}]
        return {
            "name": title,
            "namespace": sdep["metadata"]["namespace"],
            "labels": labels,
            "ownerReferences": owners,
        }

    def service(title: str, selector: Object, labels: Object, **ports: int) -> Object:
        listed = [{"name": n, "port": p, "protocol": "TCP", "targetPort": p} for n, p in ports.items()]
        spec = {"ports": listed, "selector": selector, "type": "ClusterIP"}
        return {"apiVersion": "v1", "kind": "Service", "metadata": metadata(title, labels), "spec": spec}

    listed = [service(base, {"seldon-app": base}, common, http=8000, grpc=5001)]
    for n, (label, name_) in enumerate(services.items()):
        mine = {**common, label: name_, "seldon.io/model": "true"}
        listed.append(service(name_, {label: name_}, mine, http=9000 + n, grpc=9500 + n))

    spec = copy.deepcopy(DEPLOYMENT["spec"])
    pod = spec["template"]["spec"]
    volumes = [*(given["spec"].get("volumes") or []), *pod["volumes"]]
    all_containers = [*containers, engine(sdep, predictor, containers, image)]
    spec["template"]["spec"] = {**pod, **given["spec"], "containers": all_containers, "volumes": volumes}
    spec["template"]["metadata"]["labels"] = labels
    spec["selector"] = {"matchLabels": {"seldon-app": base, **services, "seldon-deployment-id": name}}
    spec["replicas"] = given.get("replicas") or predictor.get("replicas") or sdep["spec"].get("replicas") or 1
    body = metadata(title, {**labels, "seldon-deployment-contains-svcorch": "true"})
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": body, "spec": spec}, listed
