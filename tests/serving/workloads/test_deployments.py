"""Deployments that stay up: what is replaced and when, what is said meanwhile, what is left in the end."""

import subprocess
import sys
import threading
import time
from typing import Any

import pytest

from argolane.errors import ArgolaneError, ManifestError, NotSupportedLocally
from argolane.project import Project
from argolane.serving.apiserver import ApiServer
from argolane.serving.store import DEPLOYMENT, Store

ROLLING = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}


def test_a_rolling_update_fails_no_request(api: ApiServer, project: Project, web: Any) -> None:
    """Two replicas, a surge of one; a new version, a restart, and back: who asks all the way has answers.

    One of two clients waits half a second for each: what a pod has begun it may end.
    """
    port = web.free_port()
    api.apply(web.service(port))
    asked = web.deployment(VERSION="1", replicas=2, spec={"strategy": ROLLING})
    assert api.apply(asked).verb == "created"
    web.up(api)
    web.until(lambda: web.get(port))
    client, slow = web.Client(port), web.Client(port, "/slow")
    api.apply(web.deployment(VERSION="2", replicas=2, spec={"strategy": ROLLING}))
    found = web.up(api)
    assert web.progressing(found)["reason"] == "NewReplicaSetAvailable"
    restarted = {"kubectl.kubernetes.io/restartedAt": "2026-01-02T03:04:05Z"}
    before = {pod["name"] for pod in api.pods("Deployment", "web")}
    api.patch("Deployment", "web", {"spec": {"template": {"metadata": {"annotations": restarted}}}})
    web.up(api)
    assert not before & {pod["name"] for pod in api.pods("Deployment", "web")}
    assert api.apply(asked).verb == "configured"
    web.up(api)
    # What the clients have asked before may still be answered by the pods that end.
    assert [web.get(port)["env"]["VERSION"] for _ in range(4)] == ["1"] * 4
    client.end()
    slow.end()
    assert client.failures == slow.failures == []
    assert set(client.versions) == {"1", "2"}

    assert api.delete("Deployment", "web")
    assert not api.delete("Deployment", "web")
    assert api.delete("Service", "web")
    assert web.processes(project.root) == []
    left = [path.name for path in project.state.rglob("*") if path.is_file() and path.name[0] != "."]
    assert left == ["hosts"]


def test_scaling_replaces_no_pod(api: ApiServer, web: Any) -> None:
    """Up and down by a patch; an apply that says no number leaves the number that there is."""
    asked = web.deployment()
    del asked["spec"]["replicas"]
    api.apply(asked)
    (first,) = (web.up(api), api.pods("Deployment", "web"))[1]
    api.patch("Deployment", "web", {"spec": {"replicas": 3}})
    assert web.up(api)["status"]["availableReplicas"] == 3
    assert api.apply(asked).verb == "unchanged"
    pods = api.pods("Deployment", "web")
    assert first["name"] in {pod["name"] for pod in pods}
    assert len({pod["address"] for pod in pods}) == 3
    api.patch("Deployment", "web", {"spec": {"replicas": 1}})
    web.up(api)
    assert [pod["name"] for pod in api.pods("Deployment", "web")] == [first["name"]]
    api.patch("Deployment", "web", {"spec": {"replicas": 0}})
    found = web.until(lambda: (b := api.get("Deployment", "web")) and not b["status"].get("replicas") and b)
    assert found["status"]["conditions"][0]["status"] == "True"


def test_a_bad_update_leaves_the_old_one_up(api: ApiServer, web: Any) -> None:
    """An image that nobody has: the old pod answers, the deadline passes, the reason is said, and mended."""
    port = web.free_port()
    api.apply(web.service(port))
    api.apply(web.deployment(VERSION="1"))
    web.up(api)
    bad = web.container(image="registry.lab/nobody:1", VERSION="2")
    api.apply(web.deployment("web", bad, spec={"progressDeadlineSeconds": 1}))
    found = web.until(
        lambda: (
            (b := api.get("Deployment", "web"))
            and web.progressing(b).get("reason") == "ProgressDeadlineExceeded"
            and b
        )
    )
    (pod,) = [pod for pod in api.pods("Deployment", "web") if not pod["ready"]]
    replica_set = pod["name"].rpartition("-")[0]
    assert web.progressing(found)["status"] == "False"
    assert web.progressing(found)["message"] == f'ReplicaSet "{replica_set}" has timed out progressing.'
    status = found["status"]
    kinds = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas")
    assert [status[kind] for kind in kinds] == [2, 1, 1, 1, 1]
    assert status["description"].startswith("ErrImagePull: ")
    assert "registry.lab/nobody:1" in status["description"]
    assert web.until(lambda: web.get(port))["env"]["VERSION"] == "1"

    api.apply(web.deployment(VERSION="3"))
    found = web.up(api)
    assert web.progressing(found)["reason"] == "NewReplicaSetAvailable"
    assert "description" not in found["status"]
    assert web.get(port)["env"]["VERSION"] == "3"


