"""A file of rows in shards, asked of a real HTTP server, and joined: the three steps of `batch-predict`."""

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.workflows.steps.posting import Answer, answering
from workflows.parts.steps import answer, join, split


class Model:
    """Answers the sum of the numbers of each row; a row that begins with -1 is refused, with -2 breaks it."""

    url: str

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.first: Callable[[int], Answer | None] = lambda n: None

    def answer(self, body: Any) -> Answer:
        self.asked.append(body["data"])
        if instead := self.first(len(self.asked)):
            return instead
        rows = body["data"]["ndarray"]
        for row in rows:
            if row[0] in (-1, -2):
                status = 400 if row[0] == -1 else 500
                return status, {}, {"status": {"code": status, "info": f"not {row[0]}", "status": "FAILURE"}}
        sums = [[sum(one for one in row if not isinstance(one, str))] for row in rows]
        return 200, {}, {"data": {"names": ["total"], "ndarray": sums}}


@pytest.fixture
def model() -> Iterator[Model]:
    made = Model()
    with answering(made.answer) as made.url:
        yield made


class Batch:
    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.environ = {
            "CLAIM": str(folder), "PARTS": str(folder / ".batch/run"), "FILE": "rows.csv", "OUT": "out/a.csv",
            "TEXT": "", "SHARDS": "3", "OUTPUTS": str(folder / "outputs"), "URL": url, "MOST_FAILED": "9",
            "ROWS_PER_REQUEST": "4", "PATIENCE": "1",
        }  # fmt: skip

    def split(self, *lines: str, **environ: str) -> list[str]:
        (self.folder / "rows.csv").write_text("".join(f"{line}\n" for line in lines))
        split.main(self.environ | environ)
        return list(json.loads(self.output("shards")))

    def answer(self, shard: str, **environ: str) -> None:
        answer.main(self.environ | environ | {"SHARD": shard})

    def join(self, shards: list[str], **environ: str) -> None:
        join.main(self.environ | environ | {"SHARDS": json.dumps(shards)})

    def run(self, *lines: str, **environ: str) -> None:
        shards = self.split(*lines, **environ)
        for shard in reversed(shards):  # whichever is the first to end
            self.answer(shard, **environ)
        self.join(shards, **environ)

    def output(self, name: str) -> str:
        return (self.folder / "outputs" / name).read_text()

    def rows(self, name: str) -> list[list[str]]:
        with (self.folder / name).open(newline="") as file:
            return list(csv.reader(file))


@pytest.fixture
def batch(tmp_path: Path, model: Model) -> Batch:
    return Batch(tmp_path, model.url)


def test_answers_are_in_the_order_of_the_rows(batch: Batch, model: Model) -> None:
    """In shards of about one size, with the columns' names, as few rows at once as asked; nothing is left."""
    batch.run("a;b", *(f"{n};0.5" for n in range(31)))
    assert batch.rows("out/a.csv") == [["row", "total"], *([str(n + 1), str(n + 0.5)] for n in range(31))]
    assert all(len(data["ndarray"]) <= 4 and data["names"] == ["a", "b"] for data in model.asked)
    assert {batch.output(name) for name in ("rows", "failed", "file")} == {"31", "0", "out/a.csv"}
    assert not Path(batch.environ["PARTS"]).exists()
    assert [path.name for path in (batch.folder / "out").iterdir()] == ["a.csv"]


def test_rows_that_fail_are_named(batch: Batch, capsys: pytest.CaptureFixture[str]) -> None:
    """By their line and the deployment's words; they have no answer, and others of their request have."""
    lines = ["a", *map(str, range(12))]
    lines[3], lines[12] = "-1", "-2"
    with pytest.raises(SystemExit, match=r"2 of 12 rows failed: out/a\.failed\.csv says which and why"):
        batch.run(*lines, MOST_FAILED="1")
    found = batch.rows("out/a.csv")
    assert [row[0] for row in found if not row[1]] == ["3", "12"] and len(found) == 13
    assert batch.rows("out/a.failed.csv") == [
        ["row", "line", "reason"],
        ["3", "4", "HTTP 400: not -1"],
        ["12", "13", "HTTP 500: not -2"],
    ]
    assert "row 3 (line 4): HTTP 400: not -1" in capsys.readouterr().out


