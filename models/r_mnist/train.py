"""MNIST in, a random forest of R in the model store out; needs Rscript with ranger and jsonlite.

R fits and saves; data, params and the store are this project's, as for every unit. Expect on mnist-t10k
(8000/2000) 95 % after twenty seconds of fitting.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from models.contract.errors import ModelError
from models.contract.job import Job, cpus, run
from models.data import mnist

HERE = Path(__file__).resolve().parent
CLASSES = 10


def fitted(data: mnist.Dataset, params: dict[str, Any]) -> tuple[bytes, np.ndarray, dict[str, Any]]:
    """The forest's file, its probabilities [n, 10] for the test rows, and what R tells of the fitting.

    Raises ModelError with R's own words where it fails, and where there is no R.
    """
    command = shutil.which("Rscript")
    if command is None:
        raise ModelError("There is no Rscript on PATH, which trains this unit. On Debian: `make r`.")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part, kind in (("x_train", "<f4"), ("x_test", "<f4"), ("y_train", "<i4")):
            getattr(data, part).astype(kind).tofile(folder / part)
        (folder / "params.json").write_text(json.dumps({**params, "threads": cpus()}), encoding="utf-8")
        done = subprocess.run(
            [command, "--vanilla", str(HERE / "train.R"), str(folder)],
            stdout=sys.stderr, stderr=subprocess.PIPE,
        )  # fmt: skip
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()
            raise ModelError(f"R ended with {done.returncode}: {said}")
        answers = np.fromfile(folder / "answers", "<f8").reshape(-1, CLASSES)
        told = json.loads((folder / "told.json").read_text(encoding="utf-8"))
        return (folder / "forest.rds").read_bytes(), answers, told


def main(job: Job) -> None:
    data = job.rows(mnist.load(job.dataset, cache=job.data_dir)).part(job.params.share)
    if job.is_done(data):
        return
    print(f"training on {data.description}", flush=True)
    forest, answers, told = fitted(data, vars(job.params))
    seconds = told.pop("seconds")
    job.save({"forest.rds": forest}, data, answers, seconds=seconds, details=told)


if __name__ == "__main__":
    run(main)