def test_a_rollout_is_complete_when_its_service_has_heard(api: ApiServer, project: Project, web: Any) -> None:
    """The Service is another process: while it sends connections to the old pod, one is yet to be updated."""
    port = web.free_port()
    api.apply(web.service(port))
    api.apply(web.deployment(VERSION="1"))
    web.up(api)
    web.until(lambda: web.get(port))
    (routing,) = web.supervisors(project.root, "--kind=Service")
    routing.suspend()
    api.apply(web.deployment(VERSION="2"))
    told = Store(project, "web", DEPLOYMENT)
    web.until(lambda: any(endpoint["leaving"] for endpoint in told.status()["endpoints"]))
    found = api.get("Deployment", "web")
    assert found
    assert not web.rolled_out(found)
    assert found["status"]["replicas"] == 1 and "updatedReplicas" not in found["status"]
    routing.resume()
    web.up(api)
    assert {web.get(port)["env"]["VERSION"] for _ in range(5)} == {"2"}


def test_recreate_never_has_two_versions(api: ApiServer, web: Any) -> None:
    """The old pod is gone before the new one starts."""
    spec = {"strategy": {"type": "Recreate"}}
    api.apply(web.deployment(VERSION="1", spec=spec))
    (old,) = (web.up(api), api.pods("Deployment", "web"))[1]
    api.apply(web.deployment(VERSION="2", LOAD_SECONDS="0.5", spec=spec))
    seen = set()

    def there() -> bool:
        names = tuple(pod["name"] for pod in api.pods("Deployment", "web"))
        seen.add(names)
        return bool(names) and old["name"] not in names

    web.until(there)
    web.up(api)
    assert max(map(len, seen)) == 1


def test_a_pod_is_available_after_its_seconds(api: ApiServer, web: Any) -> None:
    """minReadySeconds: ready, and not yet available; then both."""
    api.apply(web.deployment(spec={"minReadySeconds": 2}))
    found = web.until(lambda: (b := api.get("Deployment", "web")) and b["status"].get("readyReplicas") and b)
    begun = time.monotonic()
    assert "availableReplicas" not in found["status"]
    assert found["status"]["conditions"][0]["reason"] == "MinimumReplicasUnavailable"
    web.up(api)
    assert 1 < time.monotonic() - begun < 6


def test_init_containers_come_first_one_after_another(api: ApiServer, web: Any) -> None:
    """Each ends well before the next begins; what they leave in an emptyDir the container finds."""
    mounts = [{"name": "model", "mountPath": "/model"}]
    first = web.script("open('/model/a', 'w').write('1')", name="a", volumeMounts=mounts)
    second = web.script(
        "open('/model/b', 'w').write(open('/model/a').read() + '2')", name="b", volumeMounts=mounts
    )
    main = web.container("/model/b") | {"volumeMounts": mounts}
    pod = {"initContainers": [first, second], "volumes": [{"name": "model", "emptyDir": {}}]}
    port = web.free_port()
    api.apply(web.service(port))
    api.apply(web.deployment("web", main, pod=pod))
    web.up(api)
    assert web.until(lambda: web.get(port)["files"]) == {"/model/b": "12"}
    (pod,) = api.pods("Deployment", "web")
    reasons = {c["name"]: (c["reason"], c["init"]) for c in pod["containers"]}
    assert reasons == {"a": ("Completed", True), "b": ("Completed", True), "web": ("Running", False)}


