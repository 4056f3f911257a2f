"""Services: a port of this machine, names in containers, and each connection to a pod that is ready."""

import http.client
import http.server
import os
import socket
import threading
import urllib.error
from pathlib import Path
from typing import Any

import pytest

from argolane.errors import ArgolaneError
from argolane.project import Project
from argolane.serving.apiserver import ApiServer

ASK = """
import json, os, sys, time, urllib.request
for url in sys.argv[1:]:
    for _ in range(200):
        try:
            version = json.load(urllib.request.urlopen(url, timeout=5))["env"]["VERSION"]
            break
        except OSError as error:
            version = repr(error)
            time.sleep(0.1)
    print(version, flush=True)
time.sleep(600)
"""


def test_names_resolve_in_containers(api: ApiServer, project: Project, web: Any) -> None:
    """All four names, another namespace, a Service that came later, one on a port that the pod itself has."""
    port, other = web.free_port(), web.free_port()
    urls = [
        f"http://{name}:{port}/" for name in ("web", "web.demo", "web.demo.svc", "web.demo.svc.cluster.local")
    ]
    urls += [f"http://late.elsewhere:{other}/", "http://same:5000/", "http://localhost:5000/"]
    asking = {
        "name": "ask", "image": web.container()["image"], "command": ["python", "-c", ASK], "args": urls,
    }  # fmt: skip
    api.apply(web.deployment("ask", web.container(VERSION="own"), asking))
    web.until(lambda: api.pods("Deployment", "ask"))
    same = web.service(5000, "same", app="web") if free(5000) else web.service(port, "web")
    if same["metadata"]["name"] != "same":
        pytest.skip("somebody on this machine has port 5000")
    for body in (
        web.service(port),
        same,
        web.deployment(VERSION="1"),
        web.service(other, "late", namespace="elsewhere"),
        web.deployment("late", VERSION="2", namespace="elsewhere"),
    ):
        api.apply(body)
    (pod,) = api.pods("Deployment", "ask")
    log = project.root / next(c["log"] for c in pod["containers"] if c["name"] == "ask")
    wanted = ["1", "1", "1", "1", "2", "1", "own"]
    web.until(lambda: len(log.read_text().split("\n")) > len(wanted), within=40)
    assert log.read_text().split() == wanted


def free(port: int) -> bool:
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def test_a_port_that_somebody_holds(api: ApiServer, project: Project, web: Any) -> None:
    """The error names the process and its command, or the Service; nothing is kept."""
    port = web.free_port()
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), http.server.SimpleHTTPRequestHandler) as server:
        threading.Thread(target=server.serve_forever).start()
        with pytest.raises(
            ArgolaneError, match=rf"Service 'web': port {port} is held by process {os.getpid()} \(.*python"
        ):
            api.apply(web.service(port))
        server.shutdown()
    assert api.list("Service") == []
    api.apply(web.service(port))
    told = rf"Service 'other': port {port} is that of Service 'web' in namespace 'demo'"
    with pytest.raises(ArgolaneError, match=told):
        api.apply(web.service(port, "other"))
    assert api.check([web.service(port)]) == []
    free = web.free_port()
    (fault,) = api.check([web.service(free, "one"), web.service(free, "two", namespace="else")])
    assert fault.startswith(f"Service 'two': port {free} is that of Service 'one'.")


