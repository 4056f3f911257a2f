"""Comments of r/science in, their texts and labels out: 7,111 rows, a third of them removed by moderators.

Sources in order: the file COMMENTS_CSV, the cache, the mirrors (COMMENTS_MIRRORS); the file is checked
against its sha256. Or any other CSV, by its URL. Of the columns only those of the text and the label are
looked at: the known file has two more, and each of them alone tells the label (its rows were sorted by it).
"""

import csv
import io
import random
import sys
from dataclasses import dataclass, field
from pathlib import Path

from models.contract.errors import ModelError
from models.data.download import by_url, known, sha256

FILE = "reddit_test.csv"
SHA256 = "cc060157993e2126d76b22e8075d19dac936983a06c902319ca0456ab8429ac3"
MIRRORS = ("https://raw.githubusercontent.com/axsauze/reddit-classification-exploration/master/data/",)
OWN = "A file of your own is named by csv-url."
CURE = "name another file with csv-url, or try the steps on made-up rows with dataset=synthetic."
ENCODINGS = ("auto", "cp1252", "iso-8859-1", "utf-8")
LABELS = {"0": 0, "0.0": 0, "false": 0, "1": 1, "1.0": 1, "true": 1}
SYNTHETIC = 200
_CP1252 = {byte: bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(0x80, 0xA0)}


@dataclass(frozen=True)
class Source:
    """Where the comments are, and how they are read. Empty: the file that is known."""

    url: str = ""
    digest: str = ""  # sha256 of the file at `url`; empty: whatever is there
    encoding: str = "auto"
    text: str = "BODY"
    label: str = "REMOVED"


@dataclass(frozen=True)
class Comments:
    """Texts with their labels, 1 for a comment that was removed."""

    name: str
    texts: tuple[str, ...]
    labels: tuple[int, ...]
    sha256: str  # of what they were read from
    seed: int = 0
    test: frozenset[int] = field(init=False)  # the rows that nothing is learned from

    def __post_init__(self) -> None:
        import numpy as np

        order = np.random.RandomState(self.seed).permutation(len(self.texts))
        object.__setattr__(self, "test", frozenset(order[: len(order) // 5].tolist()))

    @property
    def rows(self) -> dict[str, int]:
        return {"train": len(self.texts) - len(self.test), "test": len(self.test)}

    @property
    def x_train(self) -> list[str]:
        return [text for number, text in enumerate(self.texts) if number not in self.test]

    @property
    def x_test(self) -> list[str]:
        return [text for number, text in enumerate(self.texts) if number in self.test]

    @property
    def y_train(self) -> list[int]:
        return [label for number, label in enumerate(self.labels) if number not in self.test]

    @property
    def y_test(self) -> list[int]:
        return [label for number, label in enumerate(self.labels) if number in self.test]

    @property
    def description(self) -> str:
        """`comments (5689/1422)`: goes with every score."""
        return f"{self.name} ({self.rows['train']}/{self.rows['test']})"


def load(dataset: str, *, cache: Path, seed: int = 0, source: Source | None = None) -> Comments:
    """The data set by its name: comments, or synthetic, for those alone who ask. Raises ModelError."""
    if dataset == "synthetic":
        return synthetic(seed)
    if dataset not in ("auto", "comments"):
        raise ModelError(f"dataset is {dataset!r}; expected one of auto, comments, synthetic.")
    source = source or Source()
    if source.url:
        content = by_url(source.url, source.digest, cache / "comments")
    else:
        content = known("comments", FILE, SHA256, MIRRORS, cache=cache, own=OWN, cure=CURE)
    texts, labels = read(content, source)
    return Comments(Path(source.url).stem or "comments", texts, labels, sha256(content), seed)


def read(content: bytes, source: Source) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Texts and labels of a CSV file. Raises ModelError that names the row."""
    rows = csv.reader(io.StringIO(_decoded(content, source.encoding), newline=""), strict=True)
    texts, labels = [], []
    try:
        header = next(rows, [])
        for column in (source.text, source.label):
            if header.count(column) != 1:
                found = "is there twice" if column in header else "is not there"
                raise ModelError(f"Column {column!r} {found}; the file has {', '.join(map(repr, header))}.")
        text, label = header.index(source.text), header.index(source.label)
        for number, row in enumerate(rows, 2):
            if not row:
                continue
            if len(row) <= max(text, label):
                raise ModelError(f"Row {number} has {len(row)} columns; expected {len(header)}.")
            value = LABELS.get(row[label].strip().lower())
            if value is None:
                raise ModelError(f"Row {number}: {source.label} is {row[label]!r}; expected 0 or 1.")
            texts.append(row[text])
            labels.append(value)
    except csv.Error as error:
        raise ModelError(f"Line {rows.line_num} is not CSV: {error}.") from None
    if min(labels.count(0), labels.count(1)) < 10:
        raise ModelError(
            f"There are {labels.count(0)} rows with {source.label} 0 and {labels.count(1)} with 1;"
            " expected at least ten of each, to learn from and to be judged by."
        )
    return tuple(texts), tuple(labels)


def synthetic(seed: int = 0) -> Comments:
    """200 made-up rows, for a machine with no network: they prove that the steps fit, and nothing else."""
    print(
        f"WARNING: {SYNTHETIC} made-up comments are used, not real ones: no score on them means anything.",
        file=sys.stderr,
        flush=True,
    )
    chance = random.Random(20)
    things = (
        "the study",
        "this paper",
        "the sample",
        "that telescope",
        "my dog",
        "the vaccine",
        "a black hole",
    )
    kept = ("Does {} control for age?", "{} was peer reviewed, see [the data](https://example.org/{n}).",
            "I measured {} twice: {n} and {n}.", "&gt; {}\n\nWhich method was used here?")  # fmt: skip
    removed = ("lol {} is dumb!!", "{} sucks, who cares", "first!!! {}", "haha {} {n}/10 would read again")
    rows = []
    for number in range(SYNTHETIC):
        label = int(number % 3 == 0)
        # One in ten is labelled against its words, so that nothing can be right about all of them.
        form = chance.choice(removed if (label == 1) != (chance.random() < 0.1) else kept)
        rows.append((form.replace("{n}", str(number)).format(chance.choice(things)), label))
    texts, labels = zip(*rows, strict=True)
    return Comments("synthetic", texts, labels, sha256(repr(rows).encode()), seed)


def _decoded(content: bytes, encoding: str) -> str:
    """auto: UTF-8 where the bytes are that, cp1252 where not; its five gaps are read as Latin-1 has them."""
    if encoding == "auto":
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            encoding = "cp1252"
    if encoding == "cp1252":
        # A table of 256 letters: a byte is a letter here, and Python's own cp1252 refuses five of them.
        return content.decode("iso-8859-1").translate(_CP1252)
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise ModelError(
            f"Byte {error.start} is no {encoding}: {content[error.start : error.start + 10]!r}."
            f" csv-encoding is one of {', '.join(ENCODINGS)}."
        ) from None
    except LookupError:
        raise ModelError(f"csv-encoding is {encoding!r}; expected one of {', '.join(ENCODINGS)}.") from None