def test_an_init_container_that_fails(api: ApiServer, project: Project, web: Any) -> None:
    """It is started again with a growing delay, the container waits; a Secret that comes ends it."""
    flaky = web.script(
        "import os, sys; at = os.environ['WHERE']; print('no key in', at); sys.exit(3 * (at == '?'))",
        env=[
            {"name": "OWN", "valueFrom": {"secretKeyRef": {"name": "key", "key": "where", "optional": True}}},
            {"name": "WHERE", "value": "?"},
        ],
    )
    api.apply(web.deployment(pod={"initContainers": [flaky]}))
    (pod,) = web.until(
        lambda: (p := api.pods("Deployment", "web")) and p[0]["containers"][0]["restarts"] >= 2 and p
    )
    assert pod["reason"] == "Init:CrashLoopBackOff"
    assert [c["reason"] for c in pod["containers"]] == ["Init:CrashLoopBackOff", "PodInitializing"]
    told = api.get("Deployment", "web")
    assert told
    assert "Container 'first' ended with exit code 3: no key in ?" in told["status"]["description"]
    log = project.root / pod["containers"][0]["log"]
    assert log.read_text().startswith("no key in ?\n")
    del flaky["env"][1]
    flaky["env"][0]["name"] = "WHERE"
    del flaky["env"][0]["valueFrom"]["secretKeyRef"]["optional"]
    api.apply(web.deployment(pod={"initContainers": [flaky]}))
    web.until(
        lambda: any("Secret 'key' not found" in pod["message"] for pod in api.pods("Deployment", "web")),
        within=20,
    )
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "key"},
        "stringData": {"where": "here"},
    }
    api.apply(secret)
    web.up(api)


def test_a_crash_loop_is_counted(api: ApiServer, web: Any) -> None:
    """Restarts are counted, the back-off is named, and so is the last line that tells why."""
    dying = web.script("import sys; print('no such table'); sys.exit(7)", name="web")
    api.apply(web.deployment("web", dying))

    def crashed() -> Any:
        (pod,) = api.pods("Deployment", "web") or [{"restarts": 0}]
        return pod["restarts"] >= 2 and pod["reason"] == "CrashLoopBackOff" and api.get("Deployment", "web")

    found = web.until(crashed)
    assert found["status"]["unavailableReplicas"] == 1
    assert (
        "ended with exit code 7: no such table. Log: .argolane/workloads/web/logs/"
        in (found["status"]["description"])
    )


