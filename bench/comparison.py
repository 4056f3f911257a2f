"""The same graph of twenty tasks in Metaflow and in the local engine, in turn, from command to prompt.

start, 17 tasks in parallel, join, end: two at a time, each a Python process that hands a number on. The whole
command is timed, as somebody at a terminal waits for it: interpreter, imports, graph, processes, record.
"""

import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import yaml

from argolane.containers import environments
from argolane.project import Project

ROUNDS, NUMBERS, AT_ONCE = 7, 17, 2
TOTAL = f"total {sum(number**2 for number in range(NUMBERS))}"


def main(project: Project, work: Path) -> None:
    folder = work / "comparison"
    folder.mkdir()
    metaflow = _metaflow(project, folder)
    ours = _ours(folder)
    theirs_taken, ours_taken = [], []
    for turn in range(ROUNDS + 1):
        theirs, own = _seconds(metaflow, folder), _seconds(ours, folder)
        if turn:  # the first turn warms caches
            theirs_taken.append(theirs)
            ours_taken.append(own)
    a, b = statistics.median(ours_taken), statistics.median(theirs_taken)
    load = os.getloadavg()[0]
    print(f"  20 tasks, {AT_ONCE} at a time, {ROUNDS} rounds: argolane {_shown(ours_taken)}")
    print(f"  metaflow {_shown(theirs_taken)}; load of this machine {load:.1f} on {os.cpu_count()} cores")
    print(f"  ratio of medians, argolane to metaflow: {a / b:.2f}")


def _shown(taken: list[float]) -> str:
    return f"median {statistics.median(taken):.2f} s ({min(taken):.2f} to {max(taken):.2f})"


def _metaflow(project: Project, folder: Path) -> list[str]:
    lock = project.root / "bench" / "metaflow.lock"
    made = environments.ensure(lock, project.cache / "envs", root=project.root, say=print)
    flow = shutil.copy(project.root / "bench" / "comparison_flow.py", folder)
    return [str(made / "bin" / "python"), str(flow), "--no-pylint", "run", "--max-workers", str(AT_ONCE)]


def _ours(folder: Path) -> list[str]:
    file = folder / "comparison.yaml"
    file.write_text(yaml.safe_dump(_workflow()), encoding="utf-8")
    return [sys.executable, "-m", "argolane", "run", str(file), "--log"]


def _workflow() -> dict[str, object]:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"generateName": "comparison-"},
        "spec": {
            "entrypoint": "main",
            "parallelism": AT_ONCE,
            "templates": [
                {"name": "main", "dag": {"tasks": [
                    {"name": "start", "template": "start"},
                    {"name": "square", "template": "square", "depends": "start",
                     "withParam": "{{tasks.start.outputs.result}}", **_given("{{item}}")},
                    {"name": "join", "template": "join", "depends": "square",
                     **_given("{{tasks.square.outputs.result}}")},
                    {"name": "end", "template": "end", "depends": "join",
                     **_given("{{tasks.join.outputs.result}}")},
                ]}},
                _script("start", f"print(list(range({NUMBERS})))"),
                _script("square", "import sys; print(int(sys.argv[1]) ** 2)", given=True),
                _script("join", "import json, sys; print(sum(json.loads(sys.argv[1])))", given=True),
                _script("end", "import sys; print('total', sys.argv[1])", given=True),
            ],
        },
    }  # fmt: skip


def _given(value: str) -> dict[str, object]:
    return {"arguments": {"parameters": [{"name": "given", "value": value}]}}


def _script(name: str, code: str, *, given: bool = False) -> dict[str, object]:
    arguments = ["-c", code, *(["{{inputs.parameters.given}}"] if given else [])]
    container = {"image": "python:3.11-slim", "command": ["python"], "args": arguments}
    inputs = {"inputs": {"parameters": [{"name": "given"}]}} if given else {}
    return {"name": name, **inputs, "container": container}


def _seconds(command: list[str], folder: Path) -> float:
    """One whole run, whose total has to be right."""
    started = time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, env=environment(folder), check=False, capture_output=True, text=True
    )
    taken = time.perf_counter() - started
    if done.returncode or TOTAL not in done.stdout:
        raise RuntimeError(f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return taken


def environment(folder: Path) -> dict[str, str]:
    """What both run in: Metaflow's records in a folder of this bench, Python as a user has it."""
    # With PYTHONDONTWRITEBYTECODE each of Metaflow's processes would compile its libraries anew.
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("METAFLOW_", "PYTHON"))}
    return kept | {
        "USERNAME": "bench",
        "METAFLOW_HOME": str(folder / "metaflow"),
        "METAFLOW_DEFAULT_METADATA": "local",
        "METAFLOW_DEFAULT_DATASTORE": "local",
        "METAFLOW_DATASTORE_SYSROOT_LOCAL": str(folder),
    }
