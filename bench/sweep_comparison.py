"""The same trials of a sweep in Metaflow's foreach and in `argolane run sweep-sk-mnist`, in turn.

8 trainings of sk_mnist on the digits, two at a time, none pruned: one trainer, the same params, and both must
reach the same scores. Overhead a trial is what two processors were there for, less the trainings, shared out:
(wall * 2 - seconds of the trainings) / 8. A training counts with the seconds of whichever of the two had it
faster, for both: what a tool adds within a trial (imports, a journal) is overhead, too.
"""

import json
import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from argolane.containers import environments
from argolane.project import Project
from bench import sweep
from bench.comparison import environment

ROUNDS, PARALLEL = 3, 2
SAME = 1e-9  # between scores of the same training


def main(project: Project, work: Path) -> None:
    checkout = sweep.checkout(project, work / "sweep_comparison")
    lock = project.root / "bench" / "sweep_flow.lock"
    made = environments.ensure(lock, project.cache / "envs", root=project.root, say=print)
    shutil.copy(project.root / "bench" / "sweep_flow.py", checkout)
    flow = [str(made / "bin/python"), "sweep_flow.py", "--no-pylint", "run", "--max-workers", str(PARALLEL)]
    ours, theirs, trained = [], [], []
    for turn in range(ROUNDS + 1):
        took, trials = sweep.run(checkout, PARALLEL)
        taken, found = _flow(flow, checkout, [one["params"] for one in trials])
        _same(trials, found)
        if turn:  # the first turn warms caches
            ours.append(took)
            theirs.append(taken)
            trained.append(
                sum(min(one["seconds"], other["seconds"]) for one, other in zip(trials, found, strict=True))
            )
    fit = statistics.median(trained)
    print(
        f"  {sweep.TRIALS} trials, {PARALLEL} at a time, {ROUNDS} rounds; their trainings: {fit:.1f} s in all"
    )
    for name, wall in (("argolane", ours), ("metaflow", theirs)):
        middle = statistics.median(wall)
        overhead = (middle * PARALLEL - fit) / sweep.TRIALS
        print(
            f"  {name}: median {middle:.1f} s ({min(wall):.1f} to {max(wall):.1f});"
            f" overhead a trial {overhead:.2f} s"
        )
    load = os.getloadavg()[0]
    print(f"  load of this machine {load:.1f} on {os.cpu_count()} cores")


def _flow(
    command: Sequence[str], checkout: Path, params: Sequence[Any]
) -> tuple[float, list[dict[str, float]]]:
    """What the flow took, and of each trial its score and seconds."""
    given = ["--trials", json.dumps(params), "--arguments", json.dumps(sweep.ARGUMENTS)]
    env = environment(checkout) | {"PYTHONPATH": str(checkout), "OMP_NUM_THREADS": "1"}
    started = time.perf_counter()
    done = subprocess.run(
        [*command, *given], cwd=checkout, env=env, check=False, capture_output=True, text=True
    )
    taken = time.perf_counter() - started
    said = [line.partition("found ")[2] for line in done.stdout.splitlines() if "found [" in line]
    if done.returncode or len(said) != 1:
        raise RuntimeError(f"The flow ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    found: list[dict[str, float]] = json.loads(said[0])
    return taken, found


def _same(trials: Sequence[dict[str, Any]], found: Sequence[dict[str, float]]) -> None:
    for one, other in zip(trials, found, strict=True):
        if abs(one["value"] - other["value"]) > SAME:
            raise RuntimeError(
                f"Trial {one['number']} reached {one['value']} here and {other['value']} in Metaflow:"
                " the two did not do the same."
            )
