"""The double of Seldon's controller makes what the real one made; needs no cluster."""

import base64
import copy
import json
from typing import Any

import pytest
import seldon_double

from k8s_serving.deployment import at_defaults, deployment
from k8s_serving.graph import Split
from models.contract.spec import read_all


def observed(name: str) -> Any:
    return json.loads((seldon_double.OBSERVED / name).read_text())


def decoded(deployment: dict[str, Any]) -> dict[str, Any]:
    """The deployment with ENGINE_PREDICTOR as a value, for order in JSON text has no meaning."""
    for container in deployment["spec"]["template"]["spec"]["containers"]:
        for variable in container["env"]:
            if variable["name"] == "ENGINE_PREDICTOR":
                variable["value"] = json.loads(base64.b64decode(variable["value"]))
    return deployment


def test_deployment_is_the_observed_one() -> None:
    """Names, labels, containers, environment, probes and the orchestrator's graph are the recorded."""
    sdep = observed("sdep-ab-available.json")
    made, _ = seldon_double.objects(
        sdep, sdep["spec"]["predictors"][0], "seldonio/seldon-core-executor:1.17.1"
    )
    real = decoded(observed("deployment-ab.json"))
    assert decoded(made)["spec"] == real["spec"]
    for key in ("name", "namespace", "labels", "ownerReferences"):
        assert made["metadata"][key] == real["metadata"][key]


@pytest.mark.parametrize(
    "shape",
    ["mlflow-s3", "mlflow-pvc", "mlflow-override-no-image", "mlflow-after-transformer", "custom-modeluri",
     "custom-server"],
)  # fmt: skip
def test_models_are_fetched_as_observed(shape: str) -> None:
    """Prepackaged servers and modelUri: containers, initializers, environment, mounts, volumes, the name."""
    seen = observed(f"{shape}.json")
    sdep = seen["applied"]
    sdep["metadata"] |= {"namespace": "demo", "uid": "u"}
    made, services = seldon_double.objects(sdep, sdep["spec"]["predictors"][0], "image")
    assert made["metadata"]["name"] == seen["deployment"]
    pod, real = made["spec"]["template"]["spec"], seen["pod"]

    def told(containers: list[Any]) -> list[Any]:
        """Without the orchestrator; where the order says nothing, by name."""
        return [
            {
                **{k: v for k, v in each.items() if k not in ("env", "volumeMounts")},
                "env": sorted((e["name"], e.get("value")) for e in each.get("env", ())),
                "mounts": sorted((m["mountPath"], m.get("readOnly")) for m in each["volumeMounts"]),
            }
            for each in containers
            if each["name"] != "seldon-container-engine"
        ]

    assert told(pod["initContainers"]) == told(real["initContainers"])
    assert told(pod["containers"]) == told(real["containers"])
    assert sorted(v["name"] for v in pod["volumes"]) == sorted(v["name"] for v in real["volumes"])
    assert len(services) == len(told(real["containers"])) + 1


@pytest.mark.parametrize("shape", ["router-three", "chain-one-spec"])
def test_graphs_of_several_kinds_are_as_observed(shape: str) -> None:
    """A router before its arms and transformers before a model: labels, pod and Services."""
    seen = observed(f"{shape}.json")
    sdep, real = seen["applied"], seen["deployment"]
    sdep["metadata"] |= {"namespace": "demo", "uid": "u"}
    made, services = seldon_double.objects(sdep, sdep["spec"]["predictors"][0], "image")
    assert made["metadata"]["name"] == real["metadata"]["name"]
    assert made["metadata"]["labels"] == real["metadata"]["labels"]
    assert made["spec"]["selector"] == real["spec"]["selector"]
    pod, there = made["spec"]["template"], real["spec"]["template"]
    assert pod["metadata"]["labels"] == there["metadata"]["labels"]
    assert pod["spec"]["volumes"] == there["spec"]["volumes"]
    *nodes, engine = there["spec"]["containers"]
    assert pod["spec"]["containers"][:-1] == nodes
    assert pod["spec"]["containers"][-1]["args"] == engine["args"]
    names = {each["metadata"]["name"]: each for each in services}
    for each in seen["services"]:
        mine = names.pop(each["metadata"]["name"])
        assert mine["metadata"]["labels"] == each["metadata"]["labels"]
        assert [port["port"] for port in mine["spec"]["ports"]] == [p["port"] for p in each["spec"]["ports"]]
        assert mine["spec"]["selector"] == each["spec"]["selector"]
    assert not names


def test_services_are_the_observed_ones() -> None:
    """The predictor's Service and one for each container, with the ports that were seen."""
    sdep = observed("sdep-ab-available.json")
    _, made = seldon_double.objects(sdep, sdep["spec"]["predictors"][0], "image")
    real = observed("services-ab.json")
    assert [s["metadata"]["name"] for s in made] == [s["metadata"]["name"] for s in real]
    for mine, seen in zip(made, real, strict=True):
        assert mine["metadata"]["labels"] == seen["metadata"]["labels"]
        for key in ("ports", "selector", "type"):
            assert mine["spec"][key] == seen["spec"][key]


