"""`make bench`: every measurement, each a ratio of two things measured in turn in this one run.

`make bench ARGS="wine sweep"` measures those alone.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from argolane.project import Project, find
from bench import (
    ab_test,
    bandit,
    beam,
    comments,
    comparison,
    containers,
    engine,
    graph,
    images,
    overhead,
    score,
    serving,
    serving_rpc,
    sweep,
    sweep_comparison,
    wine,
)

Measurement = Callable[[Project, Path], None]

# Name -> what it is, and how it is measured.
MEASUREMENTS: dict[str, tuple[str, Measurement]] = {
    "overhead": ("A run beside the bare training", overhead.main),
    "sweep": ("A sweep two trials at a time beside one after the other", sweep.main),
    "serving": ("Our runtime beside the stock wrapper", serving.main),
    "serving_rpc": ("Our runtime beside the stock wrapper, over gRPC", serving_rpc.main),
    "graph": ("The graph server beside the unit that it asks", graph.main),
    "score": ("The scoring service beside the same code under Seldon's wrapper", score.main),
    "comparison": ("The same graph in Metaflow and in the local engine", comparison.main),
    "sweep_comparison": ("The same sweep in Metaflow and in the local engine", sweep_comparison.main),
    "comments": ("Comment moderation, and four nodes beside one process", comments.main),
    "wine": ("A wine asked of MLFLOW_SERVER, ONNX beside scikit-learn", wine.main),
    "beam": ("The transform of Bitcoin with Beam beside pandas", beam.main),
    "bandit": ("Bandits beside chance, and beside the public router", lambda *_: bandit.main()),
    "ab_test": ("Verdicts on A/A and A/B tests", lambda *_: ab_test.main()),
    "containers": ("A container beside a bare process", lambda *_: containers.main()),
    "images": ("A container of a real image beside a bare process", lambda *_: images.main()),
    "engine": ("The local engine", lambda *_: engine.main()),
}


def main(names: list[str]) -> None:
    if unknown := [name for name in names if name not in MEASUREMENTS]:
        sys.exit(f"there is no measurement {', '.join(unknown)}; there are: {', '.join(MEASUREMENTS)}")
    project = find()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        (work / "data").mkdir()
        for name in names or MEASUREMENTS:
            title, measure = MEASUREMENTS[name]
            print(f"{title}:", flush=True)
            measure(project, work)


if __name__ == "__main__":
    main(sys.argv[1:])
