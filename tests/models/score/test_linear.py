"""Ten numbers in, a score out; the numbers of the line are what fit.py makes of scikit-learn's own rows."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from models.score import linear
from models.score.linear import FILE, Linear, WrongX
from tests.models.conftest import ROOT, run

LINE = Linear(("a", "b"), (2.0, -1.0), 0.5, "digest")
REQUEST = json.loads((ROOT / "models/score/score.json").read_text())


def test_a_score_is_the_weighted_sum() -> None:
    """Ints and floats alike, with the intercept."""
    assert LINE.score([1, 0.25]) == 2.25 and LINE.score((0, 0)) == 0.5


@pytest.mark.parametrize(
    ("x", "found"),
    [
        (None, "X is null; expected 2 numbers: a, b."),
        (3, "X is a number; expected 2 numbers: a, b."),
        ("12", "X is text; expected 2 numbers: a, b."),
        ({"a": 1}, "X is an object; expected 2 numbers: a, b."),
        (True, "X is true; expected 2 numbers: a, b."),
        ([], "X has 0 values; expected 2 numbers: a, b."),
        ([1, 2, 3], "X has 3 values; expected 2 numbers: a, b."),
        ([1, "2"], "X has text for b; expected 2 numbers: a, b."),
        ([None, 2], "X has null for a; expected 2 numbers: a, b."),
        ([1, False], "X has false for b; expected 2 numbers: a, b."),
        ([[1, 2], [3, 4]], "X has a list for a; expected 2 numbers: a, b."),
        ([1, math.nan], "X has a number for b that is not finite; expected 2 numbers: a, b."),
        ([10**400, 1], "X has a number for a that is not finite; expected 2 numbers: a, b."),
        ([1e308, -1e308], "X holds numbers that are too large to be scored; expected 2 numbers: a, b."),
    ],
)
def test_a_wrong_x_says_what_was_expected(x: Any, found: str) -> None:
    """What was found, and what is expected, with the names of the features."""
    with pytest.raises(WrongX) as error:
        LINE.score(x)
    assert str(error.value) == found


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"features": ["a"], "weights": [1, 2], "intercept": 0}',
     '{"features": ["a"], "weights": ["x"], "intercept": 0}'],
)  # fmt: skip
def test_a_file_that_is_no_line_is_refused(tmp_path: Path, text: str) -> None:
    """A RuntimeError that names the file, for Seldon's wrapper swallows some others."""
    file = tmp_path / "coefficients.json"
    file.write_text(text)
    with pytest.raises(RuntimeError, match=r"coefficients\.json is not what fit\.py writes"):
        linear.load(file)


def test_the_committed_line_scores_the_committed_request() -> None:
    """A patient of the data gets a score of its range, 25 to 346."""
    assert 25 < linear.load().score(REQUEST["X"]) < 346


@pytest.mark.environments
def test_the_line_is_what_fit_makes(trainer: Path) -> None:
    """Fitted again, the numbers are those of the file: nobody has written them by hand."""
    code = "import json; from models.score.fit import fitted; print(json.dumps(fitted()))"
    done = run(trainer, "-c", code)
    assert done.returncode == 0, done.stderr
    made, known = json.loads(done.stdout), json.loads(FILE.read_text())
    assert made["features"] == known["features"]
    assert made["weights"] == pytest.approx(known["weights"], rel=1e-4)
    assert made["r2"] == pytest.approx(known["r2"], abs=0.002) and known["r2"] > 0.3
