"""The comments: read right from any encoding, never from a column that leaks, and never silently made up."""

from pathlib import Path

import pytest

from models.contract.errors import ModelError
from models.data import comments
from models.data.comments import Source, load, read
from models.data.download import by_url, sha256


def table(rows: list[str], *, header: str = "X,BODY,REMOVED", encoding: str = "utf-8") -> bytes:
    return "\r\n".join([header, *rows, ""]).encode(encoding)


ROWS = [f'{n},"text {n}, of\nlines",{n % 2}' for n in range(40)]


def test_only_text_and_label_are_read() -> None:
    """A column that tells the label is in no text, and may stand anywhere."""
    texts, labels = read(table(ROWS), Source())
    assert texts[3] == "text 3, of\nlines" and labels[3] == 1
    assert (len(texts), sum(labels)) == (40, 20)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_the_encoding_is_found(encoding: str) -> None:
    """UTF-8, with or without a mark, and cp1252 are told apart without being named."""
    texts, _ = read(table([*ROWS, "9,caf\u00e9 \u201cbon\u201d,0"], encoding=encoding), Source())
    assert texts[-1] == "caf\u00e9 \u201cbon\u201d"


def test_a_byte_that_cp1252_lacks_ends_nothing() -> None:
    """Python's cp1252 refuses five bytes; files hold them all the same."""
    texts, _ = read(table(ROWS) + b"9,odd \x81 byte \x93,0\r\n", Source(encoding="cp1252"))
    assert texts[-1] == "odd \x81 byte \u201c"


FAULTS = {
    "no such column": (
        table(ROWS),
        Source(text="TEXT"),
        "Column 'TEXT' is not there; the file has 'X', 'BODY'",
    ),
    "a label that is none": (table([*ROWS, "1,a,maybe"]), Source(), "REMOVED is 'maybe'; expected 0 or 1"),
    "a short row": (table([*ROWS, "1,a"]), Source(), "Row 42 has 2 columns; expected 3"),
    "one class": (table([f"1,a{n},1" for n in range(30)]), Source(), "expected at least ten of each"),
    "an open quote": (table([*ROWS, '1,"a,1']), Source(), "is not CSV"),
    "another encoding": (table(ROWS) + b"1,\xff,1\r\n", Source(encoding="utf-8"), "is no utf-8"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_wrong_file_is_told(case: str) -> None:
    """Each says what was found and what is expected."""
    content, source, words = FAULTS[case]
    with pytest.raises(ModelError, match=words.replace(".", r"\.")):
        read(content, source)


def test_with_no_network_and_no_file_the_way_out_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is made up for who did not ask for it."""
    monkeypatch.delenv("COMMENTS_CSV", raising=False)
    monkeypatch.setenv("COMMENTS_MIRRORS", "http://127.0.0.1:9/")
    for name in ("auto", "comments"):
        with pytest.raises(ModelError, match=r"Set COMMENTS_CSV.*csv-url.*dataset=synthetic"):
            load(name, cache=tmp_path)


def test_another_file_than_the_known_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """COMMENTS_CSV is a copy of the known file, and nothing else under its name."""
    file = tmp_path / "comments.csv"
    file.write_bytes(table(ROWS))
    monkeypatch.setenv("COMMENTS_CSV", str(file))
    with pytest.raises(ModelError, match=r"cut or another file.*csv-url"):
        load("comments", cache=tmp_path)


def test_a_url_is_held_to_its_digest(tmp_path: Path) -> None:
    """With a sha256 the file must have it; without one it is taken, and kept nowhere."""
    file = tmp_path / "mine.csv"
    file.write_bytes(table(ROWS))
    url, cache = file.as_uri(), tmp_path / "cache"
    assert by_url(url, "", cache) == file.read_bytes()
    assert not cache.exists()
    assert by_url(url, sha256(file.read_bytes()), cache) == file.read_bytes()
    with pytest.raises(ModelError, match=r"csv-url: file:.*mine\.csv: cut or wrong"):
        by_url(url, "0" * 64, cache)


def test_the_synthetic_rows_say_what_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    """200 rows, the same each time, and a warning that their scores mean nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(comments.Comments, "__post_init__", lambda self: None)  # the split needs numpy
        one, other = comments.synthetic(), comments.synthetic(seed=4)
    assert len(one.texts) == 200 == len(set(one.labels)) * 100
    assert one.texts == other.texts and one.sha256 == other.sha256
    assert "WARNING: 200 made-up comments" in capsys.readouterr().err
