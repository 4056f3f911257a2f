"""Comment moderation: rows per second of each step, and what it costs to serve four steps as four nodes.

A run of the workflow in a folder of its own; its logs have the steps' rates. Then one comment of median
length, asked of the chain of four and of one process that does all four, in turn, by the same client, behind
the same wrapper. Goal: the chain takes at most six times as long, for it is four calls, an orchestrator and
their JSON.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from argolane.containers import images
from argolane.project import Project, find
from argolane.serving.deployments import Deployments
from bench.load import measure
from bench.serving import serving

ROUNDS, SECONDS = 3, 3.0
CONTENT = ("argolane.toml", "models", "workflows", "k8s_serving")
STEPS = ("clean", "tokens", "tfidf-train", "tfidf", "classify-train")
TEXT = (
    "I wonder if this holds when you control for age and income. The sample was small, wasn't it? "
    "The paper says n=42, so I'd be careful before I generalise from that to everybody."
)


def main(project: Project, work: Path) -> None:
    """Needs the comments: COMMENTS_CSV, or a network; without, the 200 made-up rows, and says so."""
    copy = find(checkout(project.root, work / "comments"))
    known = _run(copy.root, "run", "comments", check=False)
    if known.returncode != 0:
        print("  the comments cannot be had: these are the 200 made-up rows")
        _run(copy.root, "run", "comments", "-p", "dataset=synthetic")
    else:
        _quality(copy, work / "comments-data")
    for step in STEPS:
        print(f"  {_run(copy.root, 'logs', 'comments', step).stdout.strip().splitlines()[-1]}")
    try:
        _compare(copy)
    finally:
        _run(copy.root, "delete", "deployment", "comments")


def _quality(project: Project, cache: Path) -> None:
    image = images.prepare(project, "bench/comments-unit:0.1", say=print)
    root = Path(__file__).resolve().parents[1]
    env = {**image.env, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
    subprocess.run(["python", "-m", "bench.comments_quality", str(cache)], env=env, cwd=root, check=True)


def _compare(project: Project) -> None:
    image = images.prepare(project, "bench/comments-unit:0.1", say=print)
    folder = project.claims / "model-store/comments/0.1"
    root = Path(__file__).resolve().parents[1]
    env = {**image.env, "MODEL_DIR": str(folder), "PYTHONPATH": f"{project.root}:{root}"}
    body = json.dumps({"data": {"names": ["text"], "ndarray": [TEXT]}}).encode()
    chain_url = Deployments(project).url("comments")
    command = ["seldon-core-microservice", "bench.comments_whole.Model", "--service-type", "MODEL"]
    with serving(command, env, root) as whole_url:
        pairs = [
            (measure(chain_url, body, clients=1, seconds=SECONDS),
             measure(whole_url, body, clients=1, seconds=SECONDS))
            for _ in range(ROUNDS)
        ]  # fmt: skip
    chain, whole = sorted(pairs, key=lambda pair: pair[0].p50 / pair[1].p50)[ROUNDS // 2]
    bare = subprocess.run(["python", "-m", "bench.comments_whole", TEXT], env=env, cwd=root, check=True,
                          capture_output=True, text=True).stdout  # fmt: skip
    print(f"  chain of four  {chain}\n  one process    {whole}\n  bare function  p50 {float(bare):.2f} ms")
    print(f"  ratio of p50, one comment: {chain.p50 / whole.p50:.1f} (goal: at most 6)")


def checkout(root: Path, folder: Path) -> Path:
    for name in CONTENT:
        if (root / name).is_dir():
            shutil.copytree(root / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / name, folder / name)
    return folder


def _run(folder: Path, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "argolane", *arguments]
    return subprocess.run(command, cwd=folder, check=check, capture_output=True, text=True)
