"""Daily prices: every bad row is named, sources are checked, and nothing is made up for who did not ask."""

from pathlib import Path

import pytest

from models.contract.errors import ModelError
from models.data import bitcoin
from models.data.bitcoin import BadRow, day, raw, read, synthetic, unique
from models.data.download import sha256

HEADER = "Date,Open,High,Low,Close,Adj Close,Volume"
GOOD = {
    "date": "2014-09-17",
    "open": "465.9",
    "high": "468.2",
    "low": "452.4",
    "close": "457.3",
    "volume": "21",
}


def table(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *rows, ""]).encode()


ROW = "2014-09-17,465.9,468.2,452.4,457.3,457.3,21056800"


def test_a_row_is_read_by_its_columns() -> None:
    """Whatever their order and case; the adjusted close is not looked at."""
    turned = table("21056800,457.3,452.4,468.2,465.9,2014-09-17", header="VOLUME,close,Low,high,Open,Date")
    [one], [other] = read(table(ROW), "a").days, read(turned, "b").days
    assert one == other and one.close == 457.3 and one.log_range < 0


BAD = {
    "null": ("open", "null", "2014-09-17: open is 'null'; expected a number"),
    "nothing": ("volume", "", "2014-09-17: volume is ''; expected a number"),
    "NaN": ("close", "nan", "2014-09-17: close is 'nan'"),
    "without end": ("high", "1e999", "2014-09-17: high is '1e999'"),
    "no date": ("date", "17.9.2014", "'17.9.2014': no date"),
    "close above high": ("close", "500", "2014-09-17: open and close are not between low and high"),
    "no volume": ("volume", "0", "2014-09-17: a price, the volume or the range is 0"),
    "below zero": ("low", "-1", "2014-09-17: a price, the volume or the range is 0"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_row_is_named(case: str) -> None:
    """By its date, with what was found."""
    name, text, words = BAD[case]
    with pytest.raises(BadRow) as told:
        day({**GOOD, name: text})
    assert words in str(told.value)


def test_bad_rows_are_left_out_and_kept_account_of() -> None:
    """They end nothing; a date with two different rows is no day, one with two equal rows is one."""
    found = read(table(ROW, ROW, "2014-09-18,null,null,null,null,null,null", "2014-09-19,1"), "a")
    assert len(found.days) == 1
    assert found.bad == (
        "2014-09-18: open is 'null'; expected a number.",
        "'2014-09-19,1': 2 columns; expected 7.",
    )
    other = read(table(ROW, ROW.replace("457.3", "460")), "a")
    assert not other.days and "there are 2 different rows of this date" in other.bad[0]
    with pytest.raises(BadRow):
        unique([*other.days, day(GOOD), day({**GOOD, "close": "460"})])


def test_days_come_in_their_order_whatever_the_file_has() -> None:
    """And their digest does not hang on it: shards interleave days."""
    rows = [ROW.replace("-17", f"-{number}") for number in (19, 17, 18)]
    found, turned = read(table(*rows), "a"), read(table(*reversed(rows)), "a")
    assert [one.date[-2:] for one in found.days] == ["17", "18", "19"]
    assert found.sha256 == turned.sha256


FAULTS = {
    "no such column": (
        table("1", header="Date,Price"),
        "open, high, low, close, volume there is not one each",
    ),
    "a column twice": (table(header=f"{HEADER},date"), "Of the columns date there is not one each"),
    "another encoding": (table(ROW) + b"\xff", "is no UTF-8"),
    "an open quote": (table(ROW, '"2014'), "is not CSV"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_wrong_file_is_told(case: str) -> None:
    """Each says what was found and what is expected."""
    content, words = FAULTS[case]
    with pytest.raises(ModelError, match=words):
        read(content, "a")


def test_with_no_network_and_no_file_the_way_out_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made-up days are for those alone who name them."""
    monkeypatch.delenv("BITCOIN_CSV", raising=False)
    monkeypatch.setenv("BITCOIN_MIRRORS", "http://127.0.0.1:9/")
    for name in ("auto", "bitcoin"):
        with pytest.raises(ModelError, match=r"Set BITCOIN_CSV.*csv-url.*dataset=synthetic"):
            raw(name, cache=tmp_path)


def test_another_file_than_the_known_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """BITCOIN_CSV is a copy of the known file; one that is not there is told."""
    file = tmp_path / "mine.csv"
    file.write_bytes(table(ROW))
    monkeypatch.setenv("BITCOIN_CSV", str(file))
    with pytest.raises(ModelError, match=r"cut or another file.*csv-url"):
        raw("bitcoin", cache=tmp_path)
    monkeypatch.setenv("BITCOIN_CSV", str(tmp_path / "none"))
    with pytest.raises(ModelError, match="cannot be read: No such file"):
        raw("bitcoin", cache=tmp_path)


def test_a_url_is_held_to_its_digest(tmp_path: Path) -> None:
    """With a sha256 the file must have it; its name is what the data are called."""
    file = tmp_path / "mine.csv"
    file.write_bytes(table(ROW))
    url, digest = file.as_uri(), sha256(file.read_bytes())
    assert raw("auto", cache=tmp_path, url=url, digest=digest) == ("mine", file.read_bytes())
    with pytest.raises(ModelError, match=r"csv-url: file:.*mine\.csv: cut or wrong"):
        raw("auto", cache=tmp_path, url=url, digest="0" * 64)
    with pytest.raises(ModelError, match=r"csv-url is 'ftp://a/b.csv'; expected https://"):
        raw("auto", cache=tmp_path, url="ftp://a/b.csv")


def test_the_made_up_days_say_what_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    """The same each time, with a row of null as the real file has one, and a warning."""
    one, other = read(synthetic(), "synthetic"), read(synthetic(), "synthetic")
    assert len(one.days) == bitcoin.SYNTHETIC and len(one.bad) == 1
    assert one.sha256 == other.sha256
    assert f"WARNING: {bitcoin.SYNTHETIC} made-up days" in capsys.readouterr().err