def test_status_is_the_observed_one() -> None:
    """All that is said of an Available deployment are the recorded."""
    sdep = observed("sdep-ab-available.json")
    real = sdep.pop("status")
    made = seldon_double.status(sdep, [observed("deployment-ab.json")], observed("services-ab.json"))
    for condition in (*made["conditions"], *real["conditions"]):
        del condition["lastTransitionTime"]
    assert made == real


class Memory:
    """A cluster whose Deployments come up when the test says so."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Any] = {}
        self.deleted: list[str] = []

    def read(self, kind: str, name: str) -> Any:
        return copy.deepcopy(self.kept.get((kind, name)))

    def apply(self, body: Any) -> Any:
        key = body["kind"], body["metadata"]["name"]
        old = self.kept.get(key)
        count = old["metadata"]["generation"] + (old["spec"] != body["spec"]) if old else 1
        new = {**copy.deepcopy(body), "status": (old or {}).get("status") or {}}
        new["metadata"]["generation"] = count
        self.kept[key] = new
        return copy.deepcopy(new)

    def owned(self, sdep: Any) -> list[Any]:
        return list(self.kept.values())

    def delete(self, body: Any) -> None:
        self.deleted.append(body["metadata"]["name"])
        del self.kept[body["kind"], body["metadata"]["name"]]

    def counts(self, **counts: Any) -> None:
        """What the cluster says of every Deployment."""
        for (kind, _), kept in self.kept.items():
            if kind == "Deployment":
                kept["status"] = counts


NEW = {"replicas": 1, "updatedReplicas": 1, "unavailableReplicas": 1}
UP = {"replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}
ROLLING = {"replicas": 2, "updatedReplicas": 1, "availableReplicas": 1, "unavailableReplicas": 1}
LATE = {"conditions": [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]}


def sdep(*containers: str, name: str = "", **predictor: Any) -> Any:
    """A chain of containers; `name` is that of the componentSpec."""
    graph: Any = None
    for one in reversed(containers):
        below = {"children": [graph]} if graph else {}
        graph = {"name": one, "type": "MODEL" if not below else "TRANSFORMER", **below}
    spec = {"spec": {"containers": [{"name": c, "image": "example/model:1"} for c in containers]}}
    metadata = {"metadata": {"name": name}} if name else {}
    given = {"name": "default", "graph": graph, "componentSpecs": [{**spec, **metadata}], "replicas": 1}
    about = {"name": "upd", "namespace": "demo", "uid": "u"}
    body = {"apiVersion": "machinelearning.seldon.io/v1", "kind": "SeldonDeployment", "metadata": about}
    return {**body, "spec": {"predictors": [{**given, **predictor}]}}


def changed(body: Any) -> Any:
    body = copy.deepcopy(body)
    for container in body["spec"]["predictors"][0]["componentSpecs"][0]["spec"]["containers"]:
        container["env"] = [{"name": "V", "value": "2"}]
    return body


def states(body: Any, cluster: Memory) -> list[str]:
    return [said["state"] for said in seldon_double.reconcile(body, cluster, "image")]


def test_first_rollout_is_creating_until_a_pod_is_ready() -> None:
    """update-env, first step: Creating with 0 and with 1 pod, Available when that one is."""
    cluster, body = Memory(), sdep("model")
    (said,) = seldon_double.reconcile(body, cluster, "image")
    assert said["state"] == "Creating" and "replicas" not in said
    cluster.counts(**NEW)
    (said,) = seldon_double.reconcile(body, cluster, "image")
    assert (said["state"], said["replicas"]) == ("Creating", 1)
    cluster.counts(**UP)
    assert states(body, cluster) == ["Available"]


def test_available_is_stale_after_an_update() -> None:
    """update-env, second step: Creating, Available of the old pod, Creating, and Available with both."""
    cluster, body = Memory(), sdep("model")
    states(body, cluster)
    cluster.counts(**UP)
    update = changed(body)
    assert states(update, cluster) == ["Creating", "Available"]
    cluster.counts(**ROLLING)
    (said,) = seldon_double.reconcile(update, cluster, "image")
    counts = {"upd-default-0-model": {"availableReplicas": 1, "replicas": 2}}
    assert (said["state"], said["replicas"], said["deploymentStatus"]) == ("Creating", 2, counts)
    cluster.counts(replicas=2, updatedReplicas=1, availableReplicas=2)
    assert states(update, cluster) == ["Available"]


def test_first_rollout_past_its_deadline_is_failed() -> None:
    """first-rollout-deadline: Failed with the words that were seen; the predictor's deadline is passed on."""
    cluster, body = Memory(), sdep("model", progressDeadlineSeconds=30)
    states(body, cluster)
    assert cluster.kept["Deployment", "upd-default-0-model"]["spec"]["progressDeadlineSeconds"] == 30
    cluster.counts(**NEW, **LATE)
    (said,) = seldon_double.reconcile(body, cluster, "image")
    assert said["state"] == "Failed"
    assert said["description"] == "Deployment is no longer progressing and not available."


