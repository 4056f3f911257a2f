"""What the local engine adds: to a bare process, to two busy cores, to the way to the first process.

Goals: at most 15 ms a node over the bare spawn on 200 nodes; at least 90 % of two cores on 40 tasks of half a
second; at most 0.7 s from the command to the first process.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from argolane.manifest import Document
from argolane.project import Project
from argolane.workflow import local

NODES, TASKS, HALF = 200, 40, 0.5


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder))
        local.run(project, _workflow("warm", 2, "true", parallelism=2))
        started = time.perf_counter()
        for _ in range(NODES):
            subprocess.run(["sh", "-c", "true"], check=True)
        bare = time.perf_counter() - started
        started = time.perf_counter()
        local.run(project, _workflow("many", NODES, "true", parallelism=1))
        whole = time.perf_counter() - started
        each = (whole - bare) / NODES * 1e3
        print(f"  {NODES} nodes one after the other: {whole:.2f} s; bare processes: {bare:.2f} s")
        print(f"  {each:.1f} ms more for each (goal: 15)")

        started = time.perf_counter()
        local.run(project, _workflow("busy", TASKS, f"sleep {HALF}", parallelism=2))
        used = TASKS * HALF / 2 / (time.perf_counter() - started)
        print(f"  {TASKS} tasks of {HALF} s, two at a time: {used:.0%} of the time used (goal: 90 %)")

        first = statistics.median(_to_first_process(Path(folder)) for _ in range(5))
        print(f"  from the command to the first process: {first:.2f} s (goal: 0.7)")


def _to_first_process(folder: Path) -> float:
    from argolane.manifest import dump

    file = folder / "first.yaml"
    body = {
        **_workflow("first", 1, "date +%s.%N", parallelism=1).body,
        "metadata": {"generateName": "first-"},
    }
    file.write_text(dump(body), encoding="utf-8")
    started = time.time()
    command = [sys.executable, "-m", "argolane", "run", str(file), "--log"]
    done = subprocess.run(
        command, cwd=folder, check=True, capture_output=True, text=True, env=dict(os.environ)
    )
    [line] = [line for line in done.stdout.splitlines() if " | " in line]
    return float(line.partition(" | ")[2]) - started


def _workflow(name: str, nodes: int, script: str, *, parallelism: int) -> Document:
    tasks = [{"name": f"t{number}", "template": "task"} for number in range(nodes)]
    body: dict[str, Any] = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"name": f"{name}-{datetime.now().astimezone():%H%M%S%f}"},
        "spec": {
            "entrypoint": "main",
            "parallelism": parallelism,
            "templates": [
                {"name": "main", "dag": {"tasks": tasks}},
                {"name": "task", "container": {"image": "python:3.11-slim", "command": ["sh", "-c", script]}},
            ],
        },
    }
    return Document(body, Path(f"{name}.yaml"), name)
