"""A sweep of 8 trials, two at a time, beside the same 8 one after the other: `argolane run sweep-sk-mnist`.

Trials of the digits, some seconds each and all alike (one width, none pruned: else it is measured by chance
which trial is the last), in turn; goal: 1.7 times as fast on two idle processors. Also what a trial costs
beside its training: the sweep one at a time, less the seconds that its trainings took.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from argolane.project import FILE, Project

TRIALS, ROUNDS, EPOCHS = 8, 2, 300
SEARCH = {"learning_rate": {"low": 1e-3, "high": 1e-2, "log": True}}
ARGUMENTS = ("--dataset=digits", f"--epochs={EPOCHS}")  # of the trainer: what all trials have in common


def main(project: Project, work: Path) -> None:
    made = checkout(project, work / "sweep")
    took: dict[int, list[tuple[float, float]]] = {1: [], 2: []}
    for turn in range(ROUNDS + 1):
        for parallel, found in took.items():
            seconds, trials = run(made, parallel)
            if turn:  # the first turn warms caches
                found.append((seconds, sum(one["seconds"] for one in trials)))
    one, trained = map(statistics.median, zip(*took[1], strict=True))
    two, _ = map(statistics.median, zip(*took[2], strict=True))
    print(f"  {TRIALS} trials, one after the other: {one:.1f} s; two at a time: {two:.1f} s")
    print(f"  ratio {one / two:.2f} (goal: at least 1.7 on two processors; here {os.cpu_count()})")
    print(f"  beside the trials themselves, one at a time: {(one - trained) / TRIALS:.2f} s a trial")


def checkout(project: Project, folder: Path) -> Path:
    """A folder that has the models and their workflows, and runs of its own."""
    for name in ("models", "workflows"):
        shutil.copytree(project.root / name, folder / name)
    shutil.copy(project.root / FILE, folder)
    return folder


def run(checkout: Path, parallel: int) -> tuple[float, list[dict[str, Any]]]:
    """What the sweep took in seconds, and its trials as report.json has them."""
    given = {"trials": TRIALS, "parallel": parallel, "search-prune": "false", "search": json.dumps(SEARCH)}
    given |= dict(argument.removeprefix("--").split("=") for argument in ARGUMENTS)
    command = [sys.executable, "-m", "argolane", "run", "sweep-sk-mnist"]
    command += [word for name, value in given.items() for word in ("-p", f"{name}={value}")]
    started = time.perf_counter()
    subprocess.run(command, cwd=checkout, check=True, stdout=subprocess.DEVNULL)
    took = time.perf_counter() - started
    studies = checkout.glob(".argolane/volumes/model-store/.sweeps/*/report.json")
    newest = max(studies, key=lambda path: path.stat().st_mtime)
    trials: list[dict[str, Any]] = json.loads(newest.read_text(encoding="utf-8"))["trials"]
    return took, trials
