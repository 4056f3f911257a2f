"""`argolane drift`: a version's training rows against a file, or what a workflow has recorded."""

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Call
from workflows.parts.steps.observations import Observation, Observations

NAMES = ["alcohol", "sulphates"]


def rows(seed: int, count: int, *, by: float = 0.0) -> list[list[float]]:
    """The second feature is moved `by` deviations."""
    chance = random.Random(seed)
    return [[chance.gauss(10, 1), chance.gauss(by, 1)] for _ in range(count)]


def kept(path: Path, names: list[str] | None, made: list[Any]) -> None:
    told = {"names": names, "rows": made, "dataset": "wine (1019/340)"}
    path.write_bytes(gzip.compress(json.dumps(told).encode()))


@pytest.fixture
def version(root: Path) -> Path:
    """Of a unit `wine`, as a training leaves it, and a deployment `wine-ab` that serves it."""
    folder = root / ".argolane/volumes/model-store/wine/1"
    folder.mkdir(parents=True)
    (folder / "version.json").write_text("{}")
    kept(folder / "training.json.gz", NAMES, rows(0, 800))
    kept(folder / "samples.json.gz", NAMES, rows(1, 300))
    container = {"name": "wine", "image": "a/b:1", "env": [{"name": "MODEL_DIR", "value": "/mnt/s/wine/1"}]}
    metadata = {
        "name": "wine-ab",
        "namespace": "default",
        "generation": 1,
        "uid": "u",
        "resourceVersion": "1",
    }
    predictor = {
        "name": "p",
        "graph": {"name": "wine", "type": "MODEL"},
        "componentSpecs": [{"spec": {"containers": [container]}}],
    }
    body = {
        "apiVersion": "machinelearning.seldon.io/v1",
        "kind": "SeldonDeployment",
        "metadata": metadata,
        "spec": {"predictors": [predictor]},
    }
    place = root / ".argolane/deployments/wine-ab"
    place.mkdir(parents=True)
    (place / "object.json").write_text(json.dumps({"object": body, "applied": {}, "code": {}}))
    return folder


def asked(folder: Path, made: list[list[float]], *, form: str = "csv") -> str:
    file = folder / f"asked.{form}"
    if form.endswith("csv"):
        of = ";" if "semicolons" in form else ","
        lines = [of.join(reversed(NAMES)), *(f"{sulphates}{of}{alcohol}" for alcohol, sulphates in made)]
    else:
        lines = [json.dumps(made[0]), json.dumps(dict(zip(NAMES, made[1], strict=True)))]
        lines += [json.dumps({"data": {"names": NAMES, "ndarray": made[2:]}}), ""]
    file.write_text("\n".join(lines))
    return str(file)


def sent(version: Path, requests: int, *, of: int) -> None:
    """The file of a workflow's requests, which are the first `of` held-out rows again and again."""
    file = version.parents[1] / ".observations/wine-ab/run-1.sqlite"
    file.unlink(missing_ok=True)
    arms = [{"arm": "a", "name": "wine", "unit": "wine", "version": "1", "share": 1.0}]
    made = Observations(file, {"run": "run-1", "deployment": "wine-ab", "arms": arms})
    seen = [
        Observation(n, f"u-{n}", n % of, "a", "{}", 200, "[5]", "5", 0.0, 0.0, 0.01, float(n), "")
        for n in range(requests)
    ]
    made.add(seen, [])
    made.close()


@pytest.mark.parametrize("form", ["csv", "semicolons.csv", "jsonl"])
def test_the_feature_that_moved_is_named(call: Call, version: Path, tmp_path: Path, form: str) -> None:
    """First in the table; the columns of a file are known by their names, whatever their order."""
    file = asked(tmp_path, rows(2, 400, by=1.0), form=form)
    lines = call("drift", "wine-ab", "--from", file).stdout.splitlines()
    assert lines[0] == f"asked.{form}: 400 rows, against 800 of those that wine:1 has learned"
    assert lines[1].split() == ["FEATURE", "PSI", "KS", "P", "VERDICT"]
    assert (lines[2].split()[0], lines[2].split()[-1]) == ("sulphates", "drift")
    assert (lines[3].split()[0], lines[3].split()[-1]) == ("alcohol", "ok")
    assert lines[4] == "drift: 2 features: 1 drift, 1 ok"
    failed = call("drift", "wine-ab", "--from", file, "--fail", status=1)
    assert "wine-ab has drifted from wine:1." in failed.stderr


def test_rows_that_have_not_moved_are_ok(call: Call, version: Path, tmp_path: Path) -> None:
    """As JSON, for a program to act on."""
    file = asked(tmp_path, rows(3, 400))
    told = json.loads(call("drift", "wine-ab", "--from", file, "--fail", "-o", "json").stdout)
    assert (told["verdict"], told["against"], told["rows"]) == ("ok", "wine:1", 400)
    assert {one["feature"] for one in told["features"]} == set(NAMES)
    assert all(one["psi"] < 0.1 and one["p"] > 0.01 for one in told["features"])


