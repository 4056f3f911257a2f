"""The steps of wine quality as a person calls them: a CSV in, a version that serves out."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.models.conftest import TRAINING, python_of, run
from tests.models.serving import served
from tests.models.wine.rows import made_up

pytestmark = [pytest.mark.environments, pytest.mark.timeout(300)]
LIBRARIES = (*TRAINING, "pandas", "pyarrow.parquet")


@pytest.fixture(scope="module")
def trainer() -> Path:
    return python_of("wine/train.lock")


@pytest.fixture(scope="module")
def rows(trainer: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Checked rows of 200 made-up wines, a tenth of them there twice."""
    folder = tmp_path_factory.mktemp("wine")
    lines = made_up(200).splitlines(keepends=True)
    (folder / "wine.csv").write_text("".join([*lines, *lines[1:21]]))
    done = preprocess(trainer, folder / "wine.csv", folder / "wine.parquet")
    assert done.returncode == 0 and "preprocess: 220 wines" in done.stdout, done.stderr
    return folder / "wine.parquet"


def preprocess(python: Path, source: Path, out: Path) -> subprocess.CompletedProcess[str]:
    flags = (f"--in-path={source}", f"--out-path={out}")
    return run(python, "-m", "models.wine.preprocess", *flags, libraries=LIBRARIES)


def trained(
    python: Path, rows: Path, store: Path, version: str, *flags: str
) -> subprocess.CompletedProcess[str]:
    told = [f"--{name}-file={store / name}" for name in ("metric", "version", "note", "charts", "links")]
    arguments = ("-m", "models.wine.train", f"--version={version}", "--trees=20", *told, *flags)
    return run(python, *arguments, libraries=LIBRARIES, MODEL_STORE=store, WINE_PARQUET=rows)


@pytest.fixture(scope="module")
def store(trainer: Path, rows: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("store")
    done = trained(trainer, rows, made, "0.1")
    assert done.returncode == 0, done.stdout + done.stderr
    return made


def version(store: Path, name: str = "0.1") -> Any:
    return json.loads((store / "wine" / name / "version.json").read_text())


def test_a_version_says_both_splits_and_what_it_goes_by(store: Path) -> None:
    """Of different wines, and as the public example has it; beside the example's own model and the mean."""
    made = version(store)
    assert made["metric"]["name"] == "rmse" and made["metric"]["value"] < made["scores"]["rmse_of_mean"]
    assert made["data"]["rows"] == {"train": 150, "test": 50}
    assert made["scores"]["test_rows_that_are_copies"] == 0 < made["scores"]["copies_on_example_split"]
    assert made["scores"].keys() >= {"r2", "kappa", "rmse_of_public_example", "rmse_on_example_split"}
    told = made["details"]["importances"]
    assert len(told) == 11 and told[0]["feature"] == "alcohol"
    assert {"predicted.png", "residuals.png", "importances.png"} <= made["files"].keys()


@pytest.mark.heavy
def test_a_version_is_made_again_to_the_byte(trainer: Path, rows: Path, store: Path) -> None:
    """The same rows, params and seed: what was registered can be made from what is known of it."""
    done = trained(trainer, rows, store, "again")
    assert done.returncode == 0 and version(store, "again")["digest"] == version(store)["digest"]
    assert "kept: " in trained(trainer, rows, store, "again").stdout


@pytest.mark.heavy
def test_a_stack_answers_as_its_graph(trainer: Path, rows: Path, store: Path) -> None:
    """What ONNX answers is what was trained; the save would have failed."""
    done = trained(trainer, rows, store, "stack", "--estimator=stack", "--split=example")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "within " in done.stdout and version(store, "stack")["data"]["name"].endswith("-example")


def test_a_wrong_row_ends_preprocess(trainer: Path, tmp_path: Path) -> None:
    """One line on stderr with the file and the line, and no file."""
    (tmp_path / "wine.csv").write_text(made_up(60) + ";" * 11 + "\n")
    done = preprocess(trainer, tmp_path / "wine.csv", tmp_path / "out")
    assert done.returncode == 1 and f"{tmp_path}/wine.csv: line 62: fixed_acidity is ''" in done.stderr
    assert not (tmp_path / "out").exists() and "Traceback" not in done.stderr
    assert "Has it been downloaded?" in preprocess(trainer, tmp_path / "none", tmp_path / "out").stderr
    assert trained(trainer, tmp_path / "wine.csv", tmp_path, "x").stderr.startswith(
        f"{tmp_path}/wine.csv: not what"
    )


def test_columns_are_taken_by_their_names(store: Path, tmp_path: Path) -> None:
    """In any order; and a row that is none of a wine is refused in words."""
    runtime = python_of("wine/runtime.lock")
    samples = [(n + 1) * 0.5 for n in range(11)]
    with served(runtime, "wine", store / "wine/0.1", tmp_path / "log") as server:
        from models.data.wine import FEATURES

        def ask(row: list[Any], names: list[str] | None = None) -> Any:
            data = {"ndarray": [row], **({"names": names} if names else {})}
            status, answer = server.ask({"data": data})
            return answer["data"]["ndarray"] if status == 200 else (status, json.dumps(answer))

        names = list(FEATURES)
        known = ask(samples)
        assert ask(samples, names) == known == ask(samples[::-1], names[::-1])
        status, said = ask(samples, [*names[:-1], "alcool"])
        assert status == 400 and "did you mean 'alcohol'?" in said and "'alcohol' is missing" in said
        assert ask(samples[:-1])[0] == ask([*samples[:-1], "x"])[0] == ask(samples, names[:-1])[0] == 400
