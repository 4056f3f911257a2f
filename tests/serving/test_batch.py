"""A file of rows to a real local deployment: order, names, forms of answers, rows that fail, going on."""

import csv
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from argolane.errors import ArgolaneError, UsageError
from argolane.project import Project
from argolane.serving.batch.job import Done, predict_file
from argolane.serving.deployments import Deployments
from tests.batch_model import manifest

Serve = Callable[..., str]


@pytest.fixture
def serve(deployments: Deployments, box: Path) -> Serve:
    def url(**env: str) -> str:
        deployments.apply(manifest(**env))
        return str(deployments.wait("m", timeout=60)["status"]["address"]["url"])

    return url


@pytest.fixture
def box(project: Project) -> Path:
    """What the model's claim holds."""
    folder = project.root / ".argolane" / "volumes" / "box"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A thousand rows, of which none fails."""
    return written(tmp_path / "in.csv", "a,b", *(f"{n},0.5" for n in range(1000)))


def written(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def batch(path: Path, url: str, *, out: Path | None = None, **asked: Any) -> Done:
    return predict_file(path, out=out or path.with_name("out.csv"), url=url, deployment="m", **asked)


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_answers_are_in_the_order_of_the_rows(serve: Serve, table: Path, box: Path, tmp_path: Path) -> None:
    """Whatever is asked at once; the names of the columns go with each request; no other file is left."""
    assert batch(table, serve(), parallel=8, rows_per_request=30) == Done(1000, 0, 0)
    expected = [[str(n + 1), str(n + 0.5), str(n)] for n in range(1000)]
    assert rows(tmp_path / "out.csv") == [["row", "total", "first"], *expected]
    requests = [json.loads(line) for line in (box / "asked").read_text().splitlines()]
    assert len(requests) == 34
    assert all(request["names"] == ["a", "b"] and len(request["ndarray"]) <= 30 for request in requests)
    left = {path.name for path in tmp_path.iterdir() if path.is_file()}
    assert left == {"argolane.toml", "in.csv", "out.csv"}


@pytest.mark.parametrize(("form", "columns"), [("tensor", 2), ("json", 2), ("one", 1)])
def test_every_form_of_an_answer(serve: Serve, tmp_path: Path, form: str, columns: int) -> None:
    """Tensor, jsonData, and one text for one row; columns without names are counted."""
    table = written(tmp_path / "in.csv", "a,b", "1,2", "3,4")
    batch(table, serve(FORM=form), rows_per_request=1 if form == "one" else 100)
    header, *found = rows(tmp_path / "out.csv")
    assert header == ["row"] + (["prediction_0", "prediction_1"] if columns == 2 else ["strData"])
    assert [float(row[1]) if columns == 2 else row[1] for row in found] == (
        [3, 7] if columns == 2 else ["[[3, 1]]", "[[7, 3]]"]
    )


def test_one_answer_to_many_rows_is_no_table(serve: Serve, tmp_path: Path) -> None:
    """It says how to ask; nothing is written, so that the next start is the first."""
    table = written(tmp_path / "in.csv", "a", "1", "3")
    url = serve(FORM="one")
    with pytest.raises(ArgolaneError, match=r"answered 1 rows to 2.*--rows-per-request 1"):
        batch(table, url)
    assert batch(table, url, rows_per_request=1).before == 0


def test_text_and_numbers(serve: Serve, box: Path, tmp_path: Path) -> None:
    """A column of words is text; one that looks like numbers is when it is said to be; line ends stay."""
    lines = ["code;words;n", "007;a, b;1", '008;"two', 'lines";1.5e1']
    table = written(tmp_path / "in.csv", *lines)
    batch(table, serve(), text=["code"], out=tmp_path / "out.jsonl")
    assert json.loads((box / "asked").read_text())["ndarray"] == [
        ["007", "a, b", 1],
        ["008", "two\nlines", 15.0],
    ]
    found = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert found == [{"row": 1, "total": 8, "first": "007"}, {"row": 2, "total": 27.0, "first": "008"}]


def test_rows_that_fail_are_named(serve: Serve, tmp_path: Path) -> None:
    """Those of one request that are refused, or break the model, are found; the others are answered."""
    lines = ["a", *map(str, range(40))]
    lines[8], lines[30], lines[31] = "-1", "-2", "-1"
    table = written(tmp_path / "in.csv", *lines)
    assert batch(table, serve(), rows_per_request=20).failed == 3
    found = rows(tmp_path / "out.csv")
    assert [row[0] for row in found if not row[1]] == ["8", "30", "31"]
    assert len(found) == 41
    assert rows(tmp_path / "out.failed.csv") == [
        ["row", "line", "reason"],
        ["8", "9", "HTTP 400: the row [-1] is not wanted"],
        ["30", "31", "HTTP 500: broken"],
        ["31", "32", "HTTP 400: the row [-1] is not wanted"],
    ]


def test_a_row_that_ends_the_model_is_found(serve: Serve, tmp_path: Path) -> None:
    """The others wait until it runs again; the row is named with what the deployment said."""
    table = written(tmp_path / "in.csv", "a", "1", "2", "-3", "4")
    assert batch(table, serve(), rows_per_request=1).failed == 1
    [_, failed] = rows(tmp_path / "out.failed.csv")
    assert failed[:2] == ["3", "4"]
    assert "EOF" in failed[2] or "connection reset" in failed[2]
    assert [row[1] for row in rows(tmp_path / "out.csv")[1:]] == ["1", "2", "", "4"]


def test_a_header_that_the_model_does_not_know(serve: Serve, tmp_path: Path) -> None:
    """What each row is refused for is told once, with the model's words; nothing is written."""
    table = written(tmp_path / "in.csv", "a,c", "1,2", "3,4")
    url = serve(NAMES="a,b")
    told = (
        r"each of the first 2 rows \(lines 2 to 3\): HTTP 400: names: expected a,b\. The header names: a, c\."
    )
    with pytest.raises(ArgolaneError, match=told):
        batch(table, url)
    batch(written(table, "a,b", "1,2"), url)
    assert len(rows(tmp_path / "out.csv")) == 2