def test_what_a_workflow_has_sent_is_compared(call: Call, version: Path) -> None:
    """The latest run's requests, by the numbers of the held-out rows; without a file to compare by hand."""
    sent(version, 600, of=300)
    lines = call("drift", "wine-ab").stdout.splitlines()
    assert lines[0] == "600 requests of run run-1: 300 rows, against 800 of those that wine:1 has learned"
    assert lines[-1] == "ok: 2 features: 2 ok"


def test_a_row_that_was_sent_again_is_no_further_evidence(call: Call, version: Path) -> None:
    """Of 60 rows, sent 2000 times, chance may move a feature; what is no drift once is none then."""
    sent(version, 2000, of=60)
    told = json.loads(call("drift", "wine-ab", "--fail", "-o", "json").stdout)
    assert (told["rows"], told["verdict"]) == (60, "ok")
    sent(version, 2000, of=30)
    assert "too few rows" in call("drift", "wine-ab", "--fail").stdout


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("samples", gzip.compress(b'{"names": null, "rows": [[1, 2]]}'), "it has 1 rows; row 1 was sent"),
        ("samples", gzip.compress(b'{"names": null}'), "expected an object with names and rows"),
        ("samples", gzip.compress(b"[1]"), "expected an object with names and rows"),
        ("training", gzip.compress(b'{"names": ["a"]}'), "expected an object with names and rows"),
        ("training", gzip.compress(b'{"rows": 5, "names": []}'), "expected an object with names and rows"),
        ("training", gzip.compress(bytes(99))[:10] + b"\xff" * 20, "cannot be read"),
    ],
)
def test_a_damaged_file_of_the_store_is_named(
    call: Call, version: Path, name: str, content: bytes, words: str
) -> None:
    """Whatever is wrong with it; there is no traceback."""
    sent(version, 100, of=100)
    (version / f"{name}.json.gz").write_bytes(content)
    told = call("drift", "wine-ab", status=1).stderr
    assert f"{name}.json.gz: " in told and words in told


def test_missing_values_are_compared(call: Call, version: Path, root: Path) -> None:
    """Half of the cells of a column are empty, which is a drift of it."""
    made = [
        f"{alcohol},{'' if place % 2 else sulphates}"
        for place, (alcohol, sulphates) in enumerate(rows(3, 400))
    ]
    (root / "holes.csv").write_text("\n".join([",".join(NAMES), *made]))
    lines = call("drift", "wine-ab", "--from", "holes.csv").stdout.splitlines()
    assert (lines[2].split()[0], lines[2].split()[-1]) == ("sulphates", "drift")


def test_files_of_other_programs_are_read(call: Call, version: Path, root: Path) -> None:
    """With a mark of their encoding, blanks around names, and text with a line's end of Unicode's in it."""
    made = rows(3, 60)
    lines = [" alcohol , sulphates, note", *(f'{one}, {other},"a,b"' for one, other in made)]
    (root / "X.csv").write_text("\ufeff" + "\n".join(lines))
    objects = [json.dumps({"note": "a\u2028b", **dict(zip(NAMES, row, strict=True))}, ensure_ascii=False)
               for row in made]  # fmt: skip
    (root / "X.jsonl").write_text("\ufeff" + "\n".join(objects))
    found = [json.loads(call("drift", "wine-ab", "--from", name, "-o", "json").stdout)
             for name in ("X.csv", "X.jsonl")]  # fmt: skip
    assert [one["rows"] for one in found] == [60, 60]
    assert found[0]["features"] == found[1]["features"]


def test_few_rows_are_said_to_be_few(call: Call, version: Path, tmp_path: Path) -> None:
    """And are no drift, however far they are away."""
    file = asked(tmp_path, rows(2, 40, by=9.0))
    assert (
        "too few rows: 2 features: 2 too few rows"
        in call("drift", "wine-ab", "--from", file, "--fail").stdout
    )


def test_a_version_without_training_rows_is_told(call: Call, version: Path) -> None:
    """It is of before, or of text."""
    (version / "training.json.gz").unlink()
    told = call("drift", "wine-ab", "--from", "X.csv", status=1).stderr
    assert "wine:1 has no training.json.gz" in told and "trained on text" in told


def test_an_image_is_all_its_pixels(call: Call, version: Path, root: Path) -> None:
    """784 of them, of which most are constant; three are drawn otherwise, and the table stays short."""
    chance = random.Random(0)

    def image(*, shifted: bool) -> list[float]:
        drawn = [0.0] * 600 + [float(chance.random() < 0.3) for _ in range(184)]
        return [1.0, 0.5, 0.7, *drawn[3:]] if shifted else drawn

    kept(
        version / "training.json.gz",
        [f"x{at}" for at in range(784)],
        [image(shifted=False) for _ in range(300)],
    )
    (root / "X.jsonl").write_text("\n".join(json.dumps([image(shifted=True)]) for _ in range(100)))
    lines = call("drift", "wine-ab", "--from", "X.jsonl").stdout.splitlines()
    assert {line.split()[0] for line in lines[2:5]} == {"x0", "x1", "x2"}
    assert lines[-2] == "and 764 more features, which have moved less; --all shows them."
    assert lines[-1] == "drift: 784 features: 3 drift, 781 ok"


