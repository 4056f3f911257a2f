"""A CSV of wines in, rows out, or each bad line by its number."""

from pathlib import Path

import pytest

from models.contract.errors import ModelError
from models.data import wine
from tests.models.wine.rows import HEADER, made_up

LINES = made_up(60).splitlines()


def text(*lines: str) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def refused(content: bytes) -> str:
    with pytest.raises(ModelError) as error:
        wine.read(content)
    return str(error.value)


def test_rows_come_in_the_order_of_the_columns_that_are_known() -> None:
    """Whatever the order in the file; names are compared in snake_case, blank lines are none."""
    turned = [";".join(reversed(line.split(";"))) for line in LINES]
    assert wine.read(text(*turned, "")) == wine.read(text(*LINES))
    assert len(wine.read(text(*LINES))) == 60
    assert wine.snake(" Free  sulfur dioxide ") == "free_sulfur_dioxide"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (LINES[1].replace(";", ",", 1), "line 3: 11 columns; expected 12."),
        ("x" + LINES[1], "line 3: fixed_acidity is 'x"),
        (
            ";".join(["nan", *LINES[1].split(";")[1:]]),
            "line 3: fixed_acidity is 'nan'; expected a number from 0",
        ),
        (
            ";".join([*LINES[1].split(";")[:-1], "11"]),
            "line 3: quality is '11'; expected a number from 0 to 10.",
        ),
        (LINES[1] + ";1", "line 3: 13 columns; expected 12."),
    ],
)
def test_a_bad_row_is_named_by_its_line(line: str, said: str) -> None:
    """With the column, what was found and what is allowed."""
    assert refused(text(*LINES[:2], line, *LINES[2:])).startswith(said)


def test_many_bad_rows_are_a_few_lines() -> None:
    """Five of them, and how many more there are."""
    said = refused(text(HEADER, *["1;2"] * 50)).splitlines()
    assert len(said) == 6 and said[-1] == "and 45 more"


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (HEADER.replace('"alcohol"', '"spirit"'), "alcohol is missing; 'spirit' is not known"),
        (HEADER.replace('"alcohol"', '"quality"'), "alcohol is missing; quality is there 2 times"),
        (HEADER.replace(";", ","), "it has ',' between its columns"),
    ],
)
def test_a_wrong_header_is_said_before_any_row(header: str, said: str) -> None:
    """What is missing, not known or there twice, and what was expected."""
    assert said in refused(text(header, *LINES[1:])) and "line 1: " in refused(text(header))


@pytest.mark.parametrize("content", [b"", text(HEADER), b"\xff\xfe\x00", b"\x00" * 10, text(HEADER, 'a"b;"')])
def test_no_csv_of_wines(content: bytes) -> None:
    """An empty, a binary and a cut file are the user's error, in words."""
    assert refused(content)


def test_the_file_that_is_named_is_the_known_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """WINE_CSV is checked; who has other wines is told how to name them."""
    monkeypatch.setenv("WINE_CSV", str(tmp_path / "none.csv"))
    with pytest.raises(ModelError, match="cannot be read: No such file"):
        wine.known(tmp_path)
    (tmp_path / "own.csv").write_text(made_up())
    monkeypatch.setenv("WINE_CSV", str(tmp_path / "own.csv"))
    with pytest.raises(ModelError, match=r"cut or another file.*parameter url"):
        wine.known(tmp_path)
    monkeypatch.delenv("WINE_CSV")
    monkeypatch.setenv("WINE_MIRRORS", tmp_path.as_uri())
    with pytest.raises(ModelError, match=r"(?s)not there.*Set WINE_CSV"):
        wine.known(tmp_path)