def test_secrets_claims_and_what_a_pod_knows_of_itself(api: ApiServer, project: Project, web: Any) -> None:
    """env and envFrom by Secret and ConfigMap, a claim that outlives its pods, the pod's own address."""
    port = web.free_port()
    texts = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "site"}, "data": {"COLOUR": "red"}}
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "key"},
        "stringData": {"k": "s3cret"},
    }
    claim = {
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }  # fmt: skip
    main = web.container("/data/x") | {"volumeMounts": [{"name": "d", "mountPath": "/data"}]}
    main["envFrom"] = [{"configMapRef": {"name": "site"}}]
    main["env"] = [
        {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "key", "key": "k"}}},
        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
    ]
    pod = {"volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]}
    every = [texts, secret, claim, web.service(port), web.deployment("web", main, pod=pod)]
    assert api.check(every) == []
    assert [api.apply(body).verb for body in every] == ["created"] * 5
    (project.claims / "data" / "x").write_text("kept")
    web.up(api)
    answer = web.until(lambda: web.get(port))
    assert answer["files"] == {"/data/x": "kept"}
    (told,) = api.pods("Deployment", "web")
    assert (answer["env"]["COLOUR"], answer["env"]["KEY"]) == ("red", "s3cret")
    assert answer["env"]["IP"] == told["address"]
    assert [api.apply(body).verb for body in every] == ["unchanged"] * 5
    api.delete("Deployment", "web")
    assert (project.claims / "data" / "x").exists()
    assert api.delete("PersistentVolumeClaim", "data")
    assert not (project.claims / "data").exists()


def test_a_supervisor_that_was_killed(api: ApiServer, project: Project, web: Any) -> None:
    """Nothing of it is left, `get` says so, and the same manifest brings it back."""
    port = web.free_port()
    api.apply(web.service(port))
    asked = web.deployment(VERSION="1")
    api.apply(asked)
    web.up(api)
    everything = web.processes(project.root)
    for process in web.supervisors(project.root):
        process.kill()
    web.until(lambda: not any(p.is_running() and p.status() != "zombie" for p in everything))
    found = api.get("Deployment", "web")
    assert found
    assert found["status"]["description"].startswith("Its supervisor is not running")
    assert found["status"]["unavailableReplicas"] == 1
    assert found["status"]["conditions"][0]["status"] == "False"
    gone = api.get("Service", "web")
    assert gone
    assert gone["status"]["description"].startswith("Its supervisor is not running")
    assert api.apply(asked).verb == "unchanged"
    assert api.apply(web.service(port)).verb == "unchanged"
    web.up(api)
    assert web.until(lambda: web.get(port))["env"]["VERSION"] == "1"


APPLY = """
import json, sys
from pathlib import Path
from argolane.project import find
from argolane.serving.apiserver import ApiServer
print(ApiServer(find(Path(sys.argv[1]))).apply(json.load(sys.stdin)).verb)
"""


def test_two_applies_at_once(api: ApiServer, project: Project, web: Any) -> None:
    """Of one name by several processes: one makes it, all are heard, and one supervisor is there."""
    import json

    started = [
        subprocess.Popen([sys.executable, "-c", APPLY, str(project.root)], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]  # fmt: skip
    texts = [json.dumps(web.deployment(VERSION=str(i))) for i in range(3)]
    said: list[str] = []

    def apply(process: Any, text: str) -> None:
        said.append(process.communicate(text, timeout=60)[0].strip())

    threads = [threading.Thread(target=apply, args=pair) for pair in zip(started, texts, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["configured", "configured", "created"]
    assert web.up(api)["metadata"]["generation"] == 3
    supervisors = web.supervisors(project.root)
    assert len({p.pid for p in supervisors}) == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {"template": {"metadata": {"labels": {"app": "other"}}}},
            'spec.template.metadata.labels: Invalid value: map[string]string{"app":"other"}: `selector` does',
        ),
        ({"replicas": -1}, "spec.replicas: Invalid value: -1: must be greater than or equal to 0"),
        ({"replica": 1}, "spec.replica: No field 'replica'. Did you mean 'replicas'?"),
        (
            {"strategy": {"type": "Rolling"}},
            'spec.strategy: Unsupported value: apps.DeploymentStrategy{Type:"Rolling", RollingUpdate:(',
        ),
        (
            {"strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": "0%"}}},
            "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: intstr.IntOrString{Type:1, IntVal",
        ),
        (
            {"progressDeadlineSeconds": 5, "minReadySeconds": 5},
            "spec.progressDeadlineSeconds: Invalid value: 5: must be greater than minReadySeconds",
        ),
        (
            {"template": {"spec": {"hostNetwork": True}}},
            "spec.template.spec.hostNetwork: needs a cluster: it is valid and does not run locally",
        ),
        (
            {"template": {"spec": {"volumes": [{"name": "h", "hostPath": {"path": "/"}}]}}},
            "spec.template.spec.volumes[0].hostPath: needs a cluster",
        ),
    ],
)
def test_what_is_wrong_is_said_before_anything_changes(
    api: ApiServer, project: Project, web: Any, change: Any, told: str
) -> None:
    """The place in the document, and the API server's words where it has some; nothing is written."""
    from argolane.kubernetes.patching import merge_patch

    asked = web.deployment()
    asked["spec"] = merge_patch(asked["spec"], change)
    (fault, *_) = api.check([asked])
    assert fault.startswith(f"Deployment 'web': {told}")
    with pytest.raises((ManifestError, NotSupportedLocally)) as caught:
        api.apply(asked)
    assert str(caught.value).startswith(f"Deployment 'web': {told}")
    assert api.list("Deployment") == []
    assert web.processes(project.root) == []


def test_where_pods_share_an_address_there_is_one(
    api: ApiServer, web: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second replica would want the same port: it is refused, with the reason."""
    from argolane.containers import addresses

    monkeypatch.setattr(addresses, "available", lambda: "there is no seccomp")
    with pytest.raises(
        NotSupportedLocally, match=r"spec\.replicas is 2; expected 1 .*: there is no seccomp\."
    ):
        api.apply(web.deployment(replicas=2))
    assert api.list("Deployment") == []


def test_a_selector_stays(api: ApiServer, web: Any) -> None:
    """As on a cluster: another selector is another Deployment."""
    api.apply(web.deployment())
    other = web.deployment()
    other["spec"]["selector"]["matchLabels"] = {"tier": "x"}
    other["spec"]["template"]["metadata"]["labels"] = {"tier": "x"}
    with pytest.raises(ArgolaneError, match=r"spec\.selector: Invalid value: .*: field is immutable"):
        api.replace(other)
