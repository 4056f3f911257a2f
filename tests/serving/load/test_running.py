"""Loads of real processes upon a real server: what is sent, what is counted, and what is told of it."""

import os
import re
import signal
import threading
import time
from xml.etree import ElementTree

import pytest

from argolane.errors import ArgolaneError
from argolane.serving.load.address import Address, address
from argolane.serving.load.first import check_first
from argolane.serving.load.measured import Measured
from argolane.serving.load.picture import picture
from argolane.serving.load.plan import Plan
from argolane.serving.load.running import Running
from argolane.serving.load.table import table
from argolane.serving.load.tally import TIMEOUT, UNSENT
from tests.serving.load.conftest import Load

MS = 1000


def test_a_closed_loop(load: Load) -> None:
    """Each client waits for its answer: two of them with 50 ms an answer send about 40 a second."""
    found = load("slow 0.05", clients=2, duration=1)
    assert found.total.failed == 0 and 10 <= found.total.requests <= 42
    p50 = found.to_dict()["latency_ms"]["p50"]
    assert p50 >= 50 and sum(number for _, number in found.to_dict()["histogram"]) == found.total.answered


def test_an_open_loop_keeps_its_rate(load: Load) -> None:
    """Requests begin at it though no answer has come: 40 of them wait at once."""
    found = load("slow 0.2", rate=200, clients=200, duration=1)
    assert found.total.requests == 200 and found.total.answered == 200 and found.total.late == 0
    assert found.to_dict()["latency_ms"]["p50"] >= 200


def test_a_stall_is_no_coordinated_omission(load: Load) -> None:
    """All that should have been sent in it has waited; a closed loop sees one slow answer, and is misled."""
    seen = load("stall 0.6", rate=100, clients=4, duration=1.5)
    assert seen.total.requests == 150 and seen.total.late >= 30
    assert seen.to_dict()["latency_ms"]["p90"] > 200


def test_a_closed_loop_is_misled_by_a_stall(load: Load) -> None:
    """Which is why there is an open one, and why the table says which it was."""
    seen = load("stall 0.6", clients=1, duration=1.5)
    assert seen.total.latencies.largest >= 0.6
    assert seen.to_dict()["latency_ms"]["p90"] < 200 and "closed loop" in table(seen)


def test_arrivals_that_were_never_sent_count(load: Load) -> None:
    """With the time they waited: a deployment that falls behind is not better for it."""
    found = load("slow 0.2", rate=100, clients=2, duration=1)
    assert found.total.requests == 100 and found.total.errors[UNSENT] >= 80
    assert found.to_dict()["latency_ms"]["p50"] > 250


@pytest.mark.parametrize(
    ("asked", "kind"),
    [("status 503", "HTTP 503"), ("nonsense", "no answer of HTTP"), ("cut", "closed within an answer")],
)
def test_errors_by_kind(load: Load, asked: str, kind: str) -> None:
    """Beside what was answered; what failed at once does not make latencies look better."""
    found = load(asked, "slow 0.01", duration=0.6)
    assert found.total.errors.keys() == {kind} and found.total.answered > 0
    assert found.to_dict()["latency_ms"]["p50"] >= 10
    assert {"kind": kind, "number": found.total.errors[kind]}.items() <= found.to_dict()["errors"][0].items()
    assert kind in table(found)


def test_no_answer_in_time(load: Load) -> None:
    """It is given up, and counts with the time that it was waited for."""
    found = load("slow 5", duration=0.5, timeout=0.2)
    assert found.total.errors.keys() == {TIMEOUT} and found.total.errors[TIMEOUT] >= 2
    assert 200 <= found.to_dict()["latency_ms"]["p50"] < 500
    assert found.faults() == [f"{found.url}: nothing was answered."]


@pytest.mark.parametrize("asked", ["close", "until", "chunked", "leave", "large 900000"])
def test_all_ways_to_end_an_answer(load: Load, asked: str) -> None:
    """A server may close after each answer, say nothing of its length, or leave between two requests."""
    found = load(asked)
    assert found.total.failed == 0 and found.total.answered > 2


def test_requests_in_turn_and_arms(load: Load) -> None:
    """Each has latencies of its own."""
    found = load("arms", duration=0.5)
    told = {arm["arm"]: arm for arm in found.to_dict()["arms"]}
    assert told.keys() == {"x", "y"} and sum(arm["answered"] for arm in told.values()) == found.total.answered
    assert told["x"]["share"] == pytest.approx(0.5, abs=0.1) and told["x"]["latency_ms"]["p50"] > 0
    rows = [line.split()[0] for line in table(found).splitlines() if line.startswith(("x ", "y "))]
    assert rows == ["x", "y"]