@pytest.mark.parametrize(
    ("arguments", "content", "status", "words"),
    [
        (["wine-ab"], "", 1, "--from names a file of rows"),
        (["wine-ab", "--against", "wine", "--from", "X.csv"], "a\n1\n", 2, "expected UNIT:VERSION"),
        (["wine-ab", "--against", "wine:9", "--from", "X.csv"], "a\n1\n", 1, "wine:9 is in no volume here"),
        (["wine-ab", "--live", "--from", "X.csv"], "a\n1\n", 2, "without --against and --from"),
        (["none", "--from", "X.csv"], "a\n1\n", 1, "'none'"),
        (["wine-ab", "--from", "X.csv"], "alcohol\n1\n", 1, "line 1: there is no column sulphates"),
        (["wine-ab", "--from", "X.csv"], "alcohol,sulphates\n1,2\n1,red\n", 1, "line 3: sulphates is 'red'"),
        (["wine-ab", "--from", "X.csv"], "alcohol,sulphates\n", 1, "there are no rows"),
        (["wine-ab", "--from", "X.csv"], "alcohol,sulphates\n1,2\n1,2,3\n", 1, "line 3 has 3 cells; the"),
        (["wine-ab", "--from", "X.csv"], "alcohol,sulphates\n1\n", 1, "line 2 has 1 cells"),
        (["wine-ab", "--from", "X.csv"], "alcohol,sulphates,alcohol\n1,2,3\n", 1, "'alcohol' is there twice"),
        (["wine-ab", "--from", "X.csv"], "alcohol,sulphates\n1,inf\n", 1, "line 2: sulphates is 'inf'"),
        (["wine-ab", "--from", "X.csv"], "alcohol,sulphates\n1,1_000\n", 1, "line 2: sulphates is '1_000'"),
        (["wine-ab", "--from", "X.jsonl"], '{"data": 5}', 1, "line 1: TypeError: data has no lists"),
        (["wine-ab", "--from", "X.jsonl"], '{"data": {"ndarray": [5]}}', 1, "line 1: TypeError: a row is 5"),
        (
            ["wine-ab", "--from", "X.jsonl"],
            '{"data": {"names": ["sulphates", "alcohol"], "ndarray": [[1, 2, 3]]}}',
            1,
            "a row has 3 values",
        ),
        (
            ["wine-ab", "--from", "X.jsonl"],
            '{"data": {"names": ["sulphates", "x"], "ndarray": [[1, 2]]}}',
            1,
            "KeyError: 'alcohol'",
        ),
        (
            ["wine-ab", "--from", "X.jsonl"],
            '{"data": {"names": ["alcohol", "sulphates", "alcohol"], "ndarray": [[1, 2, 3]]}}',
            1,
            "there twice",
        ),
        (["wine-ab", "--from", "X.jsonl"], "[1, 1e999]", 1, "row 1: sulphates is inf"),
        pytest.param(
            ["wine-ab", "--from", "X.jsonl"], f"[1, 1{'0' * 400}]", 1, "row 1: sulphates is 1000", id="huge"
        ),
        pytest.param(["wine-ab", "--from", "X.jsonl"], "[" * 100_000, 1, "1: RecursionError", id="deep"),
        (["wine-ab", "--from", "X.txt"], "a\n", 2, "ends in .csv or .jsonl"),
        (["wine-ab", "--from", "X.jsonl"], "[1, 2]\n{", 1, "X.jsonl: line 2"),
        (["wine-ab", "--from", "X.jsonl"], "[1, 2]\n[1]\n", 1, "row 2 has 1 values; expected 2"),
        (["wine-ab", "--from", "X.jsonl"], '[1, "red"]\n', 1, "row 1: sulphates is 'red'; drift is measured"),
        (["wine-ab", "--from", "X.jsonl"], '{"alcohol": 1}\n', 1, "X.jsonl: line 1: KeyError: 'sulphates'"),
        (["wine-ab", "--from", "X.jsonl"], "\n", 1, "there are no rows"),
        (["wine-ab", "--from", "Y.jsonl"], "", 1, "Y.jsonl: cannot be read"),
    ],
)
def test_what_cannot_be_compared_is_told(
    call: Call, version: Path, root: Path, arguments: list[str], content: str, status: int, words: str
) -> None:
    """The file with its line or row, and what is expected there."""
    for one in arguments:
        if one.startswith("X."):
            (root / one).write_text(content)
    assert words in call("drift", *arguments, status=status).stderr
