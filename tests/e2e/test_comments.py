"""Comment moderation with no cluster: from rows to a verified chain of four, asked as people ask.

The rows are the made-up ones: what is learned from them means nothing, and takes seconds.
"""

import json
import re
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from argolane.project import find
from tests.e2e.conftest import Command
from tests.e2e.notebooks import executed
from tests.serving.test_ingress import proxy

pytestmark = [pytest.mark.environments, pytest.mark.timeout(500)]

NODES = ("comments-clean", "comments-tokens", "comments-tfidf", "comments-classify")
IMAGE = "registry.example.com/argolane/comments-unit:0.1"
TEXT = "lol the study is dumb!!"


@pytest.fixture(scope="module")
def run(argolane: Command) -> subprocess.CompletedProcess[str]:
    return argolane("run", "comments", "-p", "dataset=synthetic")


@pytest.fixture(scope="module")
def url(run: subprocess.CompletedProcess[str], argolane: Command) -> str:
    lines = argolane("get", "deployments").stdout.splitlines()
    [found] = [
        word for line in lines if " comments " in f" {line} " for word in line.split() if "http" in word
    ]
    return found


def version(checkout: Path, name: str) -> Any:
    file = checkout / ".argolane/volumes/model-store/comments" / name / "version.json"
    return json.loads(file.read_text())


def ask(url: str, body: object) -> Any:
    """(status, answer)."""
    sent = json.dumps(body).encode()
    request = urllib.request.Request(url, sent, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def removed(url: str, body: object) -> list[float]:
    """The probabilities that comments are removed."""
    status, answer = ask(url, body)
    assert status == 200, answer
    assert answer["data"]["names"] == ["kept", "removed"]
    rows = answer["data"]["ndarray"]
    assert all(abs(sum(row) - 1) < 1e-9 for row in rows)
    return [row[1] for row in rows]


def test_the_chain_is_verified_by_held_out_comments(
    run: subprocess.CompletedProcess[str], argolane: Command, checkout: Path
) -> None:
    """Every step has run, the made-up rows were said to be that, and verify has met all four nodes."""
    assert "Succeeded" in run.stdout.splitlines()[-1]
    assert "WARNING: 200 made-up comments" in argolane("logs", "comments", "download").stdout
    said = argolane("logs", "comments", "verify").stdout
    assert " > ".join(NODES) in said and "on 40 test rows of synthetic (160/40)" in said
    made = version(checkout, "0.1")
    assert made["metric"]["name"] == "auc" and made["decides"] == ["classify.json", "tfidf.json"]
    assert {"roc.png", "precision_recall.png", "words.png"} <= made["files"].keys()
    assert len(made["details"]["words"]) == 20 and made["scores"]["accuracy_at_threshold"] > 0.5


@pytest.mark.heavy
def test_one_process_learns_the_same(
    run: subprocess.CompletedProcess[str], argolane: Command, checkout: Path
) -> None:
    """`train-comments` does in one process what the steps do, and makes the same files to the byte."""
    argolane("run", "train-comments", "-p", "dataset=synthetic", "-p", "version=whole")
    steps, whole = version(checkout, "0.1"), version(checkout, "whole")
    assert steps["digest"] == whole["digest"] and steps["metric"] == whole["metric"]


def test_an_answer_names_all_who_took_part(url: str) -> None:
    """The image and the version of each node, and the threshold that the verdict is made with."""
    _, answer = ask(url, {"data": {"names": ["text"], "ndarray": [TEXT]}})
    assert answer["meta"]["requestPath"] == dict.fromkeys(NODES, IMAGE)
    tags = answer["meta"]["tags"]
    assert {tags[f"{node}.digest"] for node in NODES} == {tags["digest"]}
    assert 0 < float(tags["threshold"]) < 1


def test_texts_are_sent_in_many_forms(url: str) -> None:
    """One text is the same, however it is wrapped; a batch is its texts."""
    [alone] = removed(url, {"data": {"names": ["text"], "ndarray": [TEXT]}})
    assert removed(url, {"data": {"ndarray": [[TEXT]]}}) == [alone]
    assert removed(url, {"strData": TEXT}) == [alone]
    assert removed(url, {"data": {"ndarray": [TEXT, "Does it?", TEXT]}})[::2] == [alone, alone]
    assert removed(url, {"data": {"ndarray": [f"<p>{TEXT}</p>"]}}) == [alone]


ODD = {
    "empty": "",
    "blank": " ",
    "100 kB": "long and long " * 7200,
    "100 kB without a blank": "!" * 100_000,
    "any letters": "\u6f22\u5b57 \U0001f600 \ud800 \x00",
    "read in a wrong encoding": "don\x92t \u00e2\u20ac\u2122 \ufffd",
}


@pytest.mark.parametrize("case", ODD)
def test_any_text_is_answered(url: str, case: str) -> None:
    """Whatever it holds, it has a probability, and soon."""
    assert all(0 <= value <= 1 for value in removed(url, {"data": {"ndarray": [ODD[case]]}}))


WRONG = {
    "numbers": {"data": {"ndarray": [1, 2]}},
    "a number beside a text": {"data": {"ndarray": ["a", 3]}},
    "null": {"data": {"ndarray": [None]}},
    "two texts in a row": {"data": {"ndarray": [["a", "b"]]}},
    "no rows": {"data": {"ndarray": []}},
    "a tensor": {"data": {"tensor": {"shape": [1], "values": [1.0]}}},
    "bytes": {"binData": "aGk="},
    "an object": {"jsonData": {"text": "a"}},
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_no_text_is_the_clients_error(url: str, case: str) -> None:
    """HTTP 400 with what was expected, through the whole chain."""
    status, answer = ask(url, WRONG[case])
    assert status == 400
    assert "expected text" in json.dumps(answer)


def test_the_report_shows_what_was_drawn(run: subprocess.CompletedProcess[str], argolane: Command) -> None:
    """ROC, precision and recall, the strongest words and the confusion matrix are on the page."""
    page = Path(argolane("report", "comments").stdout.strip()).read_text()
    assert page.count("data:image/png;base64,") == 4
    assert all(f"publish: {name}" in page for name in ("roc", "precision recall", "words"))


@pytest.mark.parametrize("ingress", [False, pytest.param(True, marks=pytest.mark.heavy)])
def test_the_notebook_runs(
    url: str, checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ingress: bool
) -> None:
    """notebooks/comments.ipynb from top to bottom: here, and where its CLUSTER is an ingress."""
    with proxy(find(checkout)) as base:
        given = {"CLUSTER": base, "files_here": True} if ingress else {}
        shown = executed(checkout, "comments", tmp_path, monkeypatch, **given)
        assert len(re.findall(r"0\.\d\d (kept|removed) ", shown)) == 3
        [path] = re.findall(r"over REST \[(.*)\] answered: \[\[", shown)
        assert sorted(path.replace("'", "").split(", ")) == sorted(NODES) and "no gRPC: " in shown
        assert (f"{base}/seldon/argolane/comments/" if ingress else url) in shown


def test_deleted(url: str, argolane: Command) -> None:
    """The chain ends when it is told to."""
    argolane("delete", "deployment", "comments")
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(url, timeout=5)
