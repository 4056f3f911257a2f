"""The monitoring component on a cluster: its Prometheus finds the pods of a deployment, its queries answer.

Prometheus is Debian, by the name that an overlay gives it. That is built without the discovery of pods: it is
given what that would find, from the API that it would ask; the rest is the component. There is no Grafana to
be had in the lab: its objects are taken by the API server, with no pod.
"""

import json
import re
import shutil
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import yaml
from lab import NAMESPACE, Lab

from tests.e2e.test_monitoring import COMPONENT, queries

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(2400)]
DOCKERFILE = """
FROM python:3.11-slim
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends prometheus >/dev/null
ENTRYPOINT ["/usr/bin/prometheus"]
"""
# A pod's ports, as the operator names them, and what is measured there.
CONTAINERS = {"sk-mnist", "tf-mnist", "seldon-container-engine"}
# Of rewards, routers, A/B tests and drift tell graphs that a test on this machine has.
NOT_HERE = ("reward", "bandit", "argolane_test", "argolane:test", "drift")
QUERIES = {
    name: query
    for name, query in queries("mnist-ab", over="2m").items()
    if not any(word in query for word in NOT_HERE)
}


def discovered(lab: Lab) -> list[Any]:
    """What Prometheus' discovery makes of the pods: a target a port, with their labels and annotations.

    https://prometheus.io/docs/prometheus/2.53/configuration/configuration/#pod
    """
    found = []
    for pod in lab.read("pods")["items"]:
        about, status = pod["metadata"], pod["status"]
        labels = {"namespace": about["namespace"], "pod_name": about["name"], "pod_phase": status["phase"]}
        for kind in ("label", "annotation"):
            for name, value in (about.get(f"{kind}s") or {}).items():
                labels[f"pod_{kind}_{re.sub('[^a-zA-Z0-9_]', '_', name)}"] = value
        for container in pod["spec"]["containers"] if status.get("podIP") else ():
            for port in container.get("ports") or []:
                each = labels | {"pod_container_name": container["name"]}
                each["pod_container_port_name"] = port.get("name", "")
                target = f"{status['podIP']}:{port['containerPort']}"
                given = {f"__meta_kubernetes_{name}": value for name, value in each.items()}
                found.append({"targets": [target], "labels": given})
    return found


@pytest.fixture(scope="session")
def prometheus(seldon: Lab, first: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its address; the component is applied as an overlay of it, and taken away again."""
    overlay = tmp_path_factory.mktemp("overlay")
    shutil.copytree(COMPONENT, overlay / "monitoring")
    (overlay / "Dockerfile").write_text(DOCKERFILE)
    config = overlay / "monitoring/prometheus.yml"
    asked = re.sub(
        r"kubernetes_sd_configs: .*", "file_sd_configs: [{files: [pods.json]}]", config.read_text()
    )
    config.write_text(asked)
    (overlay / "monitoring/pods.json").write_text(json.dumps(discovered(seldon)))
    kustomization = overlay / "monitoring/kustomization.yaml"
    named = kustomization.read_text().replace("[prometheus.yml, ", "[prometheus.yml, pods.json, ")
    kustomization.write_text(named)
    image = seldon.image("prometheus:debian", overlay, "Dockerfile")
    name, _, tag = image.rpartition(":")
    given = {
        "resources": ["monitoring"],
        "images": [{"name": "prom/prometheus", "newName": name, "newTag": tag}],
        "replicas": [{"name": "grafana", "count": 0}],
    }
    (overlay / "kustomization.yaml").write_text(yaml.safe_dump(given))
    seldon.kubectl("apply", "--kustomize", str(overlay))
    try:
        seldon.open_claims("prometheus-data")
        seldon.kubectl("rollout", "status", "deployment/prometheus", "--timeout=180s")
        with seldon.forwarded("prometheus", 9090) as url:
            yield url
    finally:
        seldon.kubectl("delete", "--kustomize", str(overlay), "--wait=false")


@pytest.fixture(scope="session")
def under_load(seldon: Lab, prometheus: str) -> str:
    """The same, after requests through four scrapes, some of which no arm can answer."""
    run = seldon.submit("load", deployment="mnist-ab", rate="20", duration="60", warm_up="1")
    with seldon.forwarded("mnist-ab-default") as url:
        for _ in range(30):
            short = httpx.post(f"{url}/api/v1.0/predictions", json={"data": {"ndarray": [[1.0]]}}, timeout=20)
            assert short.status_code >= 400
            time.sleep(2)
    seldon.succeeded(run, within=300)
    return prometheus


def asked(prometheus: str, query: str) -> list[Any]:
    answer = httpx.get(f"{prometheus}/api/v1/query", params={"query": query}).json()
    assert answer["status"] == "success", answer
    return list(answer["data"]["result"])


def test_every_container_of_a_deployment_is_asked(prometheus: str) -> None:
    """And no other pod, with the labels that the rules and the dashboard ask for."""
    end = time.monotonic() + 60
    while True:
        up = [each["metric"] for each in asked(prometheus, 'up{pod=~"mnist-ab-.*"} == 1')]
        if {each["container"] for each in up} == CONTAINERS:
            break
        assert time.monotonic() < end, httpx.get(f"{prometheus}/api/v1/targets").text
        time.sleep(1)
    assert {(each["namespace"], each["job"]) for each in up} == {(NAMESPACE, "seldon")}


@pytest.mark.parametrize("name", QUERIES)
def test_query_finds_something(under_load: str, name: str) -> None:
    """Rules, what alerts compare, and panels have numbers."""
    query, end = QUERIES[name], time.monotonic() + 60
    while not [each for each in asked(under_load, query) if each["value"][1] != "NaN"]:
        assert time.monotonic() < end, query
        time.sleep(1)


def test_its_account_may_find_pods(prometheus: str, seldon: Lab) -> None:
    """Those of its namespace, and no more."""
    account = f"--as=system:serviceaccount:{NAMESPACE}:prometheus"
    for verb, what, answer in (("list", "pods", "yes"), ("watch", "pods", "yes"), ("list", "secrets", "no")):
        assert seldon.kubectl("auth", "can-i", verb, what, account, ok=False).split()[0] == answer
    elsewhere = seldon.kubectl("auth", "can-i", "list", "pods", account, "--namespace=default", ok=False)
    assert elsewhere.split()[0] == "no"


def test_rules_are_those_of_the_component(prometheus: str) -> None:
    """All are loaded, and none fails to be evaluated."""
    end = time.monotonic() + 60
    while True:
        groups = httpx.get(f"{prometheus}/api/v1/rules").json()["data"]["groups"]
        found = [rule for group in groups for rule in group["rules"]]
        if all(rule["health"] != "unknown" for rule in found):
            break
        assert time.monotonic() < end, found
        time.sleep(1)
    assert {rule["health"] for rule in found} == {"ok"}, found
    asked_for = yaml.safe_load((COMPONENT / "rules.yaml").read_text())["groups"]
    assert len(found) == sum(len(group["rules"]) for group in asked_for)
