"""What a run adds: `argolane run train-sk-mnist` beside the bare train.py in the same environment.

Both train anew each time (a version of its own), in turn. Goal: at most 1.1 times the bare training + 1 s.
"""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from argolane.containers import images
from argolane.project import Project
from bench.trained import checkout

ROUNDS = 3


def main(project: Project, work: Path) -> None:
    """Leaves sk_mnist 0.1 in `work`/store."""
    image = images.prepare(project, "bench/sk-mnist-trainer:0.1", say=print)
    env = {**image.env, "MODEL_STORE": str(work / "store"), "DATA_DIR": str(work / "data")}
    copy = checkout(project, work).root
    bare, whole = [], []
    for turn in range(ROUNDS + 1):
        version = "0.1" if turn == 0 else f"0.1.{turn}"
        train = ["python", "-m", "models.sk_mnist.train", f"--version={version}", f"--metric-file={work}/a",
                 f"--version-file={work}/m"]  # fmt: skip
        seconds = _seconds(train, env, project.root)
        run = [
            sys.executable,
            "-m",
            "argolane",
            "run",
            "train-sk-mnist",
            "-p",
            f"version={version}",
        ]
        run_seconds = _seconds(run, dict(os.environ), copy)
        if turn:  # the first turn warms caches
            bare.append(seconds)
            whole.append(run_seconds)
    a, b = statistics.median(whole), statistics.median(bare)
    print(f"  argolane run train-sk-mnist: {a:.2f} s; bare train.py: {b:.2f} s")
    print(f"  ratio {a / b:.2f}, difference {a - b:.2f} s (goal: at most {1.1 * b + 1:.2f} s)")


def _seconds(command: list[str], env: dict[str, str], folder: Path) -> float:
    started = time.perf_counter()
    subprocess.run(command, env=env, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started
