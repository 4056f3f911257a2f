"""docs/scoring.md with no cluster: each of its commands, in a checkout whose port is a free one."""

import json
import os
import re
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from argolane.project import find
from argolane.serving.apiserver import ApiServer
from models.score import linear
from tests.e2e.conftest import ROOT, copied, run_command
from tests.models.serving import free_ports
from tests.scoring_page import answered, blocks

SCORE = linear.load().score(json.loads((ROOT / "models/score/score.json").read_text())["X"])
YAML, CHART, WORKFLOW = blocks("With no cluster")


@pytest.fixture(scope="module")
def port() -> int:
    (found,) = free_ports(1)
    return found


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Path]:
    """A checkout where the service is at `port`, which is the number 5000 everywhere else."""
    root = copied(tmp_path_factory.mktemp("scoring"))
    for name in ("k8s_serving/web.py", "k8s_serving/chart/values.yaml"):
        file = root / name
        text, count = re.subn(r"\b5000\b", str(port), file.read_text())
        assert count
        file.write_text(text)
    assert run_command(root, "render").returncode == 0
    yield root
    server = ApiServer(find(root))
    for kind, space in ((kind, space) for kind in ("Deployment", "Service") for space in (None, "score")):
        server.delete(kind, "score", namespace=space)
    run_command(root, "delete", "deployments", "--all")


def sh(project: Path, port: int, text: str) -> str:
    """What bash wrote; the test fails where a command does."""
    path = f"{ROOT / '.venv/bin'}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text.replace("localhost:5000", f"localhost:{port}")],
        cwd=project, env={**os.environ, "PATH": path}, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=200,
    )  # fmt: skip
    assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def health(port: int) -> Any:
    """What /healthz says; None where nobody answers."""
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
        return json.load(answer)
    return None


def test_one_yaml(project: Path, port: int) -> None:
    """Applied, asked, listed, deleted; then nobody answers at its port."""
    said = sh(project, port, YAML)
    assert answered(said, "score") == pytest.approx(SCORE)
    assert "score" in said and health(port) is None


@pytest.mark.skipif(shutil.which("helm") is None, reason="helm is not installed")
@pytest.mark.heavy
def test_the_chart_and_the_component(project: Path, port: int) -> None:
    """What helm renders goes straight in; the component of Seldon gives the same score."""
    said = sh(project, port, CHART)
    assert answered(said, "version") == "0.1"
    assert f"{SCORE:.3f}"[:6] in said and health(port) is None


def test_the_workflow_rolls_out_updates_and_puts_back(project: Path, port: int) -> None:
    """Version 0.1, then 0.2; one that fails is put back; whoever asks meanwhile is answered."""
    *first, deployment, service = WORKFLOW.splitlines()
    said = sh(project, port, "\n".join(first))
    assert "10 answers in a row come from version 0.1" in said and answered(said, "version") == "0.1"
    versions, over = [], threading.Event()

    def ask() -> None:
        while not over.is_set():
            versions.append((health(port) or {}).get("version"))
            time.sleep(0.02)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        done = run_command(project, "run", "score", "-p", "version=0.2")
        assert done.returncode == 0, done.stdout + done.stderr
        assert health(port)["version"] == "0.2"
        # The same workflow, but what it asks for is in no answer: verify fails when the new version is up.
        rendered = (project / "workflows/rendered/score.template.yaml").read_text()
        text, count = re.subn(r"(name: ANSWER\n +value: )score", r"\1points", rendered)
        assert count == 1
        (project / "workflows/rendered/score.template.yaml").write_text(text)
        done = run_command(project, "run", "score", "-p", "version=0.3", "-p", "deploy-timeout=10")
        assert done.returncode == 1 and "no number 'points' in the answer" in done.stdout + done.stderr
        assert health(port)["version"] == "0.2"
    finally:
        over.set()
        asking.join()
    assert {"0.1", "0.2", "0.3"} == set(versions), versions
    sh(project, port, f"{deployment}\n{service}")
    assert health(port) is None
