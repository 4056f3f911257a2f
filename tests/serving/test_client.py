"""Requests to a deployment: what is refused before sending, and what is said when no answer comes."""

import http.server
import json
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from argolane.errors import ArgolaneError
from argolane.serving import client

REQUEST = {"data": {"ndarray": [[0.0, 1.0]]}}


class Scripted(http.server.BaseHTTPRequestHandler):
    """Answers what the test put into `answers`, by path; notes what came in."""

    answers: dict[str, tuple[int, bytes]]
    seen: list[tuple[str, Any]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.seen.append((self.path, json.loads(body)))
        status, answer = self.answers[self.path]
        self.send_response(status)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Any]:
    handler = type("Handler", (Scripted,), {"answers": {}, "seen": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        running.script = handler
        running.url = f"http://127.0.0.1:{running.server_port}/api/v1.0/predictions"
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def test_predict_returns_the_answer(server: Any) -> None:
    """The body goes out as it is, and the answer comes back as a dict."""
    server.script.answers["/api/v1.0/predictions"] = (200, b'{"data": {"ndarray": [[1]]}, "meta": {}}')
    assert client.predict(server.url, REQUEST)["data"] == {"ndarray": [[1]]}
    assert server.script.seen == [("/api/v1.0/predictions", REQUEST)]


def test_feedback_goes_to_its_own_path(server: Any) -> None:
    """From the predictions URL: request, response with its routing, and reward."""
    server.script.answers["/api/v1.0/feedback"] = (200, b"{}")
    answered = {"meta": {"routing": {"split": 1}}}
    client.send_feedback(server.url, request=REQUEST, response=answered, reward=0.5)
    assert server.script.seen == [
        ("/api/v1.0/feedback", {"request": REQUEST, "response": answered, "reward": 0.5})
    ]


@pytest.mark.parametrize(
    ("status", "answer", "told"),
    [
        (
            400,
            b'{"status": {"info": "expected 784 columns, got 2"}}',
            "HTTP 400: expected 784 columns, got 2",
        ),
        (502, b"<html>bad\n gateway</html>", "HTTP 502: <html>bad gateway</html>"),
        (200, b"[1]", "the answer is not a JSON object"),
    ],
)
def test_an_error_answer_says_why(server: Any, status: int, answer: bytes, told: str) -> None:
    """A model's own message is shown; of anything else, what came."""
    server.script.answers["/api/v1.0/predictions"] = (status, answer)
    with pytest.raises(ArgolaneError, match=f"^{server.url}: ") as caught:
        client.predict(server.url, REQUEST)
    assert told in str(caught.value)


def test_nobody_there_says_what_to_do() -> None:
    """A refused connection names the URL and the command that tells more."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/api/v1.0/predictions"
        with pytest.raises(ArgolaneError, match=f"{url}: nothing answers there.*argolane get deployments"):
            client.predict(url, REQUEST)


def test_no_answer_in_time_is_an_error() -> None:
    """A server that takes the request and is silent."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(ArgolaneError, match=r"no answer within 0\.2 s"):
            client.predict(url, REQUEST, timeout=0.2)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ([1], "the request is a list"),
        ({"instances": [[1]]}, "the request has 'instances'; allowed are data, jsonData"),
        ({}, "has none of data, jsonData"),
        ({"data": {"ndarray": []}, "strData": "x"}, "has data and strData"),
        ({"data": [[1]]}, "data must hold exactly one of ndarray, tensor, tftensor"),
        ({"strData": 1}, "strData is a number; expected text"),
    ],
)
def test_a_request_of_another_shape_is_not_sent(body: Any, told: str) -> None:
    """What no Seldon model could read is told before any network is used."""
    with pytest.raises(ArgolaneError) as caught:
        client.predict("http://127.0.0.1:9/", body)
    assert told in str(caught.value)


@pytest.mark.parametrize("url", ["mnist-ab", "http://[bad", "ftp://127.0.0.1/x"])
def test_what_is_no_http_url_is_an_error(url: str) -> None:
    """An error of ours that names it, not a traceback."""
    with pytest.raises(ArgolaneError, match=re.escape(url)):
        client.predict(url, REQUEST)


@pytest.mark.parametrize("text", ["{", "[]", '{"data": 1}', "\xff"])
def test_a_request_file_is_named_with_its_fault(tmp_path: Path, text: str) -> None:
    """Not JSON, no request, not UTF-8: the path stands first."""
    path = tmp_path / "request.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ArgolaneError, match=f"^{path}: "):
        client.read_request(path)
    with pytest.raises(ArgolaneError, match="No such file"):
        client.read_request(tmp_path / "none.json")


def test_rows_become_a_request(tmp_path: Path) -> None:
    """Lists and whatever has tolist(), with names or without."""
    assert client.request([[1, 2]]) == {"data": {"ndarray": [[1, 2]]}}
    assert client.request([[1]], names=["a"]) == {"data": {"names": ["a"], "ndarray": [[1]]}}
    (tmp_path / "r.json").write_text(json.dumps(client.request([[1]])))
    assert client.read_request(tmp_path / "r.json") == {"data": {"ndarray": [[1]]}}
