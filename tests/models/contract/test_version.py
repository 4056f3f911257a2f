"""version.json: what one training writes is what every reader finds, and a changed file is named."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from models.contract import version
from models.contract.errors import ModelError
from models.contract.metric import Metric
from models.contract.version import Data, Inputs, Version

DATA = Data("diabetes", "diabetes (353/89)", "d", {"train": 353, "test": 89})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "model.onnx").write_text("weights")
    (tmp_path / "words.txt").write_text("a b")
    (tmp_path / "curve.png").write_text("drawing")
    return tmp_path


@pytest.fixture
def made(folder: Path) -> Version:
    files = version.hashes(folder, ["curve.png", "model.onnx", "words.txt"])
    decides = ["model.onnx", "words.txt"]
    return Version(
        unit="sugar",
        version="0.1",
        files=files,
        decides=decides,
        digest=version.digest(files, decides),
        metric=Metric("rmse", 53.27, "lower"),
        scores={"r2": 0.45},
        data=DATA,
        params={"seed": 0},
        code="c",
        commit="f" * 40,
        dirty=False,
        image="registry/sugar-trainer@sha256:0",
        seconds=0.2,
        versions={"python": "3.11.7"},
    )


def test_what_is_written_is_read(folder: Path, made: Version) -> None:
    """Every field, in the form that the other readers (gate, verify, report) find them in."""
    version.write(folder, made)
    assert version.load(folder) == made
    told = json.loads((folder / "version.json").read_text())
    assert told["metric"] == {"name": "rmse", "value": 53.27, "better": "lower"}
    assert told["data"] == {
        "name": "diabetes",
        "description": "diabetes (353/89)",
        "sha256": "d",
        "rows": {"train": 353, "test": 89},
    }
    assert made.described == "sugar 0.1: rmse 53.27 on diabetes (353/89)"


def test_the_digest_is_of_what_decides_the_answers(folder: Path, made: Version) -> None:
    """sha256 over sorted lines, as sha256sum prints them; a drawing is no part of it."""
    files = version.hashes(folder, made.files)
    assert made.digest == version.digest(dict(reversed(files.items())), made.decides[::-1])
    assert version.digest({**files, "curve.png": "0"}, made.decides) == made.digest
    assert version.digest({**files, "words.txt": "0"}, made.decides) != made.digest


@pytest.mark.parametrize("name", ["model.onnx", "words.txt", "curve.png"])
def test_a_changed_or_missing_file_is_named(folder: Path, made: Version, name: str) -> None:
    """Each file that version.json names, one by one."""
    version.write(folder, made)
    (folder / name).write_text("other")
    with pytest.raises(ModelError, match=rf"{name} is cut or not the file that version\.json is about"):
        version.load(folder)
    (folder / name).unlink()
    with pytest.raises(ModelError, match=rf"{name}: cannot be read: No such file"):
        version.load(folder)


def test_a_number_that_json_does_not_have_is_never_written(folder: Path, made: Version) -> None:
    """NaN would make a file that most readers refuse."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        version.write(folder, replace(made, scores={"r2": float("nan")}))


def test_differences_are_told_in_words() -> None:
    """Params one by one, data by their description, code as such."""
    stored = Inputs({"seed": 0, "old": 1}, DATA, "c")
    new = Inputs({"seed": 1}, replace(DATA, sha256="e", description="diabetes (1/1)"), "f")
    assert list(version.differences(stored, new)) == [
        "params.old is 1, now None",
        "params.seed is 0, now 1",
        "its data are diabetes (353/89), now diabetes (1/1)",
        "the training code has changed since",
    ]
    assert list(version.differences(stored, stored)) == []
