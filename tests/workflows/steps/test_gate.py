"""A trained version in the model store in, its accuracy and digest out."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from workflows.parts.steps import gate


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with version 0.1 of one model, half right."""
    folder = tmp_path / "store" / "toy" / "0.1"
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(b"weights")
    (folder / "metrics.json").write_text(json.dumps({"accuracy": 0.5, "dataset": "digits (10/10)"}))
    return tmp_path / "store"


def environ(store: Path, **changed: str) -> dict[str, str]:
    given = {"MODEL_STORE": str(store), "MODEL": "toy", "VERSION": "0.1", "MIN_ACCURACY": "0.5"}
    return {**given, "OUTPUTS": str(store.parent / "out"), **changed}


def test_a_good_version_passes(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Just good enough is good enough; accuracy and the digest of the weights are written down."""
    gate.main(environ(store))
    written = {path.name: path.read_text() for path in (store.parent / "out").iterdir()}
    assert written["accuracy"] == "0.5"
    assert written["digest"] == "sha256:" + hashlib.sha256(b"weights").hexdigest()
    assert "toy 0.1: accuracy 0.5000 on digits (10/10)" in capsys.readouterr().out


def refused(environment: dict[str, str]) -> str:
    with pytest.raises(SystemExit) as error:
        gate.main(environment)
    assert not (Path(environment["OUTPUTS"]) / "accuracy").exists()
    return str(error.value)


def test_a_bad_version_is_stopped(store: Path) -> None:
    """Below min-accuracy nothing goes on, and the message has both numbers and the data."""
    message = refused(environ(store, MIN_ACCURACY="0.51"))
    assert message.startswith("toy 0.1: accuracy 0.5000 on digits (10/10); min-accuracy is 0.51.")


def test_a_missing_version_names_those_there_are(store: Path) -> None:
    """A version that was never trained is told with what there is and how to get it."""
    (store / "toy" / ".0.2.part").mkdir()
    assert refused(environ(store, VERSION="0.2")) == (
        "No version '0.2' of toy in the model store. There are: 0.1. "
        "Train it first: workflow train-toy with version=0.2."
    )
    assert "There are: none." in refused(environ(store, MODEL="other_model"))


BROKEN: dict[str, Any] = {
    "not JSON": "{",
    "no accuracy": json.dumps({"dataset": "x"}),
    "a list": "[]",
    "null": json.dumps({"accuracy": None, "dataset": "x"}),
    "text": json.dumps({"accuracy": "good", "dataset": "x"}),
    "not text": b"\xff\xfe",
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_metrics_are_told(store: Path, case: str) -> None:
    """Metrics that cannot be read are one line that names the version, not a traceback."""
    text = BROKEN[case]
    (store / "toy/0.1/metrics.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    assert refused(environ(store)).startswith("Version '0.1' of toy: metrics.json cannot be used (")


def test_missing_files_are_told(store: Path) -> None:
    """Half a version is no version."""
    (store / "toy/0.1/metrics.json").unlink()
    assert "metrics.json cannot be used" in refused(environ(store))
    (store / "toy/0.1/model.onnx").unlink()
    assert "has no model.onnx" in refused(environ(store))


def test_an_accuracy_of_nan_is_not_good_enough(store: Path) -> None:
    """NaN compares false with everything, and so it must not pass."""
    (store / "toy/0.1/metrics.json").write_text('{"accuracy": NaN, "dataset": "x"}')
    assert "min-accuracy is 0.0" in refused(environ(store, MIN_ACCURACY="0.0"))
