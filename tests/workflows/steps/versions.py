"""What a version is in, its folder in a model store out: for the tests of the steps that read it."""

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from models.contract.metric import Metric
from models.contract.version import Data, Version, digest, hashes, write

HALF_RIGHT = Metric("accuracy", 0.5, "higher")


def stored(
    store: Path,
    unit: str = "toy",
    version: str = "0.1",
    *,
    metric: Metric = HALF_RIGHT,
    samples: Mapping[str, Any] | None = None,
    files: Mapping[str, bytes] | None = None,
    scores: Mapping[str, float] | None = None,
    decides: Sequence[str] = ("model.onnx",),
) -> Version:
    """Write a version as a training does; `samples` goes into samples.json.gz."""
    folder = store / unit / version
    folder.mkdir(parents=True)
    for name, content in (files or {"model.onnx": b"weights"}).items():
        (folder / name).write_bytes(content)
    if samples is not None:
        (folder / "samples.json.gz").write_bytes(gzip.compress(json.dumps(samples).encode()))
    found = hashes(folder, [path.name for path in folder.iterdir()])
    made = Version(
        unit=unit,
        version=version,
        files=found,
        decides=decides,
        digest=digest(found, decides),
        metric=metric,
        scores={metric.name: metric.value, **(scores or {})},
        data=Data("digits", "digits (10/250)", "d" * 64, {"train": 10, "test": 250}),
        params={},
        code="c" * 64,
        commit="c0ffee",
        dirty=False,
        image=None,
        seconds=1.0,
        versions={},
        samples="samples.json.gz" if samples is not None else None,
    )
    write(folder, made)
    return made
