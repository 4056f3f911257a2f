"""Labels that come late: each is joined by its puid, counted once, rewarded, and told where it cannot be."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from argolane.errors import ArgolaneError
from argolane.serving.client import send_feedback
from argolane.serving.late import join
from argolane.serving.scoring import SCORES, score_of
from argolane.workflow.cluster import joining
from argolane.workflow.cluster.labels import asking
from models.contract.metric import OF_ROW
from tests.workflows.steps.posting import Answer, answering
from workflows.parts.steps.observations import Observation, Observations


class Rewarded:
    url: str

    def __init__(self) -> None:
        self.told: list[Any] = []

    def send(self, feedback: Any) -> None:
        send_feedback(self.url, **feedback)

    def answer(self, asked: Any) -> Answer:
        self.told.append(asked)
        return 200, {}, {}


@pytest.fixture
def deployment() -> Iterator[Rewarded]:
    made = Rewarded()
    with answering(made.answer) as address:
        made.url = f"{address}/api/v1.0/predictions"
        yield made


@pytest.fixture
def observed(tmp_path: Path) -> Path:
    """Ten requests without a label, the last of which had no answer."""
    file = tmp_path / "run.sqlite"
    kept = Observations(file, {"score": {"name": "accuracy", "better": "higher", "kind": "proportion"}})
    seen = [
        Observation(n, f"u-{n}", n, "ab"[n % 2], json.dumps({"ab-test": n % 2}), 200 if n < 9 else 500,
                    "[0.1, 0.9]", "null", None, None, 0.01, float(n), "")
        for n in range(10)
    ]  # fmt: skip
    kept.add(seen, [])
    kept.close()
    return file


def labels(folder: Path, *lines: str) -> Path:
    file = folder / "labels.csv"
    file.write_text("\n".join(["puid,truth", *lines]) + "\n")
    return file


def scores(file: Path) -> dict[str, tuple[float | None, int]]:
    connection = sqlite3.connect(file)
    try:
        return {
            puid: (score, told)
            for puid, score, told in connection.execute("SELECT puid, score, told FROM observations")
        }
    finally:
        connection.close()


def test_a_label_is_scored_and_rewarded(deployment: Rewarded, observed: Path, tmp_path: Path) -> None:
    """The reward goes back with the routing of the request, so that it reaches the arm that answered."""
    found = join(labels(tmp_path, "u-0,1", "u-1,0"), [observed], deployment.send)
    assert (found.counted, found.refused) == (2, [])
    assert [scores(observed)[puid] for puid in ("u-0", "u-1", "u-2")] == [(1.0, 1), (0.0, 1), (None, 0)]
    told = [(one["response"]["meta"], one["reward"], one["truth"]) for one in deployment.told]
    assert told == [
        ({"puid": "u-0", "routing": {"ab-test": 0}}, 1.0, {"data": {"ndarray": [1]}}),
        ({"puid": "u-1", "routing": {"ab-test": 1}}, 0.0, {"data": {"ndarray": [0]}}),
    ]


def test_what_cannot_count_is_told(deployment: Rewarded, observed: Path, tmp_path: Path) -> None:
    """Unknown, double and conflicting labels, in the file and against what is known; the others count."""
    join(labels(tmp_path, "u-3,1"), [observed], deployment.send)
    lines = ["u-0,1", "nobody,1", "u-1,1", "u-1,1", "u-2,0", "u-2,1", "u-3,1", "u-9,1"]
    found = join(labels(tmp_path, *lines), [observed], deployment.send)
    assert (found.counted, found.known) == (2, 1)
    assert found.refused == [
        "nobody: no recorded request has this puid",
        "u-1: the label is there twice; it counted once",
        "u-2: conflicting labels in labels.csv",
        "u-9: its request had no answer",
    ]
    assert scores(observed)["u-2"] == (None, 0)
    against = join(labels(tmp_path, "u-0,0"), [observed], deployment.send)
    assert against.refused == ["u-0: its label is known as 1, not 0"]
    assert [one["response"]["meta"]["puid"] for one in deployment.told] == ["u-3", "u-0", "u-1"]


def test_a_label_that_was_kept_and_not_told_is_told(
    deployment: Rewarded, observed: Path, tmp_path: Path
) -> None:
    """The deployment was down: the label is kept, and the same file tells it later."""
    file = labels(tmp_path, "u-0,1")
    with pytest.raises(ArgolaneError, match="nothing answers there"):
        join(file, [observed], lambda told: send_feedback("http://127.0.0.1:9/predictions", **told))
    assert scores(observed)["u-0"] == (1.0, 0)
    assert join(file, [observed], deployment.send).counted == 1
    assert join(file, [observed], deployment.send).known == 1
    assert len(deployment.told) == 1


def test_a_file_without_the_columns_is_named(deployment: Rewarded, observed: Path, tmp_path: Path) -> None:
    """Both columns that it lacks."""
    (tmp_path / "labels.csv").write_text("id,label\n1,2\n")
    with pytest.raises(ArgolaneError, match="no column puid and truth"):
        join(tmp_path / "labels.csv", [observed], deployment.send)


@pytest.mark.parametrize(
    ("answer", "truth"), [([0.2, 0.8], 1), ([0.7], 0), ([0.1, 0.2, 0.7], 2), ([0.5, 0.5], 1)]
)
def test_a_label_counts_as_at_once(answer: list[float], truth: int) -> None:
    """What is scored late is what the workflow's step would have scored."""
    for score in OF_ROW.values():
        if score.name in ("squared_error", "absolute_error"):
            assert score_of(score.name, [answer[0]], truth) == pytest.approx(
                score.compute([answer[0]], truth)
            )
        else:
            assert score_of(score.name, answer, truth) == pytest.approx(score.compute(answer, truth))
    assert {score.name for score in OF_ROW.values()} == set(SCORES)