def test_a_deployment_that_is_away_for_a_while(serve: Serve, table: Path, box: Path, tmp_path: Path) -> None:
    """503 is tried again; when patience ends what is done stays, and the next start asks for the rest."""
    down, asked = box / "down", box / "asked"
    url = serve(SECONDS="0.02")
    down.touch()
    timer = threading.Timer(0.5, down.unlink)
    timer.start()
    seen: list[int] = []

    def told(done: int, rows: int, failed: int) -> None:
        seen.append(done)
        if done >= 500 and not down.exists() and len(seen) < 100:
            down.touch()

    with pytest.raises(ArgolaneError, match=r"HTTP 503: warming up\. Tried for 1 s, with lines"):
        batch(table, url, patience=1, rows_per_request=50, told=told)
    timer.join()
    down.unlink()
    asked.unlink()
    before = seen[-1]
    assert 500 <= before < 1000
    assert batch(table, url, rows_per_request=7) == Done(1000, 0, before)
    # A request that was let go of may still be answered.
    sent = [len(json.loads(line)["ndarray"]) for line in asked.read_text().splitlines()]
    assert sum(size for size in sent if size <= 7) == 1000 - before
    assert [row[2] for row in rows(tmp_path / "out.csv")[1:]] == [str(n) for n in range(1000)]


