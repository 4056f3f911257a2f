"""The URL of a web service in, ten answers of its new version out: against a real HTTP server."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.workflows.steps.posting import Answer, answering
from workflows.parts.steps import asking, verify_web

NEW = {"X-Version": "2", "X-Image": "r/score@sha256:b"}
OLD = {"X-Version": "1", "X-Image": "r/score@sha256:a"}


class Service:
    """A service whose answer to request number n is what `answers(n)` says."""

    url: str

    def __init__(self) -> None:
        self.answers: Callable[[int], Answer] = lambda n: (200, NEW, {"score": 1.5})
        self.asked: list[Any] = []

    def answer(self, asked: Any) -> Answer:
        self.asked.append(asked)
        return self.answers(len(self.asked) - 1)


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    with answering(made.answer) as address:
        made.url = f"{address}/score"
        yield made


@pytest.fixture
def environ(service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setattr(asking, "PAUSE", 0.01)
    return {
        "URL": service.url,
        "REQUEST": '{"X": [1, 2]}',
        "ANSWER": "score",
        "VERSION": NEW["X-Version"],
        "IMAGE": NEW["X-Image"],
        "WAIT": "20",
        "OUTPUTS": str(tmp_path / "out"),
        "MANIFEST": "image: r/score@sha256:b\n",
        "LAST_GOOD": str(tmp_path / "deployments" / "score.yaml"),
    }


def test_ten_answers_of_the_new_version(
    service: Service, environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The request is what was given; the report says who answered what; the manifest is kept."""
    verify_web.main(environ)
    assert service.asked == [{"X": [1, 2]}] * 10
    report = json.loads(Path(environ["OUTPUTS"], "report").read_text())
    assert report == {
        "url": environ["URL"], "requests": 10, "unanswered": 0, "score": 1.5, "version": "2",
        "image": "r/score@sha256:b",
    }  # fmt: skip
    assert Path(environ["LAST_GOOD"]).read_text() == environ["MANIFEST"]
    assert "before: nothing verified\nnow: r/score@sha256:b" in capsys.readouterr().out


@pytest.mark.parametrize(
    "wrong",
    [
        (200, OLD, {"score": 1.5}),
        (200, {**NEW, "X-Image": OLD["X-Image"]}, {"score": 1.5}),
        (200, NEW, {"score": 2}),
        (503, {}, {}),
        (0, {}, {}),
    ],
)
def test_a_wrong_answer_begins_the_row_anew(service: Service, environ: dict[str, str], wrong: Answer) -> None:
    """While the old pod answers now and then, nothing is proven: nine right ones before it do not count."""
    service.answers = lambda n: wrong if n == 9 else (200, NEW, {"score": 1.5})
    verify_web.main(environ)
    assert len(service.asked) == 20
    report = json.loads(Path(environ["OUTPUTS"], "report").read_text())
    assert report["unanswered"] == (wrong[0] == 0)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ((200, OLD, {"score": 1}), "X-Version is 1; expected 2"),
        ((200, {}, {"score": 1}), "X-Version is not told; expected 2"),
        ((200, NEW, {"score": "1"}), """no number 'score' in the answer: {"score": "1"}"""),
        ((200, NEW, {"score": True}), "no number 'score' in the answer"),
        ((200, NEW, b'{"score": NaN}'), "no number 'score' in the answer"),
        ((200, NEW, [1]), "no number 'score' in the answer: [1]"),
        ((200, NEW, b"<html>"), "the answer is no JSON"),
        ((400, NEW, {"error": "X is text"}), 'HTTP 400: {"error": "X is text"}'),
    ],
)
def test_what_never_counts_ends_with_its_reason(
    service: Service, environ: dict[str, str], reply: Answer, reason: str
) -> None:
    """After WAIT seconds the step fails with the last reason, and keeps nothing as good."""
    service.answers = lambda n: reply
    with pytest.raises(SystemExit) as ended:
        verify_web.main({**environ, "WAIT": "0.2"})
    assert f"has not given 10 right answers in a row in 0.2 s. Last: {reason}" in str(ended.value)
    assert not Path(environ["LAST_GOOD"]).exists() and not Path(environ["OUTPUTS"]).exists()


def test_nobody_there(service: Service, environ: dict[str, str]) -> None:
    """An address where nobody listens is waited for, and then named."""
    with pytest.raises(SystemExit, match=r"http://127.0.0.1:9/score .* Last: .*refused"):
        verify_web.main({**environ, "URL": "http://127.0.0.1:9/score", "WAIT": "0.1"})
