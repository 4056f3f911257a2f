"""The executor that goes on serving at its end: how it is built, and how Seldon is told to take it."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from argolane.serving.orchestrator import settings

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "k8s_setup/executor/Dockerfile").read_text()
OBSERVED = json.loads((ROOT / "tests/cluster/observed/deployment-ab.json").read_text())
IMAGE = "registry.example.com:5000/team/executor:1.17.1-delay"
VALUES = (
    "executor.image.registry=registry.example.com:5000,executor.image.repository=team/executor,"
    "executor.image.tag=1.17.1-delay"
)


@pytest.fixture
def commands(tmp_path: Path) -> Path:
    """A folder with a kubectl, a helm and a docker that only write down how they were called."""
    for name in ("kubectl", "helm", "docker", "podman"):
        program = tmp_path / name
        program.write_text(f'#!/bin/sh\necho {name} "$@" >> {tmp_path}/calls\n')
        program.chmod(0o755)
    return tmp_path


def script(commands: Path, *command: str, **env: str) -> tuple[int, str, list[str]]:
    """(exit status, stderr, the calls of other programs)."""
    path = f"{commands}:{os.environ['PATH']}"
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "PATH": path, **env},
        capture_output=True,
        text=True,
        check=False,
    )
    calls = commands / "calls"
    return done.returncode, done.stderr, calls.read_text().splitlines() if calls.is_file() else []


def test_delay_fits_what_the_controller_makes() -> None:
    """It outlasts the removal from the Service, and the models behind it and the pod outlast it."""
    entrypoint = json.loads(re.findall(r"^ENTRYPOINT (.+)$", DOCKERFILE, re.MULTILINE)[0])
    pod = OBSERVED["spec"]["template"]["spec"]
    model, _, engine = pod["containers"]
    delay = settings.parse([*entrypoint[1:], *engine["args"]]).shutdown_delay
    sleeps = int(model["lifecycle"]["preStop"]["exec"]["command"][-1].split()[-1])
    assert entrypoint[0] == "/executor" and "command" not in engine and "lifecycle" not in engine
    assert 1 < delay < sleeps < pod["terminationGracePeriodSeconds"]


def test_install_builds_it_and_seldon_takes_it(commands: Path) -> None:
    """With EXECUTOR_IMAGE: built from the official image, pushed, and set for the chart."""
    code, said, calls = script(commands, "scripts/install", EXECUTOR_IMAGE=IMAGE, ARGO_MANIFESTS="none")
    assert code == 0, said
    docker = [call for call in calls if call.startswith("docker")]
    assert docker == [f"docker build --tag {IMAGE} k8s_setup/executor", f"docker push {IMAGE}"]
    helm = next(call for call in calls if call.startswith("helm upgrade"))
    assert f"--set-string {VALUES}" in helm
    assert "refuse requests" not in said


def test_install_without_it_says_what_is_lost(commands: Path) -> None:
    """Without EXECUTOR_IMAGE nothing is built, and one line says what updates will cost."""
    code, said, calls = script(commands, "scripts/install", EXECUTOR_IMAGE="", ARGO_MANIFESTS="none")
    assert code == 0
    assert not [call for call in calls if call.startswith("docker") or "--set" in call]
    assert said == "No EXECUTOR_IMAGE: updates will refuse requests for up to a second\n"


def test_built_elsewhere_and_by_another_program(commands: Path) -> None:
    """DOCKER names what builds, or none; EXECUTOR what it is built from."""
    _, _, calls = script(commands, "scripts/executor", IMAGE, DOCKER="podman --remote", EXECUTOR="mirror/e:1")
    assert calls[0] == (
        f"podman --remote build --build-arg EXECUTOR=mirror/e:1 --tag {IMAGE} k8s_setup/executor"
    )
    assert script(commands, "scripts/executor", IMAGE, DOCKER="none")[2] == calls


@pytest.mark.parametrize("image", ["", "executor", "registry.example.com:5000/executor"])
def test_an_image_without_a_place_is_refused(commands: Path, image: str) -> None:
    """Helm takes registry, name and tag apart, so all three must be there; nothing is built or installed."""
    code, said, calls = script(commands, "scripts/executor", image)
    assert code == 1 and not calls
    assert said == f"scripts/executor: found '{image}'; expected REGISTRY/NAME:TAG, as nodes pull it\n"


def test_install_stops_when_it_cannot_be_built(commands: Path) -> None:
    """A build that fails ends the install before Seldon is touched."""
    (commands / "docker").write_text("#!/bin/sh\nexit 3\n")
    code, _, calls = script(commands, "scripts/install", EXECUTOR_IMAGE=IMAGE, ARGO_MANIFESTS="none")
    assert code != 0
    assert not [call for call in calls if call.startswith("helm")]
