"""`make bench`: every measurement, each a ratio of two things measured in turn in this one run."""

import tempfile
from pathlib import Path

from argolane.project import find
from bench import (
    ab_test,
    bandit,
    beam,
    comments,
    comparison,
    containers,
    engine,
    graph,
    overhead,
    score,
    serving,
    sweep,
    wine,
)


def main() -> None:
    project = find()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        (work / "data").mkdir()
        print("A run beside the bare training:")
        overhead.main(project, work)
        print("A sweep two trials at a time beside one after the other:")
        sweep.main(project, work)
        print("Our runtime beside the stock wrapper:")
        serving.main(project, work)
        print("The graph server beside the unit that it asks:")
        graph.main(project, work)
        print("The scoring service beside the same code under Seldon's wrapper:")
        score.main(project, work)
        print("The same graph in Metaflow and in the local engine:")
        comparison.main(project, work)
        print("Comment moderation, and four nodes beside one process:")
        comments.main(project, work)
        print("A wine asked of MLFLOW_SERVER, ONNX beside scikit-learn:")
        wine.main(project, work)
        print("The transform of Bitcoin with Beam beside pandas:")
        beam.main(project, work)
    print("Bandits beside chance, and beside the public router:")
    bandit.main()
    print("Verdicts on A/A and A/B tests:")
    ab_test.main()
    print("A container beside a bare process:")
    containers.main()
    print("The local engine:")
    engine.main()


if __name__ == "__main__":
    main()