def test_update_past_its_deadline_is_creating() -> None:
    """update-deadline: the old pod keeps it available, so it is Creating for ever."""
    cluster, body = Memory(), sdep("model")
    states(body, cluster)
    cluster.counts(**ROLLING, **LATE)
    assert states(body, cluster) == ["Creating"]


def test_selector_that_changes_is_an_outage() -> None:
    """update-containers-named: the Deployment is deleted first, Failed meanwhile, then made anew."""
    cluster = Memory()
    states(sdep("model", name="models"), cluster)
    cluster.counts(**UP)
    (said,) = seldon_double.reconcile(sdep("clean", "model", name="models"), cluster, "image")
    assert said["state"] == "Failed" and cluster.deleted == ["upd-default-0-models"]
    assert said["description"] == (
        'object is being deleted: deployments.apps "upd-default-0-models" already exists'
    )
    assert states(sdep("clean", "model", name="models"), cluster) == ["Creating"]


def test_removed_nodes_go_when_the_new_ones_are_ready() -> None:
    """update-containers-unnamed: the old Deployment and Services stay until then, and count meanwhile."""
    cluster = Memory()
    states(sdep("clean", "model"), cluster)
    cluster.counts(**UP)
    (said,) = seldon_double.reconcile(sdep("model"), cluster, "image")
    assert said["state"] == "Creating" and cluster.deleted == []
    assert set(said["deploymentStatus"]) == {"upd-default-0-clean-model", "upd-default-0-model"}
    cluster.counts(**UP)
    assert states(sdep("model"), cluster) == ["Available"]
    assert sorted(cluster.deleted) == ["upd-default-0-clean-model", "upd-default-clean"]


def test_without_replicas_it_is_rewritten_without_end() -> None:
    """update-without-replicas: from the first update on each pass makes a generation; with replicas, one."""
    for given, generations in ({}, 6), ({"replicas": 1}, 2):
        cluster, body = Memory(), sdep("model")
        del body["spec"]["predictors"][0]["replicas"]
        body["spec"]["predictors"][0] |= given
        states(body, cluster)
        for _ in range(5):
            states(changed(body), cluster)
        kept = cluster.kept["Deployment", "upd-default-0-model"]
        assert kept["metadata"]["generation"] == generations


def test_annotations_reach_the_pods() -> None:
    """annotations.json: those of spec, predictor and componentSpec on pods, a Service has the predictor's."""
    body = sdep("model", annotations={"in-predictor": "a"}, labels={"in-predictor": "l"})
    body["spec"]["annotations"] = {"seldon.io/rest-timeout": "7000"}
    body["metadata"]["annotations"] = {"in-meta": "a"}
    body["spec"]["predictors"][0]["componentSpecs"][0]["metadata"] = {"annotations": {"in-spec": "a"}}
    made, services = seldon_double.objects(body, body["spec"]["predictors"][0], "image")
    noted = {"seldon.io/rest-timeout": "7000", "in-predictor": "a", "in-spec": "a"}
    pod = made["spec"]["template"]["metadata"]
    assert made["metadata"]["annotations"] == noted
    scraped = {"prometheus.io/path": "/prometheus", "prometheus.io/scrape": "true"}
    assert pod["annotations"] == {**scraped, **noted}
    assert pod["labels"]["in-predictor"] == "l"
    assert all(service["metadata"]["annotations"] == {"in-predictor": "a"} for service in services)


def test_defaults_of_engine_and_parameters() -> None:
    """The orchestrator takes half a core and 512Mi, as requests and limits; no parameters, no variable."""
    body = sdep("model")
    made, _ = seldon_double.objects(body, body["spec"]["predictors"][0], "image")
    model, engine = made["spec"]["template"]["spec"]["containers"]
    takes = {"cpu": "500m", "memory": "512Mi"}
    assert engine["resources"] == {"requests": takes, "limits": takes}
    assert "PREDICTIVE_UNIT_PARAMETERS" not in {variable["name"] for variable in model["env"]}
    assert not [argument for argument in engine["args"] if "shutdown" in argument]


def test_another_set_of_arms_is_no_outage() -> None:
    """What argolane makes of two graphs with other arms: the old pods answer until the new ones do."""
    cluster, units = Memory(), {unit.kebab: unit for unit in read_all()}
    arms = [at_defaults(units["sk-mnist"]), at_defaults(units["tf-mnist"])]
    before, after = (
        deployment("mnist-ab", graph=graph)
        for graph in (Split("ab", (("0.5", arms[0]),), rest=arms[1]), arms[0])
    )
    for body in (before, after):
        body["metadata"] |= {"namespace": "demo", "uid": "u"}
    states(before, cluster)
    cluster.counts(**UP)
    assert states(after, cluster) == ["Creating"] and cluster.deleted == []
    cluster.counts(**UP)
    assert states(after, cluster) == ["Available"]
    assert "mnist-ab-default-0-sk-mnist-tf-mnist" in cluster.deleted
