"""Who dies with whom: nothing is left after any death, and what should outlive a death does."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from argolane.errors import ArgolaneError
from argolane.project import Project, find
from argolane.serving.deployments import Deployments


def supervisor(project: Project, tools: Any) -> psutil.Process:
    found: psutil.Process = tools.supervisors(project.root)[0]
    return found


def gone(processes: list[psutil.Process]) -> bool:
    return not any(map(lives, processes))


def lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


# A command line that applies and then, as `argolane run` does, goes on to wait.
APPLY = """
import json, sys, time
from pathlib import Path
from argolane.project import find
from argolane.serving.deployments import Deployments
Deployments(find(Path(sys.argv[1]))).apply(json.load(sys.stdin))
print("applied", flush=True)
time.sleep(60)
"""


def test_a_retry_brings_back_what_its_run_deployed(
    deployments: Deployments, project: Project, tools: Any
) -> None:
    """A deployment with the label of the run, whose supervisor was killed, is up again; others stay."""
    asked = tools.manifest(VERSION="1")
    asked["metadata"]["labels"] = {"argolane.dev/workflow": "x"}
    deployments.apply(asked)
    deployments.wait("m", timeout=30)
    supervisor(project, tools).kill()
    tools.until(lambda: deployments.get("m")["status"]["state"] == "Failed", within=5)
    assert deployments.bring_back(label="argolane.dev/workflow", value="y") == []
    assert deployments.bring_back(label="argolane.dev/workflow", value="x") == ["m"]
    deployments.wait("m", timeout=30)
    assert deployments.bring_back(label="argolane.dev/workflow", value="x") == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_deployment_outlives_the_command_line(
    deployments: Deployments, project: Project, tools: Any, number: signal.Signals
) -> None:
    """The process that applied it is killed with its whole group: the deployment comes up, and is known.

    Its pipe is closed as well: who reads the output of the command line waits for nobody else.
    """
    starter = subprocess.Popen(
        [sys.executable, "-c", APPLY, str(project.root)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip
    assert starter.stdin
    assert starter.stdout
    starter.stdin.write(json.dumps(tools.manifest(VERSION="1")))
    starter.stdin.close()
    assert starter.stdout.readline() == "applied\n"
    os.killpg(starter.pid, number)
    begun = time.monotonic()
    starter.stdout.read()
    assert time.monotonic() - begun < 5
    starter.stdout.close()
    starter.wait()
    assert deployments.wait("m", timeout=30)["status"]["state"] == "Available"
    assert tools.ask(deployments.url("m"))["version"] == "1"


def test_models_die_with_the_supervisor_and_apply_brings_them_back(
    deployments: Deployments, project: Project, tools: Any
) -> None:
    """SIGKILL of the supervisor: no process is left, the status says why; apply starts anew, same URL."""
    asked = tools.manifest(VERSION="1")
    deployments.apply(asked)
    url = deployments.wait("m", timeout=30)["status"]["address"]["url"]
    everything = tools.processes(project.root)
    assert len(everything) >= 3
    supervisor(project, tools).kill()
    tools.until(lambda: gone(everything), within=5)

    for found in (deployments.get("m"), deployments.list()[0]):
        assert found["status"]["state"] == "Failed"
        assert "Its supervisor is not running" in found["status"]["description"]
        assert "Apply the manifest again" in found["status"]["description"]
        assert found["status"]["deploymentStatus"]["m-default-0-m"]["availableReplicas"] == 0

    back = deployments.apply(asked)
    assert back["status"]["state"] == "Creating"
    assert back["metadata"]["generation"] == 1
    assert deployments.wait("m", timeout=30)["status"]["address"]["url"] == url
    assert tools.ask(url)["version"] == "1"


def test_a_reused_process_id_is_not_taken_for_the_supervisor(
    deployments: Deployments, project: Project, tools: Any
) -> None:
    """As after a reboot: the id written down is somebody else's now. It is not believed, and not killed."""
    deployments.apply(tools.manifest())
    deployments.wait("m", timeout=30)
    supervisor(project, tools).kill()
    tools.until(lambda: not tools.processes(project.root))
    with subprocess.Popen(["sleep", "60"]) as other:
        written = project.state / "deployments" / "m" / "supervisor.json"
        written.write_text(f'{{"instance": "x", "pid": {other.pid}}}')
        tools.until(lambda: deployments.get("m")["status"]["state"] == "Failed")
        assert deployments.delete("m") is True
        assert other.poll() is None
        other.kill()


def test_delete_ends_a_supervisor_that_hangs(
    deployments: Deployments, project: Project, tools: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stopped process answers nobody: after its time it is killed, and its models with it."""
    from argolane.serving import kept as module

    monkeypatch.setattr(module, "_END_WITHIN", 0.5)
    deployments.apply(tools.manifest())
    deployments.wait("m", timeout=30)
    everything = tools.processes(project.root)
    supervisor(project, tools).send_signal(signal.SIGSTOP)
    assert deployments.delete("m") is True
    tools.until(lambda: gone(everything), within=5)


def test_a_folder_removed_by_hand_ends_everything(
    deployments: Deployments, project: Project, tools: Any
) -> None:
    """`rm -r .argolane` leaves no process behind."""
    deployments.apply(tools.manifest())
    deployments.wait("m", timeout=30)
    everything = tools.processes(project.root)
    shutil.rmtree(project.state)
    tools.until(lambda: gone(everything), within=10)
    assert deployments.list() == []


def test_projects_and_deployments_do_not_disturb_each_other(
    deployments: Deployments, project: Project, tools: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Same name in two projects, two in one project: each its own; ending one leaves the others."""
    other_root: Path = tmp_path_factory.mktemp("other")
    other = Deployments(find(other_root))
    try:
        other.apply(tools.manifest("m", VERSION="other"))
        deployments.apply(tools.manifest("m", VERSION="m"))
        deployments.apply(tools.manifest("n", VERSION="n"))
        for there, name in ((other, "m"), (deployments, "m"), (deployments, "n")):
            there.wait(name, timeout=30)
        assert len({other.url("m"), deployments.url("m"), deployments.url("n")}) == 3
        assert [d["metadata"]["name"] for d in deployments.list()] == ["m", "n"]
        deployments.delete("m")
        assert tools.ask(other.url("m"))["version"] == "other"
        assert tools.ask(deployments.url("n"))["version"] == "n"
        with pytest.raises(ArgolaneError, match="No deployment 'm'"):
            deployments.url("m")
    finally:
        other.delete("m")
    assert tools.processes(other_root) == []


def test_an_idle_deployment_costs_next_to_nothing(
    deployments: Deployments, project: Project, tools: Any
) -> None:
    """Two seconds of silence cost the supervisor at most 20 ms of processor time; it stays under 100 MB."""
    deployments.apply(tools.manifest())
    deployments.wait("m", timeout=30)
    tools.ask(deployments.url("m"))
    time.sleep(0.5)
    who = supervisor(project, tools)
    before = who.cpu_times()
    time.sleep(2)
    after = who.cpu_times()
    assert after.user + after.system - before.user - before.system <= 0.02
    assert who.memory_info().rss < 100e6
