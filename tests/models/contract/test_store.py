"""The model store: a version is whole or absent, kept when it is the same, and never replaced by accident."""

import contextlib
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from models.contract import store, version
from models.contract.errors import ModelError
from models.contract.metric import Metric
from models.contract.version import Data, Inputs, Version

INPUTS = Inputs({"seed": 0}, Data("digits", "digits (1437/360)", "d", {"train": 1437, "test": 360}), "c")


def fill(fresh: Path, text: str, inputs: Inputs = INPUTS) -> None:
    """A version whose one file is a text."""
    (fresh / "model.onnx").write_text(text)
    files = version.hashes(fresh, ["model.onnx"])
    made = Version(
        unit="toy",
        version="0.1",
        files=files,
        decides=["model.onnx"],
        digest=version.digest(files, ["model.onnx"]),
        metric=Metric("accuracy", 0.5, "higher"),
        scores={},
        data=inputs.data,
        params=inputs.params,
        code=inputs.code,
        commit=None,
        dirty=None,
        image=None,
        seconds=0.1,
        versions={},
    )
    version.write(fresh, made)


def save(folder: Path, text: str = "one", *, overwrite: bool = False, **changed: Any) -> bool:
    inputs = replace(INPUTS, **changed)
    return store.save(folder, inputs, lambda fresh: fill(fresh, text, inputs), overwrite=overwrite)


def remains(folder: Path) -> list[str]:
    return [path.name for path in folder.parent.iterdir() if path != folder]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return store.place(tmp_path, "toy", "0.1")


def test_a_version_is_whole_and_readable_by_others(folder: Path) -> None:
    """What was written is there with its lineage, nothing beside it, and servers run as other users."""
    assert save(folder)
    assert (folder / "model.onnx").read_text() == "one"
    assert version.load(folder).inputs == INPUTS
    assert remains(folder) == []
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o644}


def test_the_same_inputs_keep_the_version(folder: Path) -> None:
    """Whoever comes second with the same params, data and code leaves the first one's files alone."""
    assert not store.same_as_stored(folder, INPUTS)
    save(folder, "first")
    assert store.same_as_stored(folder, INPUTS)
    assert not save(folder, "second")
    assert (folder / "model.onnx").read_text() == "first"
    assert remains(folder) == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"params": {"seed": 1}}, "params.seed is 0, now 1"),
        ({"params": {}}, "params.seed is 0, now None"),
        ({"data": Data("mnist", "mnist", "e", {})}, r"its data are digits \(1437/360\), now mnist"),
        ({"code": "e"}, "the training code has changed since"),
    ],
)
def test_other_inputs_are_an_error_with_cures(folder: Path, changed: dict[str, Any], words: str) -> None:
    """It names the difference, and both ways out; before the training and, in a race, after it."""
    save(folder)
    for call in (
        lambda: store.same_as_stored(folder, replace(INPUTS, **changed)),
        lambda: save(folder, **changed),
    ):
        with pytest.raises(ModelError, match=words) as caught:
            call()
        assert "another version" in str(caught.value)
        assert "overwrite=true" in str(caught.value)
    assert (folder / "model.onnx").read_text() == "one"
    assert remains(folder) == []


@pytest.mark.parametrize("content", [None, "{", "[]", '{"params": 3}', '{"metric": {}, "data": {}}'])
def test_a_folder_that_is_no_version_is_not_touched(folder: Path, content: str | None) -> None:
    """Somebody's own folder, or a broken version.json, is an error and stays."""
    folder.mkdir(parents=True)
    (folder / "notes").write_text("mine")
    if content:
        (folder / "version.json").write_text(content)
    with pytest.raises(ModelError, match=r"is another version: .*version\.json: (cannot be read|not what)"):
        store.same_as_stored(folder, INPUTS)
    with pytest.raises(ModelError):
        save(folder)
    assert (folder / "notes").read_text() == "mine"


def test_a_version_with_a_broken_file_is_not_kept(folder: Path) -> None:
    """The same inputs are no reason to serve a file that was cut: it is told, and overwrite mends it."""
    save(folder)
    (folder / "model.onnx").write_text("on")
    with pytest.raises(ModelError, match=r"model\.onnx is cut or not the file that version\.json is about"):
        store.same_as_stored(folder, INPUTS)
    assert save(folder, overwrite=True)
    assert store.same_as_stored(folder, INPUTS)


