"""A copy of each request goes to the shadow; the answer is that of the graph, whatever the shadow does."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from models.shadow.pairs import Pairs, agree, compared, read_pairs
from models.shadow.predict import Shadow
from tests.models.conftest import python_of
from tests.models.serving import Server, served

ANSWER = {"meta": {"tags": {"version": "1"}}, "data": {"names": ["a", "b"], "ndarray": [[0.9, 0.1]]}}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ([[0.9, 0.1]], [[0.6, 0.4]], True),
        ([[0.9, 0.1]], [[0.4, 0.6]], False),
        ([[0.9, 0.1], [0.2, 0.8]], [[0.9, 0.1]], False),
        ([[5.0001]], [[5.0]], True),
        ([[5.1]], [[5.0]], False),
        ("kept", "kept", True),
        ({"a": 1}, {"a": 2}, False),
    ],
)
def test_two_answers_agree_on_the_class_or_on_the_value(one: Any, other: Any, same: bool) -> None:
    """Probabilities may differ where the class is the same."""
    assert agree(one, other) is same


def test_only_what_both_answered_is_compared(tmp_path: Path) -> None:
    """Errors of the shadow are counted, and are no disagreement."""
    pairs = Pairs(str(tmp_path / "s"))
    for puid, shadow in (("1", "[[0.8, 0.2]]"), ("2", "[[0.3, 0.7]]"), ("3", "")):
        pairs.asked(puid)
        pairs.answered(puid, "[[0.9, 0.1]]")
        pairs.shadowed(puid, shadow, seconds=0.5, error="" if shadow else "refused")
    pairs.asked("4")
    told = compared(read_pairs(tmp_path / "s"))
    assert (told["requests"], told["answered by both"], told["errors of the shadow"]) == (4, 2, 1)
    assert told["agreement"] == 0.5 and told["shadow ms"] == {"median": 500.0, "p99": 500.0}


def test_a_shadow_has_an_address() -> None:
    """Anything else is refused before it serves."""
    with pytest.raises(RuntimeError, match=r"shadow is 'tf-mnist'; expected the status.address.url"):
        Shadow(shadow="tf-mnist")


class Other(BaseHTTPRequestHandler):
    """The shadow: answers another class, and the second request not at all."""

    seen: list[Any]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.seen.append((self.headers["Seldon-Puid"], body["data"]))
        if self.headers["Seldon-Puid"] == "p2":
            self.send_error(500)
            return
        answer = json.dumps({"data": {"ndarray": [[0.2, 0.8]]}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def other() -> Iterator[ThreadingHTTPServer]:
    Other.seen = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Other)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def ask(server: Server, puid: str) -> tuple[Any, Any]:
    request = {"meta": {"puid": puid}, "data": {"ndarray": [[0.5]]}}
    down = server.ask(request, path="/transform-input")
    up = server.ask({**ANSWER, "meta": {**ANSWER["meta"], "puid": puid}}, path="/transform-output")
    return down, up


@pytest.mark.environments
def test_behind_the_wrapper_answers_pass_and_the_shadow_is_kept(
    tmp_path: Path, other: ThreadingHTTPServer
) -> None:
    """Down and up the message is as it was; the shadow's answer and its failure are in the file."""
    url = f"http://127.0.0.1:{other.server_port}/api/v1.0/predictions"
    parameters = json.dumps([{"name": "shadow", "value": url, "type": "STRING"}])
    file, log = tmp_path / "claim" / "shadow.sqlite", tmp_path / "log"
    env = {"STATE_FILE": str(file), "PREDICTIVE_UNIT_PARAMETERS": parameters}
    with served(python_of("shadow/runtime.lock"), "shadow", tmp_path, log, **env) as server:
        for puid in ("p1", "p2"):
            (status, down), (also, up) = ask(server, puid)
            assert status == also == 200
            assert down["data"] == {"ndarray": [[0.5]]} and up["data"] == ANSWER["data"]
            assert up["meta"] == {
                "puid": puid,
                "requestPath": {"shadow": "shadow:test"},
                "tags": {"version": "1"},
            }
        end = time.monotonic() + 20
        while time.monotonic() < end and len(Other.seen) < 2:
            time.sleep(0.05)
        other.shutdown()
        other.server_close()
        assert ask(server, "p3")[1][0] == 200
        while time.monotonic() < end and sum(bool(row[2] or row[4]) for row in read_pairs(file)) < 3:
            time.sleep(0.1)
    assert sorted(Other.seen) == [("p1", {"ndarray": [[0.5]]}), ("p2", {"ndarray": [[0.5]]})]
    told = compared(read_pairs(file))
    assert (told["requests"], told["answered by both"], told["errors of the shadow"]) == (3, 1, 2)
    assert told["agreement"] == 0.0
