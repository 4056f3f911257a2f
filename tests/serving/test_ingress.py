"""The paths of a cluster's ingress, as `argolane proxy` serves them: a real deployment, a real proxy."""

import contextlib
import json
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from argolane.project import Project
from argolane.serving.deployments import Deployments


@pytest.fixture
def base(deployments: Deployments, project: Project) -> Iterator[str]:
    with proxy(project) as made:
        yield made


@contextlib.contextmanager
def proxy(project: Project, *arguments: str, host: str = "127.0.0.1") -> Iterator[str]:
    """Where the proxy of the project answers."""
    process = subprocess.Popen(
        [sys.executable, "-m", "argolane", "proxy", "--port", "0", *arguments],
        cwd=project.root, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        found = re.match(rf"(http://{re.escape(host)}:\d+)/seldon/NAMESPACE/NAME/api/v1.0/predictions", first)
        assert found, first
        yield found[1]
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        assert process.returncode == 0


def ask(url: str, body: object = None) -> tuple[int, Any]:
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"} if data else {})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_a_line_written_for_a_cluster_s_ingress_needs_no_edit(
    deployments: Deployments, tools: Any, base: str
) -> None:
    """Every form of the path leads to the deployment; what is wrong with one is said by name."""
    deployments.apply(tools.manifest("m", VERSION="1"))
    deployments.wait("m", timeout=30)
    large = {"strData": "x" * 3_000_000}
    for path in ("demo/m/api/v1.0", "demo/m/api/v0.1", "m/api/v1.0", "m/api/v0.1"):
        status, answer = ask(f"{base}/seldon/{path}/predictions", large)
        assert (status, answer["jsonData"]["version"]) == (200, "1"), path
    assert ask(f"{base}/seldon/demo/m/api/v1.0/metadata")[0] == 200

    def info(path: str, status: int) -> str:
        found, answer = ask(f"{base}{path}", {"strData": "x"})
        assert found == answer["status"]["code"] == status
        return str(answer["status"]["info"])

    assert "No deployment 'n'" in info("/seldon/demo/n/api/v1.0/predictions", 404)
    assert "No deployment 'n'" in info("/seldon/n/api/v0.1/predictions", 404)
    assert "is in the namespace 'demo', not in 'other'" in info("/seldon/other/m/api/v1.0/predictions", 404)
    assert "expected /seldon/<namespace>/<name>/" in info("/api/v1.0/predictions", 404)


def test_a_deployment_that_does_not_answer_is_a_503(
    deployments: Deployments, tools: Any, base: str, project: Project
) -> None:
    """One that comes up says so itself; of one whose supervisor was killed the proxy tells it."""
    deployments.apply(tools.manifest("m", LOAD_SECONDS="60"))
    tools.until(lambda: deployments.get("m")["status"].get("address"))
    status, answer = ask(f"{base}/seldon/demo/m/api/v1.0/predictions", {"strData": "x"})
    assert status == 503
    assert "no version that is ready yet" in answer["status"]["info"]
    for process in tools.supervisors(project.root):
        process.kill()
    tools.until(lambda: not tools.processes(project.root))
    status, answer = ask(f"{base}/seldon/demo/m/api/v1.0/predictions", {"strData": "x"})
    assert status == 503
    assert (
        "Deployment 'm' does not answer (Failed): Its supervisor is not running" in answer["status"]["info"]
    )


def test_it_listens_where_it_is_told_to(project: Project) -> None:
    """On 127.0.0.1 alone unless it is asked; what is no address of this machine is named."""
    with proxy(project, "--address", "127.0.0.2", host="127.0.0.2") as made:
        assert ask(f"{made}/seldon/demo/none/api/v1.0/predictions", {})[0] == 404
    command = [sys.executable, "-m", "argolane", "proxy", "--port", "0", "--address", "nowhere.invalid"]
    done = subprocess.run(command, cwd=project.root, capture_output=True, text=True, check=False, timeout=20)
    assert done.stderr == "Error: --address nowhere.invalid: expected an IP of this machine.\n"