def begun(table: Path, url: str) -> None:
    """Some of the rows are done, and the batch has ended."""

    def told(done: int, rows: int, failed: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        batch(table, url, told=told)


def test_another_input_does_not_go_on(serve: Serve, table: Path, tmp_path: Path) -> None:
    """The file is known by its digest: the error names both, and the journal to delete; and both
    deployments, where that is another."""
    url = serve()
    begun(table, url)
    kept = table.read_text()
    table.write_text(kept.replace("7,0.5", "7,0.25"))
    journal = tmp_path / ".out.csv.journal"
    told = (
        rf"out\.csv: this batch was begun from .*in\.csv \(sha256 \w{{12}}\).*another now.*delete {journal}"
    )
    with pytest.raises(ArgolaneError, match=told):
        batch(table, url)
    table.write_text(kept)
    with pytest.raises(ArgolaneError, match="begun with the deployment m, and now it is other"):
        predict_file(table, out=tmp_path / "out.csv", url=url, deployment="other")
    assert batch(table, url).before == 100


def test_a_journal_that_was_cut_off(serve: Serve, table: Path, tmp_path: Path) -> None:
    """A last line that is half written counts as not done, at whatever byte it ends."""
    url = serve()
    begun(table, url)
    journal = tmp_path / ".out.csv.journal"
    whole = journal.read_bytes()
    for cut in (3, len(whole.splitlines(keepends=True)[0]) + 9, len(whole) - 1):
        journal.write_bytes(whole[:cut])
        assert batch(table, url, parallel=2).before == 0
        assert [row[2] for row in rows(tmp_path / "out.csv")[1:]] == [str(n) for n in range(1000)]
        (tmp_path / "out.csv").unlink()


def test_an_input_that_changes_meanwhile(serve: Serve, table: Path) -> None:
    """Is seen before an answer to its new rows is kept."""

    def told(done: int, rows: int, failed: int) -> None:
        if done == 300:
            time.sleep(0.02)
            table.write_text(table.read_text().replace("999,0.5", "998,0.5"))

    with pytest.raises(ArgolaneError, match="was changed while it was read"):
        batch(table, serve(), told=told, parallel=1)


BAD = {
    "empty": ("", "the file is empty"),
    "no rows": ("a,b\n", "it has a header and no rows"),
    "no header": ("1,2\n3,4\n", "line 1, the header, is of numbers: 1, 2"),
    "a name twice": ("a,a\n1,2\n", "line 1, the header: 'a' is there twice"),
    "no name": ("a,,c\n1,2,3\n", "line 1, the header: column 2 has no name"),
    "ragged": ("a,b\n1,2\n\n3\n", "line 4 has 1 cells; the header, line 1, has 2 columns"),
    "a word": ("a\n1\n2\nx\n", "line 4, column 'a': 'x' is no number"),
    "nothing": ("a,b\n1,2\n2,\n3,3\n", "line 3, column 'b': there is no value"),
    "no number": ("a\n1\n2\nnan\n1e999\n3\n", "line 5, column 'a': '1e999' is no number"),
    "a quote": ('a,b\n1,"2\n3,4\n', "line 2: unexpected end of data"),
    "latin-1": ("a\n\xff\n", "not UTF-8"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_file_that_is_no_table(tmp_path: Path, case: str) -> None:
    """Is told by its lines before anything is sent, and leaves nothing behind."""
    text, told = BAD[case]
    table = tmp_path / "in.csv"
    table.write_bytes(text.encode("latin-1"))
    with pytest.raises(ArgolaneError, match=f"^{table}: ") as caught:
        batch(table, "http://127.0.0.1:9/")
    assert told in str(caught.value)
    assert list(tmp_path.iterdir()) == [table]


def test_at_most_ten_faults_are_shown(tmp_path: Path) -> None:
    """And the others are counted."""
    table = written(tmp_path / "in.csv", "a", *["1"] * 50, *["x"] * 25)
    with pytest.raises(ArgolaneError) as caught:
        batch(table, "http://127.0.0.1:9/")
    lines = str(caught.value).splitlines()
    assert len(lines) == 11
    assert lines[-1] == "and 15 more faults."


def test_names_that_are_not_taken(tmp_path: Path) -> None:
    """Of the input, of the output, of a column, of an output that is there."""
    table = written(tmp_path / "in.csv", "alcohol", "1")
    url = "http://127.0.0.1:9/"
    with pytest.raises(UsageError, match=r"--batch x.txt: expected a name that ends in .csv or .parquet"):
        batch(Path("x.txt"), url)
    with pytest.raises(UsageError, match=r"--out x.txt: expected .*.jsonl"):
        batch(table, url, out=Path("x.txt"))
    with pytest.raises(UsageError, match="is the input itself"):
        batch(table, url, out=tmp_path / "." / "in.csv")
    with pytest.raises(ArgolaneError, match=r"--text alcool: No column 'alcool'\. Did you mean 'alcohol'"):
        batch(table, url, text=["alcool"])
    with pytest.raises(ArgolaneError, match="there is no such folder"):
        batch(table, url, out=tmp_path / "none" / "out.csv")
    with pytest.raises(ArgolaneError, match=r"http://\[bad/: "):
        batch(table, "http://[bad/")
    with pytest.raises(ArgolaneError, match=r"http://127.0.0.1:9/: nothing answers there\. Tried for 0.2 s"):
        batch(table, url, patience=0.2)
    assert list(tmp_path.iterdir()) == [table]
    (tmp_path / "out.csv").touch()
    with pytest.raises(ArgolaneError, match=r"out\.csv exists already"):
        batch(table, url)


def test_parquet_in_and_out(serve: Serve, tmp_path: Path) -> None:
    """Where there is pyarrow, as CSV; where not, the error says what to do."""
    url = serve()
    table = written(tmp_path / "in.csv", "a,t", "1,x", "-1,y", "2.5,zz")
    out = tmp_path / "out.parquet"
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        for given in ({"path": table, "out": out}, {"path": tmp_path / "in.parquet"}):
            with pytest.raises(ArgolaneError, match=r"\.parquet: Parquet needs pyarrow.*pip install pyarrow"):
                batch(url=url, **given)  # type: ignore[arg-type]
        return
    pq.write_table(pa.table({"a": [1.0, -1.0, 2.5], "t": ["x", "y", "zz"]}), tmp_path / "in.parquet")
    for path in (table, tmp_path / "in.parquet"):
        assert batch(path, url, out=out).failed == 1
        assert pq.read_table(out).to_pydict() == {
            "row": [1, 2, 3],
            "total": [2, None, 4.5],
            "first": [1, None, 2.5],
        }
        out.unlink()
        (tmp_path / "out.failed.csv").unlink()
    pq.write_table(pa.table({"a": [1.0, None]}), tmp_path / "in.parquet")
    with pytest.raises(ArgolaneError, match=r"row 2, column 'a': None; expected a value"):
        batch(tmp_path / "in.parquet", url)
