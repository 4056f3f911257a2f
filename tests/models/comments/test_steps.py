"""TF-IDF, classifier and the files between the steps, by hand-made numbers."""

import json
import math
from pathlib import Path

import pytest

from models.comments import chain, rows
from models.comments.classify import logistic
from models.comments.classify.logistic import Classifier, best_threshold
from models.comments.tfidf import vectors
from models.comments.tfidf.style import NAMES, style
from models.comments.tfidf.vectors import Vectorizer
from models.contract.errors import ModelError

STYLE = len(NAMES)
VECTORIZER = Vectorizer((1, 2), ("cat", "cat sit", "dog"), (1.0, 2.0, 3.0), (0.0,) * STYLE, (1.0,) * STYLE)


def test_a_row_is_weighed_counts_of_length_one() -> None:
    """Logarithms of counts times rarity, scaled to length 1, of known terms alone; the style comes after."""
    columns, values = VECTORIZER.row(["cat", "cat", "sit", "bird"], "")
    assert columns[:2] == [0, 1] and columns[2:] == list(range(3, 3 + STYLE))
    cat, pair = 1 + math.log(2), 2.0
    length = math.hypot(cat, pair)
    assert values[:2] == pytest.approx([cat / length, pair / length], abs=1e-6)
    assert len(VECTORIZER.columns) == 3 + STYLE


def test_an_unknown_text_has_its_style_alone() -> None:
    """No known word, no division by zero; a number far off is cut."""
    columns, values = VECTORIZER.row([], "!" * 100_000)
    assert columns == list(range(3, 3 + STYLE))
    assert max(map(abs, values)) == vectors.FURTHEST


def test_style_tells_how_not_what() -> None:
    """Each number by its name, for a text that has all of it."""
    told = dict(zip(NAMES, style('WHY is "it" so?\n\n> See https://example.org (3)...'), strict=True))
    assert told["questions"] == told["exclamations"] + math.log1p(1)
    assert told["quoted"] == 1 and told["ends_with_question"] == 0 and told["links"] == math.log1p(1)
    assert 0 < told["shouted"] < 0.2 and told["different_words"] > 0.9


def test_ngrams_are_read_and_refused() -> None:
    """`1,2`, and what is none says what is."""
    assert vectors.ngrams("1,3") == (1, 3)
    assert list(vectors.grams(["a", "b", "c"], (1, 2))) == ["a", "b", "c", "a b", "b c"]
    for text in ("2,1", "0,1", "1", "1,9", "a,b"):
        with pytest.raises(ModelError, match="expected LOW,HIGH from 1 to 5"):
            vectors.ngrams(text)


def test_a_probability_is_the_logistic_of_the_sum() -> None:
    """Also where the sum has no exponential that a float can hold."""
    model = Classifier((1.0, -2.0, 1000.0), 0.5, 0.4)
    assert model.probabilities(([0, 1], [2.0, 0.25])) == pytest.approx(
        [1 - 1 / (1 + math.exp(-2)), 1 / (1 + math.exp(-2))]
    )
    assert model.probability(([2], [10.0])) == 1.0
    assert model.probability(([2], [-10.0])) == 0.0


def test_the_threshold_is_right_most_often() -> None:
    """The middle of those that call the most rows by their right name."""
    assert best_threshold([0.1, 0.3, 0.6, 0.9], [0, 0, 1, 1]) == 0.45
    assert best_threshold([0.2, 0.8], [1, 1]) == pytest.approx(0.12)


@pytest.mark.parametrize(
    "text", ["{", "{}", '{"classes":["a"]}', "[]", '{"classes":["kept","removed"],"weights":["a"]}']
)
def test_a_file_that_no_training_wrote_is_refused(text: str, tmp_path: Path) -> None:
    """Loading reads numbers and texts; nothing else is taken, and nothing is run."""
    file = tmp_path / "model.json"
    file.write_text(text)
    for load in (vectors.load, logistic.load):
        with pytest.raises(ModelError, match="not what --action=train writes"):
            load(file)


def test_what_was_learned_comes_back_and_fits_together(tmp_path: Path) -> None:
    """Both files hold all that a chain needs; a vectorizer and a classifier of two trainings are no chain."""
    classifier = Classifier((0.5,) * (3 + STYLE), -1.0, 0.47)
    (tmp_path / vectors.FILE).write_text(VECTORIZER.text)
    (tmp_path / logistic.FILE).write_text(classifier.text)
    assert chain.load(tmp_path) == chain.Chain(VECTORIZER, classifier)
    (tmp_path / logistic.FILE).write_text(Classifier((0.5,), 0.0, 0.5).text)
    with pytest.raises(ModelError, match="not learned together"):
        chain.load(tmp_path)


def test_rows_come_back_whatever_letters_they_have(tmp_path: Path) -> None:
    """One line each, in ASCII; half a surrogate pair is no reason to fail."""
    file = tmp_path / "rows.jsonl"
    given = [{"text": "a\nb\u2028\ud800"}, {"text": "\u6f22"}]
    assert rows.write(file, iter(given)) == 2
    assert list(rows.read(file, "text")) == given
    assert file.read_bytes().isascii() and file.read_text().count("\n") == 2


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    """File, line, and what is missing of it; a writer that fails leaves the old file."""
    file = tmp_path / "rows.jsonl"
    rows.write(file, [{"text": "a"}])
    with pytest.raises(ModelError, match=r"line 1 has no lemmas; it has text"):
        list(rows.read(file, "text", "lemmas"))
    with pytest.raises(ZeroDivisionError):
        rows.write(file, ({"text": 1 / n} for n in (1, 0)))
    assert json.loads(file.read_text()) == {"text": "a"}
    assert [path.name for path in tmp_path.iterdir()] == ["rows.jsonl"]
    file.write_text("nope\n")
    with pytest.raises(ModelError, match="line 1 is no JSON object"):
        list(rows.read(file))
    with pytest.raises(ModelError, match="Has the step before been run"):
        list(rows.read(tmp_path / "none"))