def test_another_project_holds_it(api: ApiServer, web: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Its Service is named, and where it is."""
    from argolane.project import find

    root: Path = tmp_path_factory.mktemp("other")
    (root / "argolane.toml").write_text('namespace = "x"\n')
    there, port = ApiServer(find(root)), web.free_port()
    there.apply(web.service(port))
    there.apply(web.deployment())
    try:
        web.up(there)
        web.until(lambda: web.get(port))
        with pytest.raises(ArgolaneError, match=f"is held by Service 'web' of the project {root}"):
            api.apply(web.service(port))
    finally:
        there.delete("Service", "web")
        there.delete("Deployment", "web")


def test_a_change_drops_nobody_else(api: ApiServer, project: Project, web: Any) -> None:
    """Another port for one Service, and the end of a second: the third answers all the way."""
    ports = [web.free_port() for _ in range(4)]
    for port, name in zip(ports, ("a", "b", "c"), strict=False):
        api.apply(web.service(port, name, app="web"))
    api.apply(web.deployment(VERSION="1"))
    web.up(api)
    web.until(lambda: api.get("Service", "c")["status"] == {"loadBalancer": {}})  # type: ignore[index]
    client = web.Client(ports[2])
    assert api.apply(web.service(ports[3], "a", app="web")).verb == "configured"
    assert api.delete("Service", "b")
    assert web.until(lambda: web.get(ports[3]))["env"]["VERSION"] == "1"
    client.end()
    assert client.failures == []
    for port in ports[:2]:
        with pytest.raises(urllib.error.URLError, match="refused"):
            web.get(port)


def test_who_is_in_stays_in(api: ApiServer, project: Project, web: Any) -> None:
    """A pod that is not ready any more has no new connection, and nobody listens; what there was goes on."""
    port, ill = web.free_port(), project.claims / "data" / "ill"
    main = web.container(ILL="/data/ill") | {"volumeMounts": [{"name": "d", "mountPath": "/data"}]}
    pod = {"volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]}
    api.apply(web.service(port))
    api.apply(web.deployment("web", main, pod=pod))
    web.up(api)
    web.until(lambda: web.get(port))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", "/")
    assert connection.getresponse().read()
    ill.touch()
    told = web.until(lambda: api.get("Service", "web")["status"].get("description"), within=20)  # type: ignore[index]
    assert told == "No pod with the labels app=web is ready (there are 1): nobody answers."
    with pytest.raises(urllib.error.URLError, match="refused"):
        web.get(port)
    connection.request("GET", "/")
    assert connection.getresponse().read()
    connection.close()
    ill.unlink()
    web.until(lambda: "description" not in api.get("Service", "web")["status"])  # type: ignore[index]
    assert web.until(lambda: web.get(port))


def test_replicas_take_turns_and_one_that_dies_is_passed_over(api: ApiServer, web: Any) -> None:
    """Each of two has its share; while one starts again the other answers."""
    port = web.free_port()
    api.apply(web.service(port))
    api.apply(web.deployment(replicas=2))
    web.up(api)
    web.until(lambda: len({web.get(port)["env"]["HOSTNAME"] for _ in range(4)}) == 2)
    with pytest.raises((OSError, http.client.HTTPException)):
        web.get(port, "/die")
    for _ in range(20):
        assert web.get(port)
    web.up(api)
    assert sum(pod["restarts"] for pod in api.pods("Deployment", "web")) == 1


def test_a_service_in_front_of_a_graph(api: ApiServer, web: Any, tools: Any) -> None:
    """The operator's labels select a SeldonDeployment's pods; port 8000 is where its graph answers."""
    api.apply(tools.manifest(VERSION="1"))
    port = web.free_port()
    selector = {"seldon-deployment-id": "m"}
    asked = web.service(port)
    asked["spec"] = {"selector": selector, "ports": [{"port": port, "targetPort": 8000}]}
    api.apply(asked)
    web.until(lambda: "description" not in api.get("Service", "web")["status"], within=30)  # type: ignore[index]
    assert tools.ask(f"http://127.0.0.1:{port}/api/v1.0/predictions")["version"] == "1"


def test_other_types_are_told(project: Project, api: ApiServer, web: Any) -> None:
    """A NodePort is a ClusterIP here, which is said; what cannot be is refused by its name."""
    said: list[str] = []
    port = web.free_port()
    ApiServer(project, say=said.append).apply(web.service(port, type="NodePort"))
    assert said == ["Service 'web': spec.type: is NodePort: here it is a ClusterIP, published on 127.0.0.1."]
    for change, told in (
        ({"type": "ExternalName", "externalName": "x.org"}, "spec.type: ExternalName needs a cluster"),
        ({"selector": None}, "spec.selector: is missing"),
        ({"sessionAffinity": "ClientIP"}, "spec.sessionAffinity: ClientIP needs a cluster"),
        ({"ports": [{"port": port, "protocol": "UDP"}]}, "spec.ports[0].protocol: UDP needs a cluster"),
    ):
        (fault,) = api.check([web.service(port, **change)])
        assert fault.startswith(f"Service 'web': {told}")
