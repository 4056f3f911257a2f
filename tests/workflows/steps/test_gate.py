"""A trained version in the model store in, its metric and digest out."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from models.contract.metric import Metric
from tests.workflows.steps.versions import stored
from workflows.parts.steps import gate


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with version 0.1 of one unit, half right."""
    stored(tmp_path / "store", scores={"log_loss": 0.7})
    return tmp_path / "store"


def environ(store: Path, **changed: str) -> dict[str, str]:
    given = {
        "MODEL_STORE": str(store),
        "UNIT": "toy",
        "VERSION": "0.1",
        "METRIC": "accuracy",
        "ACCEPT": "0.5",
    }
    return {**given, "OUTPUTS": str(store.parent / "out"), **changed}


def change(store: Path, **fields: Any) -> None:
    path = store / "toy/0.1/version.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def refused(environment: dict[str, str]) -> str:
    with pytest.raises(SystemExit) as error:
        gate.main(environment)
    assert not Path(environment["OUTPUTS"]).exists()
    return str(error.value)


@pytest.mark.parametrize(
    ("commit", "dirty", "told"),
    [("c0ffee", True, "c0ffee-dirty"), ("c0ffee", None, "c0ffee"), (None, None, "")],
)
def test_the_commit_says_when_the_tree_was_dirty(
    store: Path, commit: str | None, dirty: bool | None, told: str
) -> None:
    """As git describe does; a version made outside git has none."""
    change(store, commit=commit, dirty=dirty)
    gate.main(environ(store))
    assert (store.parent / "out/commit").read_text() == told


def test_a_good_version_passes(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Just good enough is good enough; metric and origin are written down, further scores are shown."""
    gate.main(environ(store))
    written = {path.name: path.read_text() for path in (store.parent / "out").iterdir()}
    assert written["digest"].startswith("sha256:") and len(written.pop("digest")) == 71
    assert written == {"metric": "accuracy 0.5000", "data": "d" * 64, "commit": "c0ffee"}
    assert capsys.readouterr().out == (
        "toy 0.1: accuracy 0.5000 on digits (10/250), at least 0.5 was asked for\nfurther: log_loss 0.7000\n"
    )


def test_the_digest_is_that_of_what_answers(tmp_path: Path) -> None:
    """Other weights are another digest; another drawing is not."""
    digests = []
    for name, files in {
        "a": {"model.onnx": b"1", "curve.png": b"1"},
        "b": {"model.onnx": b"1", "curve.png": b"2"},
        "c": {"model.onnx": b"2", "curve.png": b"1"},
    }.items():
        stored(tmp_path / name / "store", files=files)
        gate.main(environ(tmp_path / name / "store"))
        digests.append((tmp_path / name / "out/digest").read_text())
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize(
    ("metric", "accept", "words"),
    [
        (
            Metric("accuracy", 0.5, "higher"),
            "0.51",
            "accuracy 0.5000 on digits (10/250); accept is at least 0.51.",
        ),
        (Metric("accuracy", math.nextafter(0.5, 0), "higher"), "0.5", "accept is at least 0.5."),
        (Metric("rmse", 53.2, "lower"), "53", "rmse 53.2 on digits (10/250); accept is at most 53."),
        (Metric("quality", -1.0, "higher"), "0", "quality -1.0000 on digits (10/250); accept is at least 0."),
    ],
)
def test_a_bad_version_is_stopped(tmp_path: Path, metric: Metric, accept: str, words: str) -> None:
    """What is worse than asked for, in the metric's own direction, is told with both numbers and the data."""
    store = tmp_path / "store"
    stored(store, metric=metric)
    message = refused(environ(store, METRIC=metric.name, ACCEPT=accept))
    assert message.startswith("toy 0.1: ") and words in message


def test_lower_is_better_where_the_version_says_so(tmp_path: Path) -> None:
    """An error that is below the bound passes, and at the bound too."""
    stored(tmp_path / "store", metric=Metric("rmse", 53.2, "lower"))
    for accept in ("53.2", "60"):
        gate.main(environ(tmp_path / "store", METRIC="rmse", ACCEPT=accept))


def test_another_metric_is_not_compared(store: Path) -> None:
    """A version from before the unit was judged by something else is not held against another's bound."""
    assert "this workflow compares log_loss" in refused(environ(store, METRIC="log_loss", ACCEPT="0.9"))


def test_a_missing_version_names_those_there_are(store: Path) -> None:
    """A version that was never trained is told with what there is and how to get it."""
    (store / "toy" / ".0.2.part").mkdir()
    assert refused(environ(store, VERSION="0.2")) == (
        "No version '0.2' of toy in the model store. There are: 0.1. "
        "Train it first: workflow train-toy with version=0.2."
    )
    assert "There are: none." in refused(environ(store, UNIT="other_model"))


BROKEN: dict[str, Any] = {
    "not JSON": b"{",
    "no metric": b'{"unit": "toy"}',
    "a list": b"[]",
    "not text": b"\xff\xfe",
    "nothing": b"",
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_record_is_told(store: Path, case: str) -> None:
    """A version.json that cannot be read is one line that names the version, not a traceback."""
    (store / "toy/0.1/version.json").write_bytes(BROKEN[case])
    assert refused(environ(store)).startswith("Version '0.1' of toy cannot be used: ")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"metric": {"name": "accuracy", "value": None, "better": "higher"}}, "cannot be used"),
        ({"metric": {"name": "accuracy", "value": "good", "better": "higher"}}, "cannot be used"),
        ({"metric": {"name": "accuracy", "value": math.nan, "better": "higher"}}, "accept is at least 0.5"),
        ({"metric": {"name": "accuracy", "value": 0.9, "better": "more"}}, "expected higher or lower"),
        ({"digest": "0" * 64}, "its digest is not that of its files"),
        ({"version": "0.2"}, "holds version '0.2' of toy"),
        ({"unit": "other"}, "holds version '0.1' of other"),
    ],
)
def test_a_record_that_cannot_be_true_is_told(store: Path, fields: dict[str, Any], words: str) -> None:
    """A value that is no number, a digest of other files, a folder that was copied: none of them passes."""
    change(store, **fields)
    assert words in refused(environ(store))


def test_every_file_is_looked_at(tmp_path: Path) -> None:
    """A file that was changed or is missing is found, whichever of them it is."""
    for name in ("model.onnx", "curve.png", "samples.json.gz"):
        for damage in ("changed", "missing"):
            store = tmp_path / f"{name}-{damage}" / "store"
            stored(store, files={"model.onnx": b"1", "curve.png": b"2"}, samples={"rows": []})
            path = store / "toy/0.1" / name
            path.write_bytes(b"x") if damage == "changed" else path.unlink()
            message = refused(environ(store))
            assert message.startswith("Version '0.1' of toy cannot be used: ") and name in message