def test_a_label_that_is_none_is_told_and_the_rest_counts(
    deployment: Rewarded, observed: Path, tmp_path: Path
) -> None:
    """A text where a class is expected, and a class that no answer has."""
    found = join(labels(tmp_path, "u-0,zebra", "u-1,2", "u-2,1"), [observed], deployment.send)
    assert found.counted == 1
    assert found.refused == [
        'u-0: its label "zebra" cannot be scored: expected a class, 0 to 1',
        "u-1: its label 2 cannot be scored: expected a class, 0 to 1",
    ]
    assert [scores(observed)[puid] for puid in ("u-0", "u-1", "u-2")] == [(None, 0), (None, 0), (1.0, 1)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"puid,truth\nu-0,1\nu-1\n", "line 3 has no puid or no truth"),
        (b"\xff\xfe\x00", "not a table in UTF-8"),
        (b"", "no column puid and truth"),
    ],
)
def test_a_file_that_is_no_table_is_told(
    deployment: Rewarded, observed: Path, tmp_path: Path, text: bytes, words: str
) -> None:
    """Before anything counts: the line, or what is wrong with the whole."""
    (tmp_path / "labels.csv").write_bytes(text)
    with pytest.raises(ArgolaneError, match=words):
        join(tmp_path / "labels.csv", [observed], deployment.send)
    assert deployment.told == []


def test_the_program_of_the_pod_joins_the_same(deployment: Rewarded, observed: Path, tmp_path: Path) -> None:
    """With nothing but the standard library: a label counts, one of nobody is refused, an error is told."""
    place = tmp_path / "claim/.observations/mnist-ab"
    place.mkdir(parents=True)
    observed.rename(place / "run.sqlite")

    def joined(file: Path, name: str = "mnist-ab") -> Any:
        asked = asking(name, file, deployment.url, volume=str(tmp_path / "claim"))
        program = [sys.executable, "-I", "-S", joining.__file__]
        done = subprocess.run(
            program, input=json.dumps(asked) + "\n", capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout)

    told = {"counted": 1, "known": 0, "refused": ["nobody: no recorded request has this puid"]}
    assert joined(labels(tmp_path, "u-0,1", "nobody,1")) == {"joined": told}
    assert scores(place / "run.sqlite")["u-0"] == (1.0, 1)
    assert [body["reward"] for body in deployment.told] == [1.0]
    assert joined(labels(tmp_path, "u-0,1")) == {"joined": {"counted": 0, "known": 1, "refused": []}}
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("puid,label\n")
    assert "wrong.csv: no column truth; expected puid and truth." in joined(wrong)["error"]
    assert joined(wrong, "wine") == {"none": True}
