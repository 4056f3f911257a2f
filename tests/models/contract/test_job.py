"""The command line of every trainer: its flags are those of model.yaml, its errors one line."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from argolane.containers import cgroups
from argolane.containers.cgroups import Limits
from models.contract import flags, job, spec
from models.contract.errors import ModelError

TOY = Path(__file__).parents[1] / "toy_files"


@pytest.fixture
def toy(tmp_path: Path) -> spec.Unit:
    folder = tmp_path / "toy"
    folder.mkdir()
    (folder / "model.yaml").write_text((TOY / "model.yaml").read_text())
    return spec.read(folder)


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MODEL_STORE", "DATA_DIR", "SOURCE_COMMIT", "IMAGE"):
        monkeypatch.delenv(name, raising=False)


def made_of(unit: spec.Unit, arguments: list[str]) -> job.Job:
    return flags.job(unit, "code", arguments)


def test_defaults_are_those_of_model_yaml(toy: spec.Unit) -> None:
    """No flag is needed; the data are kept in the store."""
    made = made_of(toy, [])
    assert vars(made.params) == {"seed": 0, "rows": 200, "distance": 4.0, "blur": False}
    assert (made.dataset, made.version, made.overwrite) == ("auto", "0.1", False)
    assert made.folder == Path("build/model-store/toy/0.1")
    assert made.data_dir == Path("build/model-store/.data")


def test_flags_and_environment_are_read(toy: spec.Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the workflow calls it: everything as --name=value, the folders from the environment."""
    monkeypatch.setenv("MODEL_STORE", "/mnt/model-store")
    monkeypatch.setenv("DATA_DIR", "/mnt/data")
    given = "--seed=7 --rows=50 --distance=1e1 --blur=true --version=0.2 --overwrite=true"
    made = made_of(toy, given.split())
    assert vars(made.params) == {"seed": 7, "rows": 50, "distance": 10.0, "blur": True}
    assert made.overwrite
    assert made.folder == Path("/mnt/model-store/toy/0.2")
    assert made.data_dir == Path("/mnt/data")


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--seed=x", "argument --seed: is 'x'; expected int of at least 0."),
        ("--rows=5", "argument --rows: is '5'; expected int of at least 20 and at most 100000."),
        ("--blur=TRUE", "argument --blur: is 'TRUE'; expected one of true, false."),
        ("--rows=1_000", "argument --rows: is '1_000'; expected int of at least 20 and at most 100000."),
        ("--overwrite=1", "argument --overwrite: is '1'; expected one of true, false."),
        ("--dataset=auto", "unrecognized arguments: --dataset=auto"),
        ("--see=1", "unrecognized arguments: --see=1"),
    ],
)
def test_a_bad_flag_stops_with_status_2(
    toy: spec.Unit, flag: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Usage errors name the flag, what it is and what is expected."""
    with pytest.raises(SystemExit) as caught:
        made_of(toy, [flag])
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


def test_a_bad_version_stops_before_the_training(toy: spec.Unit) -> None:
    """Not after it."""
    with pytest.raises(ModelError, match=r"version is '\.\./x'"):
        made_of(toy, ["--version=../x"])


def test_help_tells_every_param(toy: spec.Unit, capsys: pytest.CaptureFixture[str]) -> None:
    """With description and default."""
    with pytest.raises(SystemExit):
        made_of(toy, ["--help"])
    text = " ".join(capsys.readouterr().out.split())
    for name, param in toy.params.items():
        assert f"--{spec.kebab(name)} " in text
        assert f"{param.description} ({param.text})" in text


def test_dataset_is_one_of_the_units_own(capsys: pytest.CaptureFixture[str]) -> None:
    """auto, and what model.yaml lists; nothing else gets as far as the training."""
    unit = spec.read(spec.MODELS / "sk_mnist")
    assert made_of(unit, ["--dataset=digits"]).dataset == "digits"
    with pytest.raises(SystemExit):
        made_of(unit, ["--dataset=fashion"])
    said = capsys.readouterr().err
    assert "argument --dataset: invalid choice: 'fashion'" in said
    assert all(name in said for name in ("auto", "mnist", "digits"))


@pytest.mark.parametrize("name", ["version", "model_store", "help", "overwrite"])
def test_a_param_cannot_take_a_flag_of_the_trainer(toy: spec.Unit, name: str) -> None:
    """Found where the flags are made, with no list of names kept by hand; the message says both."""
    unit = toy.model_copy(update={"params": {name: toy.params["seed"]}})
    flag = name.replace("_", "-")
    with pytest.raises(ModelError, match=rf"params\.{name} is the trainer's own flag --{flag};"):
        made_of(unit, [])


def test_a_param_may_be_called_dataset_where_there_are_none(toy: spec.Unit) -> None:
    """A unit without data sets of its own has no such flag."""
    unit = toy.model_copy(update={"params": {"dataset": toy.params["seed"]}})
    made = made_of(unit, ["--dataset=3"])
    assert (made.params.dataset, made.dataset) == (3, "auto")


def main_of(folder: Path, code: str) -> Callable[[job.Job], None]:
    """`main` as a train.py in that folder has it."""
    made: dict[str, Any] = {"ModelError": ModelError}
    exec(compile(f"def main(job): {code}", str(folder / "train.py"), "exec"), made)  # noqa: S102
    found: Callable[[job.Job], None] = made["main"]
    return found


def test_a_model_error_is_one_line_and_status_1() -> None:
    """No traceback for what a user can mend."""
    main = main_of(spec.MODELS / "sk_mnist", "raise ModelError(f'no data for {job.unit.name}')")
    with pytest.raises(SystemExit) as caught:
        job.run(main, [])
    assert caught.value.code == "no data for sk_mnist"


def test_the_unit_is_known_from_the_module(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A copy of a folder cannot train the original: it is another unit, and its model.yaml has to say so."""
    copy = tmp_path / "models" / "my_copy"
    copy.mkdir(parents=True)
    (copy / "model.yaml").write_text((TOY / "model.yaml").read_text())
    (copy / "train.py").write_text("")
    main = main_of(copy, "print('trained', job.unit.name)")
    with pytest.raises(SystemExit) as caught:
        job.run(main, [])
    assert "name is 'toy'; expected 'my_copy', the folder's name." in str(caught.value.code)

    (copy / "model.yaml").write_text((TOY / "model.yaml").read_text().replace("name: toy", "name: my_copy"))
    with pytest.raises(SystemExit) as caught:
        job.run(main, [])
    assert caught.value.code == 0
    assert capsys.readouterr().out == "trained my_copy\n"


def test_cpus_are_at_least_one() -> None:
    """Whatever the container's limit is."""
    assert job.cpus() >= 1


def test_cpus_are_those_of_the_control_group_around() -> None:
    """Of a process in a group as a local container has one: below the machine's root."""
    if reason := cgroups.lacking(Limits(cpu=1.0)):
        pytest.skip(reason)
    group = cgroups.make(Limits(cpu=0.7))
    assert group
    enter = 'for file; do echo $$ >"$file"; done; exec "$PYTHON" -c "$PROGRAM"'
    program = "from models.contract import job; print(job.cpus())"
    env = {**os.environ, "OMP_NUM_THREADS": "64", "PYTHON": sys.executable, "PROGRAM": program}
    try:
        done = subprocess.run(
            ["sh", "-euc", enter, "sh", *group.entrances],
            cwd=spec.MODELS.parent, env=env, capture_output=True, text=True, check=False,
        )  # fmt: skip
    finally:
        group.remove()
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_the_example_requests_are_of_the_trained_scale() -> None:
    """Both models' request.json is one row of 784 numbers that reach from 0 to 1."""
    for model in ("sk_mnist", "tf_mnist"):
        body = json.loads((spec.MODELS / model / "request.json").read_text())
        (row,) = body["data"]["ndarray"]
        assert (len(row), min(row), max(row)) == (784, 0, 1)
