"""A deployment's containers and the probes of its manifest, with real processes."""

import time
from typing import Any

import pytest

from argolane.errors import ArgolaneError
from argolane.project import Project
from argolane.serving.deployments import Deployments

OFTEN = {"periodSeconds": 1, "failureThreshold": 1}
HELPER = "import time; time.sleep(600)"


def probed(tools: Any, env: dict[str, str] | None = None, **probes: Any) -> dict[str, Any]:
    made: dict[str, Any] = tools.manifest("m", tools.container(**(env or {})) | probes)
    return made


def test_an_own_readiness_probe_decides(deployments: Deployments, tools: Any) -> None:
    """httpGet that is answered 404: never ready, Creating in the kubelet's words; no other probe asks."""
    probe = {"httpGet": {"path": "/nope", "port": "http"}, **OFTEN}
    deployments.apply(probed(tools, {"nope": "404"}, readinessProbe=probe))
    reason = "Readiness probe failed: HTTP probe failed with statuscode: 404"
    tools.until(lambda: reason in deployments.get("m")["status"].get("description", ""), within=30)
    with pytest.raises(ArgolaneError, match="is Creating, not Available"):
        deployments.wait("m", timeout=3)
    deployments.apply(probed(tools, {"nope": "204"}, readinessProbe=probe))
    deployments.wait("m", timeout=30)


@pytest.mark.parametrize("port", [9000, "metrics"])
def test_a_tcp_probe_asks_for_the_port(deployments: Deployments, tools: Any, port: Any) -> None:
    """The operator's number of the unit's port, or its name; nobody listens for metrics here."""
    deployments.apply(probed(tools, readinessProbe={"tcpSocket": {"port": port}, **OFTEN}))
    if port == 9000:
        deployments.wait("m", timeout=30)
    else:
        reason = "Readiness probe failed: dial tcp"
        tools.until(lambda: reason in deployments.get("m")["status"].get("description", ""), within=30)


def test_a_command_sees_what_the_container_writes(deployments: Deployments, tools: Any) -> None:
    """exec in a container that is no unit, whose readiness the pod waits for; and the delay is kept."""
    helper = {
        "name": "helper",
        "image": "python:3.11-slim",
        "command": ["python", "-c", f"open('/tmp/ready', 'w').close(); {HELPER}"],
        "readinessProbe": {"exec": {"command": ["cat", "/tmp/ready"]}, "initialDelaySeconds": 3, **OFTEN},
    }
    begun = time.monotonic()
    deployments.apply(tools.manifest("m", tools.container(), helper))
    deployments.wait("m", timeout=40)
    assert time.monotonic() - begun > 3


def test_ready_can_end(project: Project, deployments: Deployments, tools: Any) -> None:
    """A readiness probe goes on asking: a pod that fails it later is unavailable, and is not ended."""
    probe = {"exec": {"command": ["sh", "-c", "test ! -e /flags/away"]}, **OFTEN}
    mount = {"name": "flags", "mountPath": "/flags"}
    asked = probed(tools, readinessProbe=probe, volumeMounts=[mount])
    claim = {"name": "flags", "persistentVolumeClaim": {"claimName": "flags"}}
    asked["spec"]["predictors"][0]["componentSpecs"][0]["spec"]["volumes"] = [claim]
    deployments.apply(asked)
    deployments.wait("m", timeout=30)
    away = project.claims / "flags" / "away"
    away.touch()
    tools.until(lambda: deployments.get("m")["status"]["state"] == "Creating", within=15)
    away.unlink()
    deployments.wait("m", timeout=15)


def test_an_own_liveness_probe_ends_a_container(deployments: Deployments, tools: Any) -> None:
    """Not before its delay, and with its reason; the operator's own, which is content, is not asked."""
    probe = {"httpGet": {"path": "/well", "port": "http"}, "initialDelaySeconds": 3, **OFTEN}
    begun = time.monotonic()
    deployments.apply(probed(tools, {"well": "500"}, livenessProbe=probe))
    deployments.wait("m", timeout=30)
    reason = "failed its liveness probe (HTTP probe failed with statuscode: 500), and was ended"
    tools.until(lambda: reason in deployments.get("m")["status"].get("description", ""), within=20)
    assert time.monotonic() - begun > 3


def test_the_others_wait_for_a_startup_probe(deployments: Deployments, tools: Any) -> None:
    """A slow start is none for a liveness probe that would not have been patient; one too slow is ended."""
    alive = {"tcpSocket": {"port": "http"}, **OFTEN}
    start = {"tcpSocket": {"port": "http"}, "periodSeconds": 1, "failureThreshold": 30}
    deployments.apply(probed(tools, {"LOAD_SECONDS": "3"}, startupProbe=start, livenessProbe=alive))
    deployments.wait("m", timeout=40)
    deployments.apply(probed(tools, {"LOAD_SECONDS": "60"}, startupProbe=start | {"failureThreshold": 2}))

    def told() -> str:
        return str(deployments.get("m")["status"].get("description"))

    tools.until(lambda: "failed its startup probe (dial tcp" in told(), within=20)