def test_numbers_and_text(batch: Batch, model: Model) -> None:
    """A cell that reads as a number is one, but in a column of text; quoted line ends stay; lines in JSON."""
    batch.run("code,words,n", "007,a b,1", '008,"two', 'lines",1.5e1', TEXT="code", SHARDS="1", OUT="a.jsonl")
    assert model.asked[0]["ndarray"] == [["007", "a b", 1], ["008", "two\nlines", 15.0]]
    lines = (batch.folder / "a.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [{"row": 1, "total": 1}, {"row": 2, "total": 15.0}]


def test_what_passes_is_tried_again(batch: Batch, model: Model) -> None:
    """503, 429, a lost connection and a unit that is not reached; what does not pass fails with its words."""
    away = {1: (503, {}, {}), 2: (0, {}, {}), 3: (429, {}, {}), 4: (500, {}, 'Post "http://127.0.0.1"')}
    model.first = away.get
    batch.run("a", "1", "2", SHARDS="1", PATIENCE="20")
    assert batch.rows("out/a.csv")[1:] == [["1", "1"], ["2", "2"]]
    model.first = lambda n: (503, {}, {})
    shards = batch.split("a", "1", OUT="b.csv")
    with pytest.raises(SystemExit, match=r"HTTP 503: .*Tried for 0 s"):
        batch.answer(*shards, PATIENCE="0")
    model.first = lambda n: (404, {}, {})
    with pytest.raises(SystemExit, match="HTTP 404"):
        batch.answer(*shards, PATIENCE="20")


def test_a_second_attempt_goes_on(batch: Batch, model: Model, capsys: pytest.CaptureFixture[str]) -> None:
    """After the last whole line of the first one, whatever it was ended in the middle of."""
    [shard] = batch.split("a", *map(str, range(10)), SHARDS="1")
    model.first = lambda n: (503, {}, {}) if n > 2 else None
    with pytest.raises(SystemExit):
        batch.answer(shard, PATIENCE="0")
    with (Path(batch.environ["PARTS"]) / "0.answers").open("a") as file:
        file.write('{"names": ["tot')
    model.first = lambda n: None
    model.asked.clear()
    batch.answer(shard)
    assert [data["ndarray"] for data in model.asked] == [[[8], [9]]]
    assert "shard 0: 10 rows, 8 of them before" in capsys.readouterr().out
    batch.join([shard])
    assert [row[1] for row in batch.rows("out/a.csv")[1:]] == list(map(str, range(10)))


def test_what_every_row_is_refused_for_is_told_once(batch: Batch, model: Model) -> None:
    """Such as a wrong header: with the columns that there are."""
    model.first = lambda n: (400, {}, {"status": {"info": "names: expected b"}})
    [shard] = batch.split("a", *map(str, range(100)), SHARDS="1")
    with pytest.raises(SystemExit, match=r"first 4 rows \(lines 2 to 5\): HTTP 400: names: expected b\."):
        batch.answer(shard)
    assert len(model.asked) < 10


@pytest.mark.parametrize(
    ("lines", "environ", "told"),
    [
        (["a,b", "1,2", "1"], {}, r"line 3 has 1 cells; the header has 2"),
        (["1,2", "1,2"], {}, r"line 1 is '1,2'; expected the names of the columns"),
        (["a,a", "1,2"], {}, "expected the names"),
        (["a"], {}, "it has no rows"),
        ([], {}, "expected the names"),
        (["a", '"1'], {}, "unexpected end of data"),
        (["a", "1"], {"TEXT": "b"}, "has no column 'b'; it has a"),
        (["a", "1"], {"FILE": ""}, "Name a file on the claim with file"),
        (["a", "1"], {"FILE": "no.csv"}, "No such file"),
        (["a", "1"], {"OUT": "rows.csv"}, "rows.csv is on the claim already"),
    ],
)
def test_a_file_that_is_no_table(batch: Batch, lines: list[str], environ: dict[str, str], told: str) -> None:
    """Nothing is asked; what is wrong is said with its place."""
    with pytest.raises(SystemExit, match=told):
        batch.split(*lines, **environ)


def test_another_model_in_the_middle(batch: Batch, model: Model) -> None:
    """Answers of another width are no rows of the same table."""
    shards = batch.split("a", *map(str, range(8)), SHARDS="2")
    batch.answer(shards[0])
    model.first = lambda n: (200, {}, {"data": {"ndarray": [[1, 2]] * 4}})
    batch.answer(shards[1])
    with pytest.raises(SystemExit, match="Did the deployment become another model"):
        batch.join(shards)
