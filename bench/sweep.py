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

from argolane.project import FILE, Project

TRIALS, ROUNDS, EPOCHS = 8, 2, 300
SEARCH = {"learning_rate": {"low": 1e-3, "high": 1e-2, "log": True}}


def main(project: Project, work: Path) -> None:
    checkout = work / "sweep"
    for name in ("models", "workflows"):
        shutil.copytree(project.root / name, checkout / name)
    shutil.copy(project.root / FILE, checkout)
    took: dict[int, list[tuple[float, float]]] = {1: [], 2: []}
    for turn in range(ROUNDS + 1):
        for parallel, found in took.items():
            measured = _seconds(checkout, parallel)
            if turn:  # the first turn warms caches
                found.append(measured)
    one, trained = map(statistics.median, zip(*took[1], strict=True))
    two, _ = map(statistics.median, zip(*took[2], strict=True))
    print(f"  {TRIALS} trials, one after the other: {one:.1f} s; two at a time: {two:.1f} s")
    print(f"  ratio {one / two:.2f} (goal: at least 1.7 on two processors; here {os.cpu_count()})")
    print(f"  beside the trials themselves, one at a time: {(one - trained) / TRIALS:.2f} s a trial")


def _seconds(checkout: Path, parallel: int) -> tuple[float, float]:
    """What the sweep took, and what its trials took."""
    given = {"trials": TRIALS, "parallel": parallel, "dataset": "digits", "epochs": EPOCHS,
             "search-prune": "false", "search": json.dumps(SEARCH)}  # fmt: skip
    command = [sys.executable, "-m", "argolane", "run", "sweep-sk-mnist"]
    command += [word for name, value in given.items() for word in ("-p", f"{name}={value}")]
    started = time.perf_counter()
    subprocess.run(command, cwd=checkout, check=True, stdout=subprocess.DEVNULL)
    took = time.perf_counter() - started
    studies = checkout.glob(".argolane/volumes/model-store/.sweeps/*/report.json")
    newest = max(studies, key=lambda path: path.stat().st_mtime)
    trials = json.loads(newest.read_text(encoding="utf-8"))["trials"]
    return took, sum(one["seconds"] for one in trials)