def test_the_warm_up_counts_nowhere(load: Load) -> None:
    """Neither its requests nor its time: at a known rate both are known."""
    found = load("", rate=50, duration=1, warm_up=0.6, clients=9)
    assert found.total.requests == 50 and found.length == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize("rate", [None, 400])
def test_processes_share_the_work(load: Load, rate: float | None) -> None:
    """And their tallies are one."""
    found = load("slow 0.01", rate=rate, clients=5, processes=3, duration=1)
    assert found.total.failed == found.total.errors.get(UNSENT, 0) and len(found.seconds) == 1
    assert found.total.requests == 400 if rate else 50 < found.total.requests <= 500


def test_a_number_of_requests_is_not_exceeded(load: Load) -> None:
    """It ends when the last is answered."""
    found = load("", requests=7, clients=3, duration=20)
    assert found.total.requests == found.total.answered == 7 and found.length < 10


def test_a_deployment_that_dies_is_told(load: Load) -> None:
    """Not averaged away: since when, by which error, and the command fails."""
    found = load("die 20", rate=50, clients=20, duration=2.5)
    assert found.gone and found.total.answered == 20
    assert re.search(r"The deployment stopped answering [01]\.\d s after", "\n".join(found.warnings()))
    assert found.faults() == [f"{found.url}: stopped answering."]
    assert found.total.requests == 125 and "connection refused" in found.total.errors


def test_ctrl_c_gives_what_there_is(load: Load) -> None:
    """At once, without waiting for what is under way."""
    begun = time.monotonic()
    threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT)).start()
    found = load("", rate=100, clients=9, duration=60)
    assert time.monotonic() - begun < 10 and found.interrupted and 20 < found.total.answered < 500
    assert found.warnings()[0].startswith("Ended by Ctrl-C after ")


def test_what_the_client_itself_did_is_told(load: Load) -> None:
    """Its share of a CPU, how late it was, how busy the machine: whether the figures are the deployment's."""
    found = load("", rate=100, clients=9, duration=1)
    client = found.to_dict()["client"]
    assert (
        0 < client["cpu_share"] < 0.8 and client["delay_ms"]["p50"] >= 0 and 0 < client["machine_busy"] <= 1
    )


def test_a_client_at_its_limit_says_so(place: Address) -> None:
    """Whoever reads the figures is to know whose they are."""
    found = Measured(place.url, Plan(rate=None, clients=1, duration=1), length=1.0)
    found.total.answer(0.001, "")
    found.total.cpu = 0.5
    assert not any("own limit" in line for line in found.warnings())
    found.total.cpu = 0.9
    assert any("own limit (90%" in line for line in found.warnings())


def test_thresholds(load: Load) -> None:
    """A pipeline's task fails by them."""
    found = load("status 500", "slow 0.02", duration=1.5, clients=4)
    assert found.faults(max_p99=10_000, max_errors=0.9) == []
    told = found.faults(max_p99=5, max_errors=0.1)
    assert told[0].startswith("p99 is ") and told[1].endswith("of the requests failed; allowed are 10.00%.")


def test_a_picture_stands_alone(load: Load) -> None:
    """Well-formed SVG with the latencies, their marks, and each second."""
    found = load("status 500", "", duration=2.2, clients=2)
    root = ElementTree.fromstring(picture(found))  # noqa: S314  our own
    texts = [node.text or "" for node in root.iter() if node.tag.endswith("text")]
    assert any(text.startswith("p50 ") for text in texts) and any(
        "answers a second" in text for text in texts
    )
    assert sum(node.tag.endswith("path") for node in root.iter()) == 3
    assert sum(node.tag.endswith("circle") for node in root.iter()) >= 2
    for unanswered in (Measured(found.url, found.plan),):
        assert "Nothing was answered." in picture(unanswered) and "requests" in table(unanswered)


def test_a_first_request_that_fails_ends_it(place: Address) -> None:
    """With the deployment's own words, before there is any load."""
    check_first(place, b'{"strData": "x"}', timeout=5)
    with pytest.raises(ArgolaneError, match=r"HTTP 500 to a first request: so it is\. No load"):
        check_first(place, b'{"strData": "status 500"}', timeout=5)
    with pytest.raises(ArgolaneError, match=r"within 0\.2 s"):
        check_first(place, b'{"strData": "slow 3"}', timeout=0.2)
    nobody = address("http://127.0.0.1:9/", allow_remote=False)
    with pytest.raises(ArgolaneError, match="nothing answers there"):
        check_first(nobody, b"{}", timeout=5)


def test_more_clients_than_files(place: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is told before the first connection."""
    monkeypatch.setattr("resource.getrlimit", lambda _: (50, 100))
    with pytest.raises(ArgolaneError, match="fewer clients or connections, or raise it with ulimit -n"):
        Running(Plan(rate=None, clients=500, duration=1), place, [place.request(b"{}")]).run()
