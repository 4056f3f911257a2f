"""What a served unit says of its inputs: as `argolane drift` does, and as scipy does."""

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.models.conftest import run

pytestmark = pytest.mark.environments

# Six features of 400 and 300 rows: normal, shifted, discrete, constant, constant and then not, with holes.
COMPARED = """
import json
import numpy as np
from scipy.stats import ks_2samp
from argolane.serving.statistics import drift as ours
from models.runtimes import drift

chance = np.random.default_rng(0)

def rows(count, shift):
    normal = chance.normal(size=(count, 2)) + [0, shift]
    discrete = chance.integers(0, 4, size=(count, 1)) / 3
    constant = np.zeros((count, 2)) + [0, shift]
    holes = np.where(chance.random((count, 1)) < 0.1 + shift / 2, np.nan, chance.normal(size=(count, 1)))
    return np.round(np.hstack([normal, discrete, constant, holes]), 4).astype(np.float32)

before, after = rows(400, 0), rows(300, 0.5)
names = list("abcdef")
watch = drift.Watch(before.astype(float), names)
for start in range(0, 300, 60):
    watch.add(after[start : start + 60])
told = {(one["key"], one["tags"].get("feature")): one["value"] for one in watch.gauges()}
one_by_one = [{n: side[:, k].astype(float).tolist() for k, n in enumerate(names)} for side in (before, after)]
found = ours.movements(*one_by_one)
distances, one, other = drift._ks(watch._trained, watch._before + watch._now)
print(json.dumps({
    "psi": {name: told["argolane_drift_psi", name] for name in names},
    "rows": told["argolane_drift_rows", None], "features": told["argolane_drift_features", None],
    "watched": told["argolane_drift_features_watched", None], "max": told["argolane_drift_psi_max", None],
    "at the ends": dict(zip(names, distances.tolist())), "sides": [one, other],
    "ours": {one.feature: [one.psi, one.ks, one.verdict] for one in found},
    "scipy": {
        name: list(ks_2samp(*(ours.present(side[name]) for side in one_by_one), method="asymp"))
        for name in names
    },
    "p": {name: ours.ks(*(ours.present(side[name]) for side in one_by_one))[1] for name in names},
}))
"""


@pytest.fixture(scope="module")
def compared(trainer: Path) -> dict[str, Any]:
    done = run(trainer, "-c", COMPARED)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_index_is_that_of_the_command(compared: dict[str, Any]) -> None:
    """Of each kind of feature; and so are the numbers of those that drift and that are to be watched."""
    assert compared["psi"] == pytest.approx({name: psi for name, (psi, _, _) in compared["ours"].items()})
    assert (compared["rows"], compared["sides"]) == (300, [400, 300])
    verdicts = [verdict for _, _, verdict in compared["ours"].values()]
    assert compared["ours"]["e"][2] == compared["ours"]["f"][2] == "drift"
    assert (compared["features"], compared["watched"]) == (verdicts.count("drift"), verdicts.count("watch"))
    assert compared["max"] == max(compared["psi"].values())


def test_distances_are_those_of_scipy(compared: dict[str, Any]) -> None:
    """With its p values, to ten percent; the unit's, at the ends of bins, are never more and hardly less."""
    for name, (distance, p) in compared["scipy"].items():
        assert compared["ours"][name][1] == pytest.approx(distance)
        assert compared["p"][name] == pytest.approx(p, rel=0.1)
        assert distance - 0.1 < compared["at the ends"][name] <= distance + 1e-9


WINDOWS = """
import json
import numpy as np
from models.runtimes import drift
chance = np.random.default_rng(0)
watch = drift.Watch(chance.normal(size=(1000, 2)), ["a", "b"])
few = len(watch.gauges())
said = []
for mean in (0, 3, 0):
    for _ in range(2 * drift.WINDOW):
        watch.add(chance.normal(mean, size=(1, 2)).astype(np.float32))
    told = {one["key"]: one["value"] for one in watch.gauges()}
    said.append([told["argolane_drift_rows"], told["argolane_drift_features"]])
watch = drift.Watch(chance.normal(size=(1000, 2)), ["a", "b"])
watch.add(chance.normal(size=(100_000, 2)).astype(np.float32))
image = drift.Watch(np.zeros((200, 784)), [f"x{at}" for at in range(784)])
image.add(np.eye(784, dtype=np.float32)[:100] * 0 + 1)
print(json.dumps([few, said, watch.gauges()[0]["value"], [one["key"] for one in image.gauges()],
                  image.gauges()[2]["value"]]))
"""


def test_what_was_asked_long_ago_is_forgotten(runtime: Path) -> None:
    """Drift begins and ends within two windows; a huge request is a hundred rows, an image no 784 gauges."""
    done = run(runtime, "-c", WINDOWS)
    assert done.returncode == 0, done.stderr
    few, said, rows, keys, drifted = json.loads(done.stdout)
    assert few == 1
    assert [features for _, features in said] == [0, 2, 0]
    assert all(1000 <= count < 2000 + 32 for count, _ in said)
    assert rows == 100
    assert [key.removeprefix("argolane_drift_") for key in keys] == [
        "rows", "psi_max", "features", "features_watched",
    ]  # fmt: skip
    assert drifted == 784


LOADED = """
import json
from models.sk_mnist.predict import Model
model = Model()
model.load()
rows = json.load(open("models/sk_mnist/request.json"))["data"]["ndarray"]
print(json.dumps([len(model.predict(rows, [])), model.gauges()]))
"""


@pytest.mark.parametrize(
    "content",
    [b"", gzip.compress(b"[]"), gzip.compress(b'{"names": ["a", "b"], "rows": [[1], [2]]}'),
     gzip.compress(b'{"names": [], "rows": []}'), gzip.compress(bytes(99))[:10] + b"\xff" * 20],
)  # fmt: skip
def test_a_version_answers_without_its_training_rows(
    sk_mnist: Path, runtime: Path, tmp_path: Path, content: bytes
) -> None:
    """What is no such file is in the log, by its name; drift is what is not told then."""
    folder = tmp_path / "sk_mnist/1"
    shutil.copytree(sk_mnist, folder)
    (folder / "training.json.gz").write_bytes(content)
    record = json.loads((folder / "version.json").read_text())
    del record["files"]["training.json.gz"]
    (folder / "version.json").write_text(json.dumps(record))
    done = run(runtime, "-c", LOADED, MODEL_DIR=folder)
    assert done.returncode == 0, done.stderr
    answers, told = json.loads(done.stdout)
    assert answers > 0 and told == []
    assert f"{folder}/training.json.gz: drift is not told" in done.stderr
