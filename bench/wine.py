"""One wine asked of MLFLOW_SERVER: 500 trees as an ONNX graph beside the same trees as scikit-learn has them.

Each is a deployment as `argolane apply` starts it. The whole way is client, graph server and unit; then the
unit alone. Goals: at most 1.5 ms for a request (p50, one client) by the graph, the whole way, and so a tenth
of what scikit-learn takes. Processor time for a request is told, too: it stays the same where much else runs.
"""

import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from argolane.containers import images
from argolane.project import Project, find
from argolane.serving.deployments import Deployments
from bench.comments import checkout
from bench.graph import deployed
from bench.load import Load, measure

TREES, ROUNDS, SECONDS = 500, 5, 2.0
IMAGE = "bench/wine-trainer:0.1"


def main(project: Project, work: Path) -> None:
    """Needs the wines: WINE_CSV, or a network; without, it says so."""
    copy = find(checkout(project.root, work / "wine"))
    try:
        models(copy, work / "wine-store")
    except subprocess.CalledProcessError as error:
        print(f"  not measured: {error.stderr.strip().splitlines()[-1]}")
        return
    body = (copy.root / "models/wine/request.json").read_bytes()
    here, found = Deployments(copy), {}
    for kind in ("onnx", "sklearn"):
        with deployed(here, manifest(kind, work / "wine-store" / kind)) as (whole, alone):
            for way, url in (("whole way", whole), ("unit", alone)):
                load, busy = asked(url, body)
                found[kind, way] = load.p50
                print(f"  {kind:8} {way:9} {load}  processor {busy:5.2f} ms")
    for way in ("whole way", "unit"):
        onnx, sklearn = (found[kind, way] for kind in ("onnx", "sklearn"))
        print(f"  {way}: {onnx:.2f} ms p50 (goal: 1.50 the whole way), {sklearn / onnx:.1f} times as fast as"
              f" {TREES} trees of scikit-learn (goal: 10)")  # fmt: skip


def models(copy: Project, store: Path) -> None:
    """Folders onnx and sklearn in `store`."""
    image = images.prepare(copy, IMAGE, say=print)
    root = Path(__file__).resolve().parents[1]
    store.mkdir()
    env = {**image.env, "MODEL_STORE": str(store), "DATA_DIR": str(store / ".data"), "PYTHONPATH": str(root)}
    told = [f"--{name}-file={store}/{name}" for name in ("metric", "version", "note")]
    for module, *arguments in (
        ("models.wine.train", "--version=bench", f"--trees={TREES}", *told),
        ("bench.wine_models", str(store)),
    ):
        command = ["python", "-m", module, *arguments]
        subprocess.run(command, env=env, cwd=root, check=True, capture_output=True, text=True)


def manifest(name: str, folder: Path) -> dict[str, Any]:
    graph = {"name": "a", "implementation": "MLFLOW_SERVER", "modelUri": folder.as_uri()}
    return {
        "apiVersion": "machinelearning.seldon.io/v1",
        "kind": "SeldonDeployment",
        "metadata": {"name": name},
        "spec": {"predictors": [{"name": "main", "graph": graph}]},
    }


def asked(url: str, body: bytes) -> tuple[Load, float]:
    """The median of some loads, and the processor's milliseconds for a request where it is answered."""
    measure(url, body, clients=1, seconds=0.5)
    loads, spent, count = [], 0.0, 0.0
    for _ in range(ROUNDS):
        before = processor(url)
        load = measure(url, body, clients=1, seconds=SECONDS)
        spent, count = spent + processor(url) - before, count + load.rate * SECONDS
        loads.append(load)
    return sorted(loads, key=lambda load: load.p50)[ROUNDS // 2], spent / count * 1e3


def processor(url: str) -> float:
    """Seconds of the processes that listen on the URL's port."""
    port, all_here = urlsplit(url).port, psutil.net_connections("tcp")
    pids = {one.pid for one in all_here if one.status == psutil.CONN_LISTEN and one.laddr.port == port}
    return sum(sum(psutil.Process(pid).cpu_times()[:2]) for pid in pids if pid)


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        main(find(), Path(place))