@pytest.mark.parametrize("exchange", [True, False])
def test_overwrite_replaces_it(folder: Path, exchange: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """With other inputs, too; also where the file system cannot exchange two folders."""
    if not exchange:
        monkeypatch.setattr(store, "_exchanged", lambda *_: False)
    save(folder)
    assert save(folder, "two", overwrite=True, params={"seed": 1})
    assert (folder / "model.onnx").read_text() == "two"
    assert store.same_as_stored(folder, replace(INPUTS, params={"seed": 1}))
    assert remains(folder) == []


def test_a_reader_never_misses_the_version_while_it_is_overwritten(folder: Path) -> None:
    """Two writers replace it all the time; a reader finds a whole version each time it opens one."""
    whole = {letter * 10_000 for letter in "abc"}
    save(folder, "c" * 10_000)
    over = threading.Event()

    def write(letter: str) -> None:
        for _ in range(40):
            save(folder, letter * 10_000, overwrite=True)

    def read() -> int:
        reads = 0
        while not over.is_set():
            assert folder.is_dir()
            with contextlib.suppress(FileNotFoundError):  # of an old version that is being removed
                assert (folder / "model.onnx").read_text() in whole
            reads += 1
        return reads

    with ThreadPoolExecutor() as pool:
        reader = pool.submit(read)
        for writer in [pool.submit(write, letter) for letter in "ab"]:
            writer.result()
        over.set()
        assert reader.result() > 10
    assert remains(folder) == []


def test_of_two_at_once_the_first_wins(folder: Path) -> None:
    """Same inputs, same moment: one writes, the others keep its version, and nobody fails."""
    together = threading.Barrier(6)

    def attempt(number: int) -> bool:
        together.wait()
        return save(folder, str(number))

    with ThreadPoolExecutor(6) as pool:
        won = list(pool.map(attempt, range(6)))
    assert sum(won) == 1
    assert (folder / "model.onnx").read_text() == str(won.index(True))
    assert remains(folder) == []


def test_a_writer_that_fails_leaves_nothing(folder: Path) -> None:
    """An error while the files are written is passed on, and no version appears."""

    def write(fresh: Path) -> None:
        (fresh / "model.onnx").write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        store.save(folder, INPUTS, write)
    assert list(folder.parent.iterdir()) == []


SLOW = """
import sys, time
from pathlib import Path
from models.contract import store
def write(fresh):
    (fresh / "model.onnx").write_text("half")
    print("writing", flush=True)
    time.sleep(60)
store.save(Path(sys.argv[1]), None, write)
"""


def test_killed_in_the_middle_leaves_no_version(folder: Path) -> None:
    """SIGKILL while the files are written: no version; the next one works, and sweeps up after a day."""
    root = Path(__file__).resolve().parents[3]
    with subprocess.Popen(
        [sys.executable, "-c", SLOW, str(folder)], cwd=root, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "writing\n"
        process.send_signal(signal.SIGKILL)
    assert not folder.exists()
    (left,) = remains(folder)
    assert save(folder)
    assert remains(folder) == [left]  # it may be another's, at work this minute
    old = time.time() - 25 * 3600
    os.utime(folder.parent / left, (old, old))
    save(folder, overwrite=True)
    assert remains(folder) == []


def test_a_store_that_cannot_be_written_to_is_told_before_the_training(tmp_path: Path) -> None:
    """A file where the folder should be; nothing is left of the probe where all is well."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelError, match=r"cannot be written to: .*file.* MODEL_STORE names its folder"):
        store.check_writable(store.place(tmp_path / "file", "toy", "0.1"))
    fine = store.place(tmp_path, "toy", "0.1")
    store.check_writable(fine)
    assert list(fine.parent.iterdir()) == []


@pytest.mark.parametrize("version", ["", "..", ".data", "a/b", "a b", "-x", "x" * 129, "é"])
def test_a_version_must_be_an_image_tag(tmp_path: Path, version: str) -> None:
    """It becomes a folder's name and a tag."""
    with pytest.raises(ModelError, match="version is "):
        store.place(tmp_path, "toy", version)
