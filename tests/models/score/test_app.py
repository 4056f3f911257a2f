"""HTTP requests in, JSON out: the app under gunicorn, as its image runs it."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from models.score import linear
from tests.models.conftest import ROOT, python_of
from tests.models.serving import free_ports, served

pytestmark = pytest.mark.environments
REQUEST = (ROOT / "models/score/score.json").read_bytes()
X = json.loads(REQUEST)["X"]
FORM = '{"X": [...]} with 10 numbers: age, sex, bmi, bp, s1, s2, s3, s4, s5, s6.'


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the app, in a folder of its own, on a port that PORT names."""
    log = tmp_path_factory.mktemp("service") / "log"
    gunicorn = python_of("score/app.lock").with_name("gunicorn")
    (port,) = free_ports(1)
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PORT": str(port), "VERSION": "7", "IMAGE": "r/score:7"}
    settings = "--config=python:models.score.workers"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(gunicorn), settings, f"--bind=127.0.0.1:{port}", "models.score.app:create_app()"],
            cwd=log.parent, env=env, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    try:
        end = time.monotonic() + 30
        while process.poll() is None and time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        else:
            raise RuntimeError(f"The app does not serve:\n{log.read_text()}")
        yield f"127.0.0.1:{port}"
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(20) == 0, log.read_text()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def ask(
    service: str, body: bytes | None, method: str = "POST", path: str = "/score", **headers: str
) -> tuple[int, dict[str, str], Any]:
    """(status, headers, parsed answer)."""
    connection = http.client.HTTPConnection(service, timeout=30)
    with contextlib.closing(connection):
        connection.request(method, path, body, {name.replace("_", "-"): v for name, v in headers.items()})
        response = connection.getresponse()
        text = response.read()
        assert response.headers["Content-Type"] == "application/json", text
        return response.status, dict(response.headers), json.loads(text) if text else None


def test_a_score(service: str) -> None:
    """Ten numbers are one number, with the version and the image that gave it in the headers."""
    status, headers, answer = ask(service, REQUEST)
    assert (status, answer) == (200, {"score": linear.load().score(X)})
    assert (headers["X-Version"], headers["X-Image"]) == ("7", "r/score:7")


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded", "text/plain"])
def test_the_type_of_a_request_does_not_matter(service: str, kind: str) -> None:
    """What curl sends with -d alone is read as well."""
    assert ask(service, REQUEST, Content_Type=kind)[0] == 200


def test_health_tells_who_is_there(service: str) -> None:
    """Version and image are the container's, the model is its numbers' digest."""
    status, _, answer = ask(service, None, "GET", "/healthz")
    digest = f"sha256:{linear.load().digest}"
    assert (status, answer) == (
        200, {"status": "ok", "version": "7", "image": "r/score:7", "model": digest},
    )  # fmt: skip


def with_x(value: str) -> bytes:
    return f'{{"X": {value}}}'.encode()


NINE = "1, 2, 3, 4, 5, 6, 7, 8, 9"


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"", f"The request is empty; expected {FORM}"),
        (b"{", "The request is no JSON ("),
        (b'{"X": "\xff"}', "The request is no JSON ("),
        (b"[1]", f"The request is no JSON object; expected {FORM}"),
        (b"{}", f'The request has no "X"; expected {FORM}'),
        (b'{"x": [1]}', f"""The request has no "X"; it has 'x'; expected {FORM}"""),
        (b'{"X": [1], "Y": 2}', f"The request has 'Y' beside X; expected {FORM}"),
        (with_x("5"), "X is a number; expected 10 numbers: age, "),
        (with_x(f"[{NINE}]"), "X has 9 values; expected 10 numbers: age, "),
        (with_x(f'[{NINE}, "a"]'), "X has text for s6; expected 10 numbers: age, "),
        (with_x(f"[{NINE}, NaN]"), "X has a number for s6 that is not finite; "),
        (with_x(f"[{NINE}, 1e400]"), "X has a number for s6 that is not finite; "),
        (with_x(f"[{', '.join(['1e308'] * 10)}]"), "X holds numbers that are too large to be scored; "),
        (with_x("[" * 20000 + "]" * 20000), "The request is no JSON (nested too deep); expected "),
        (b" " * 70000 + REQUEST, "The request has more than 65536 bytes; expected 10 numbers: "),
    ],
)
def test_a_wrong_request_is_a_400_that_says_what_was_expected(service: str, body: bytes, found: str) -> None:
    """In JSON, in one sentence; the original answered with a page and a 500."""
    status, headers, answer = ask(service, body)
    assert status == 400 and answer.keys() == {"error"} and headers["X-Version"] == "7"
    assert answer["error"].startswith(found) and "expected" in answer["error"]


@pytest.mark.parametrize(
    ("method", "path", "status", "name"),
    [
        ("GET", "/score", 405, "Method Not Allowed"),
        ("POST", "/healthz", 405, "Method Not Allowed"),
        ("GET", "/", 404, "Not Found"),
        ("POST", "/score/", 404, "Not Found"),
        ("GET", "/static/x", 404, "Not Found"),
    ],
)
def test_other_requests_are_told_in_json_too(
    service: str, method: str, path: str, status: int, name: str
) -> None:
    """Path, method and what there is."""
    found, headers, answer = ask(service, b"", method, path)
    assert found == status and ("Allow" in headers) == (status == 405)
    assert answer == {"error": f"{method} {path}: {name}. There are POST /score and GET /healthz."}


def test_a_fault_of_ours_is_a_500_that_tells_nothing(tmp_path: Path) -> None:
    """Its traceback is in the log, not in the answer."""
    code = (
        "from models.score import app, linear\n"
        "linear.Linear.score = lambda self, x: 1 / 0\n"
        "answer = app.create_app({}).test_client().post('/score', data='{\"X\": []}')\n"
        "print(answer.status_code, answer.get_data(as_text=True), answer.headers['X-Version'])\n"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [str(python_of("score/app.lock")), "-c", code], env=env, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout == '500 {"error":"The service failed; its log says why."}\n unknown\n', done.stderr
    assert "ZeroDivisionError" in done.stderr


def test_the_component_of_seldon_gives_the_same_score(runtime: Path, tmp_path: Path) -> None:
    """The same numbers through Seldon's wrapper, row by row; what is wrong is a 400 there as well."""
    body = json.loads((ROOT / "models/score/request.json").read_text())
    assert body["data"]["ndarray"] == [X] and body["data"]["names"] == list(linear.load().features)
    with served(runtime, "score", Path("/nowhere"), tmp_path / "log") as server:
        status, answer = server.ask(body)
        assert status == 200
        assert answer["data"] == {"names": ["score"], "ndarray": [[linear.load().score(X)]]}
        assert answer["meta"]["tags"] == {"model": "score", "digest": f"sha256:{linear.load().digest}"}
        two = {"data": {"ndarray": [X, [0] * 10]}}
        rows = server.ask(two)[1]["data"]["ndarray"]
        assert rows == [[linear.load().score(X)], [linear.load().score([0] * 10)]]
        for wrong in ([[1, 2]], [["a"] * 10], [[[1] * 10]], []):
            status, answer = server.ask({"data": {"ndarray": wrong}})
            assert status == 400 and "10 numbers" in answer["status"]["info"], answer
