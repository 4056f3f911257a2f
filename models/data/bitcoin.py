"""Daily prices of Bitcoin in, checked days out: where the file comes from, and what a row of it must be.

Sources in order: the file BITCOIN_CSV, the cache, the mirrors (BITCOIN_MIRRORS); the file is checked against
its sha256. Or any other CSV with such columns, by its URL, or the folder that `models.bitcoin.transform` has
written. Standard library only: the pipeline's workers, the trainer and tests read rows by the same lines.
"""

import csv
import datetime
import io
import math
import random
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from models.contract.errors import ModelError
from models.data.download import by_url, known, sha256

FILE = "BTC-USD.csv"
SHA256 = "33bc1c3d6f8a1985862485bb1afb2b3228e0216540caefc31054fb50bb55aff3"
MIRRORS = (
    "https://raw.githubusercontent.com/Barteus/kubeflow-examples/main/bitcoin_price/",
    "https://raw.githubusercontent.com/Barteus/kubeflow-examples/master/bitcoin_price/",
)
OWN = "A file of your own is named by csv-url."
CURE = "name another file with csv-url, or try the steps on made-up days with dataset=synthetic."
SYNTHETIC = 900


@dataclass(frozen=True, order=True)
class Day:
    """Prices of one day in USD, and how many USD changed hands."""

    date: str
    open: float
    high: float
    low: float
    close: float
    volume: float

    @property
    def log_range(self) -> float:
        """Logarithm of log(high / low): how far apart the day's prices were, which is never 0 here."""
        return math.log(math.log(self.high / self.low))


COLUMNS = tuple(field.name for field in fields(Day))
NUMBERS = COLUMNS[1:]


class BadRow(ValueError):
    """A row that is no day, named by what it says its date is."""


@dataclass(frozen=True)
class Prices:
    """Days in their order, each once."""

    name: str
    days: tuple[Day, ...]
    bad: tuple[str, ...] = ()  # rows that were left out, and why

    @property
    def sha256(self) -> str:
        """Of the days, however they were cut into files."""
        return sha256(repr([astuple(day) for day in self.days]).encode())


def columns(header: Sequence[str]) -> dict[str, int]:
    """Where each column is, whatever its case; others are not looked at. Raises ModelError."""
    names = [name.strip().lower() for name in header]
    wrong = [name for name in COLUMNS if names.count(name) != 1]
    if wrong:
        raise ModelError(
            f"Of the columns {', '.join(wrong)} there is not one each; the file has"
            f" {', '.join(map(repr, header)) or 'none'}, expected {', '.join(COLUMNS)} among them."
        )
    return {name: names.index(name) for name in COLUMNS}


def day(row: Mapping[str, str]) -> Day:
    """A row by its columns as a Day. Raises BadRow that names the day and what is wrong with it."""
    date = row["date"].strip()[:10]
    try:
        datetime.date.fromisoformat(date)
    except ValueError:
        raise BadRow(f"{row['date']!r:.40}: no date; expected one such as 2014-09-17.") from None
    found = Day(date, *(_number(row[name], f"{date}: {name}") for name in NUMBERS))
    if not found.low <= min(found.open, found.close) <= max(found.open, found.close) <= found.high:
        raise BadRow(f"{date}: open and close are not between low and high.")
    if found.low <= 0 or found.low == found.high or found.volume <= 0:
        raise BadRow(f"{date}: a price, the volume or the range is 0; expected more.")
    return found


def _number(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BadRow(f"{where} is {text!r:.40}; expected a number.")
    return value


def unique(days: Iterable[Day]) -> Day:
    """The one day that rows of one date are. Raises BadRow where they differ."""
    found = sorted(set(days))
    if len(found) > 1:
        raise BadRow(f"{found[0].date}: there are {len(found)} different rows of this date; expected one.")
    return found[0]


def read(content: bytes, name: str) -> Prices:
    """A CSV with a header, in one process: the same days as `models.bitcoin.transform` makes of it."""
    try:
        rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        where: dict[str, int] = {}
        width = 0
        by_date: dict[str, list[Day]] = {}
        bad = []
        for row in rows:
            if not where:
                where, width = columns(row), len(row)
            elif row:
                try:
                    found = day(cells(row, where, width))
                    by_date.setdefault(found.date, []).append(found)
                except BadRow as error:
                    bad.append(str(error))
    except UnicodeDecodeError as error:
        raise ModelError(f"{name}: byte {error.start} is no UTF-8; expected a CSV in UTF-8.") from None
    except csv.Error as error:
        raise ModelError(f"{name}: line {rows.line_num} is not CSV: {error}.") from None
    days = []
    for date in sorted(by_date):
        try:
            days.append(unique(by_date[date]))
        except BadRow as error:
            bad.append(str(error))
    return Prices(name, tuple(days), tuple(bad))


def cells(row: Sequence[str], where: Mapping[str, int], width: int) -> dict[str, str]:
    """The columns of a row by name. Raises BadRow where it has more or fewer than the header."""
    if len(row) != width:
        raise BadRow(f"{','.join(row)!r:.40}: {len(row)} columns; expected {width}.")
    return {name: row[place] for name, place in where.items()}


def raw(dataset: str, *, cache: Path, url: str = "", digest: str = "") -> tuple[str, bytes]:
    """A data set by its name, or a CSV by its URL: (name, content). Raises ModelError."""
    if url:
        return Path(url).stem, by_url(url, digest, cache / "bitcoin")
    if dataset == "synthetic":
        return "synthetic", synthetic()
    if dataset not in ("auto", "bitcoin"):
        raise ModelError(f"dataset is {dataset!r}; expected one of auto, bitcoin, synthetic.")
    return "bitcoin", known("bitcoin", FILE, SHA256, MIRRORS, cache=cache, own=OWN, cure=CURE)


def synthetic(days: int = SYNTHETIC, *, seed: int = 15) -> bytes:
    """Made-up days as a CSV, with one row of null; calm and wild weeks follow each other, as they do."""
    print(
        f"WARNING: {days} made-up days are used, not real ones: no score on them means anything.",
        file=sys.stderr,
        flush=True,
    )
    chance, start = random.Random(seed), datetime.date(2020, 1, 1)
    lines, close, mood = ["Date,Open,High,Low,Close,Adj Close,Volume"], 9000.0, 0.0
    for number in range(days):
        date = start + datetime.timedelta(number)
        mood = 0.93 * mood + chance.gauss(0, 0.2)
        size = 0.03 * math.exp(mood) * (0.7 if date.weekday() >= 5 else 1.0)
        steps = [0.0]
        for _ in range(24):
            steps.append(steps[-1] + chance.gauss(0, size / 5))
        prices = [close * math.exp(step) for step in steps]
        volume = 2e10 * math.exp(0.5 * mood + chance.gauss(0, 0.1))
        shown = [prices[0], max(prices), min(prices), prices[-1], prices[-1]]
        lines.append(f"{date},{','.join(f'{price:.6f}' for price in shown)},{volume:.0f}")
        close = prices[-1]
    lines.append(f"{start + datetime.timedelta(days)},{','.join(['null'] * 6)}")
    return "\n".join([*lines, ""]).encode()
