"""The command line of every trainer: its flags are those of model.yaml, its errors one line."""

import json
from pathlib import Path
from typing import NoReturn

import pytest

from models import job, lineage, spec
from models.errors import ModelError

TOY = Path(__file__).with_name("toy_files")


@pytest.fixture
def toy(tmp_path: Path) -> spec.Spec:
    folder = tmp_path / "toy"
    folder.mkdir()
    (folder / "model.yaml").write_text((TOY / "model.yaml").read_text())
    return spec.read(folder)


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MODEL_STORE", "DATA_DIR", "SOURCE_COMMIT", "IMAGE"):
        monkeypatch.delenv(name, raising=False)


def test_defaults_are_those_of_model_yaml(toy: spec.Spec) -> None:
    """No flag is needed; the data are kept in the store."""
    made = job.from_arguments(toy, [])
    assert vars(made.params) == {"seed": 0, "rows": 200, "distance": 4.0, "blur": False}
    assert (made.dataset, made.version, made.overwrite) == ("auto", "0.1", False)
    assert made.folder == Path("build/model-store/toy/0.1")
    assert made.data_dir == Path("build/model-store/.data")


def test_flags_and_environment_are_read(toy: spec.Spec, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the workflow calls it: everything as --name=value, the folders from the environment."""
    monkeypatch.setenv("MODEL_STORE", "/mnt/model-store")
    monkeypatch.setenv("DATA_DIR", "/mnt/data")
    flags = "--dataset=mnist --seed=7 --rows=50 --distance=1e1 --blur=true --version=0.2 --overwrite=true"
    made = job.from_arguments(toy, flags.split())
    assert vars(made.params) == {"seed": 7, "rows": 50, "distance": 10.0, "blur": True}
    assert (made.dataset, made.overwrite) == ("mnist", True)
    assert made.folder == Path("/mnt/model-store/toy/0.2")
    assert made.data_dir == Path("/mnt/data")


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--seed=x", "argument --seed: is 'x'; expected int of at least 0."),
        ("--rows=5", "argument --rows: is '5'; expected int of at least 20 and at most 100000."),
        ("--blur=yes", "argument --blur: is 'yes'; expected bool."),
        ("--overwrite=1", "argument --overwrite: is '1'; expected bool."),
        ("--see=1", "unrecognized arguments: --see=1"),
    ],
)
def test_a_bad_flag_stops_with_status_2(
    toy: spec.Spec, flag: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Usage errors name the flag, what it is and what is expected."""
    with pytest.raises(SystemExit) as caught:
        job.from_arguments(toy, [flag])
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


def test_a_bad_version_stops_before_the_training(toy: spec.Spec) -> None:
    """Not after it."""
    with pytest.raises(ModelError, match=r"version is '\.\./x'"):
        job.from_arguments(toy, ["--version=../x"])


def test_help_tells_every_param(toy: spec.Spec, capsys: pytest.CaptureFixture[str]) -> None:
    """With description and default."""
    with pytest.raises(SystemExit):
        job.from_arguments(toy, ["--help"])
    text = " ".join(capsys.readouterr().out.split())
    for name, param in toy.params.items():
        assert f"--{spec.kebab(name)} " in text
        assert f"{param.description} ({param.value})" in text


def test_a_model_error_is_one_line_and_status_1(monkeypatch: pytest.MonkeyPatch) -> None:
    """No traceback for what a user can mend."""

    def main(made: job.Job) -> NoReturn:
        raise ModelError(f"no data for {made.spec.name}")

    with pytest.raises(SystemExit) as caught:
        job.run(main, "sk_mnist", [])
    assert caught.value.code == "no data for sk_mnist"


def test_the_code_digest_is_of_what_trains(tmp_path: Path) -> None:
    """train.py, the lock and other modules of the folder change it; predict.py and request.json do not."""
    folder = tmp_path / "toy"
    folder.mkdir()

    def digest(name: str) -> str:
        (folder / name).write_text((folder / name).read_text() + "\n" if (folder / name).exists() else "\n")
        return lineage.code_sha256(folder)

    before = digest("train.py")
    assert digest("predict.py") == before
    assert digest("request.json") == before
    for name in ("train.py", "train.lock", "other.py"):
        after = digest(name)
        assert after != before
        before = after


def test_the_commit_is_the_workflows_or_gits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """SOURCE_COMMIT wins; outside of a repository there is none."""
    assert lineage.commit(tmp_path) is None
    monkeypatch.setenv("SOURCE_COMMIT", "abc")
    assert lineage.commit(tmp_path) == "abc"


def test_cpus_are_at_least_one() -> None:
    """Whatever the container's limit is."""
    assert job.cpus() >= 1


def test_the_example_requests_are_of_the_trained_scale() -> None:
    """Both models' request.json is one row of 784 numbers that reach from 0 to 1."""
    for model in ("sk_mnist", "tf_mnist"):
        body = json.loads((spec.MODELS / model / "request.json").read_text())
        (row,) = body["data"]["ndarray"]
        assert (len(row), min(row), max(row)) == (784, 0, 1)
