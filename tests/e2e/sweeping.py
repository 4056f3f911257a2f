"""A workflow that searches in, what came of its trials out, also where its runner was killed among them."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.e2e.conftest import Command

STUDIES = ".argolane/volumes/model-store/.sweeps"


def report(checkout: Path) -> dict[str, Any]:
    """Of the latest sweep."""
    found = checkout.glob(f"{STUDIES}/*/report.json")
    told: dict[str, Any] = json.loads(max(found, key=lambda path: path.stat().st_mtime).read_text())
    return told


def retried_after_kill(checkout: Path, argolane: Command, workflow: str, *given: str) -> str:
    """The run's name: its runner is killed when the third trial has begun, and it is retried to its end."""
    studies = checkout / STUDIES
    before = set(studies.iterdir()) if studies.exists() else set()
    command = [sys.executable, "-m", "argolane", "run", workflow, *(w for one in given for w in ("-p", one))]
    run = subprocess.Popen(
        command, cwd=checkout, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 400
    while not any((study / "2.lock").exists() for study in [*studies.glob("[!.]*")] if study not in before):
        assert run.poll() is None, "the run ended before its third trial"
        assert time.monotonic() < deadline
        time.sleep(0.05)
    run.send_signal(signal.SIGKILL)
    run.wait()
    [study] = [study for study in studies.glob("[!.]*") if study not in before]
    assert not (study / "report.json").exists()
    argolane("retry", study.name)
    return study.name
