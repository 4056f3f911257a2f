"""One cause is told once, where it is, with what to do; what no other attempt can mend is not tried again."""

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Call

HEAD = "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: x}\nspec:\n  entrypoint: main\n"
RETRIED = """\
  templates:
  - name: main
    retryStrategy: {limit: 2, retryPolicy: Always, STRATEGY}
    container: {image: IMAGE, command: [sh, -c, 'echo cause; exit 3']}
"""
PASSED_ON = """\
  templates:
  - name: main
    steps:
    - - {name: paint, template: paint}
    - - name: show
        template: show
        arguments: {parameters: [{name: m, value: "{{steps.paint.outputs.result}}"}]}
  - name: paint
    script:
      image: python:3.11
      command: [python]
      source: |
        print(TEXT)
  - name: show
    inputs: {parameters: [{name: m}]}
    container: {image: 'python:3.11', command: [echo, "{{inputs.parameters.m}}"]}
"""
CLONED = """\
  templates:
  - name: main
    inputs: {artifacts: [{name: repo, path: /src, git: {repo: 'http://127.0.0.1:PORT/me/x.git'}}]}
    container: {image: 'python:3.11', command: [ls, /src]}
"""


def workflow(text: str, **values: str) -> None:
    for name, value in values.items():
        text = text.replace(name, value)
    Path("x.yaml").write_text(HEAD + text)


@pytest.mark.parametrize(
    ("strategy", "attempts"),
    [("expression: 'asInt(lastRetry.exitCode) == 7'", 1), ("retryPolicy: Always", 3)],
)
def test_the_first_line_under_a_failed_task_is_its_reason(call: Call, strategy: str, attempts: int) -> None:
    """Not why there is no further attempt; and it is told once, of the last attempt."""
    text = RETRIED.replace("retryPolicy: Always, STRATEGY", "retryPolicy: Always, " + strategy)
    workflow(
        text.replace("retryPolicy: Always, retryPolicy: Always", "retryPolicy: Always"), IMAGE="'python:3.11'"
    )
    summary = call("run", "x.yaml", status=1).stdout.partition("Workflow Failed\n")[2].splitlines()
    assert summary[1].startswith(f"Task 'x({attempts - 1})' Failed: main: Error (exit code 3). Log: ")
    assert summary[2:-1] == ["    cause"]
    root, *below = call("get", "x").stdout.splitlines()[1:]
    assert root.endswith("main: Error (exit code 3)")
    assert len(below) == (attempts if attempts > 1 else 0)


@pytest.mark.parametrize(
    ("lock", "words"),
    [
        ("this is ~ no lock", "lock is not a lock file: write it again with `uv pip compile"),
        ("none==1.0", "Write img/lock again with `uv pip compile --generate-hashes`."),
        (f"no-such-thing-zz==1.0 --hash=sha256:{'0' * 64}", "With no network: name a mirror"),
    ],
)
def test_what_this_machine_lacks_is_not_tried_again(
    call: Call, root: Path, monkeypatch: pytest.MonkeyPatch, lock: str, words: str
) -> None:
    """An environment that cannot be made: one attempt, the reason once, and its own cure."""
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(root / "cache"))
    (root / "img").mkdir()
    (root / "img/lock").write_text(lock + "\n")
    (root / "argolane.toml").write_text('[[image]]\nname = "own"\nfolder = "img"\nlock = "img/lock"\n')
    workflow(RETRIED, STRATEGY="backoff: {duration: 1s}", IMAGE="own")
    told = call("run", "x.yaml", status=1).stdout
    assert told.count(words) == 1
    status = json.loads((root / ".argolane/runs/x/status.json").read_text())
    assert [node["displayName"] for node in status["nodes"].values() if node["type"] == "Pod"] == ["x(0)"]


@pytest.mark.parametrize(
    ("printed", "character"),
    [
        (r"'\x1b[32mok\x1b[0m'", "U+001B"),
        (r"'a\x07\x00b'", "U+0007, U+0000"),
        (r"'\U0001F3F4\U000E0067'", "U+E0067"),
    ],
)
def test_a_character_that_cannot_be_passed_on_is_named(call: Call, printed: str, character: str) -> None:
    """With Argo's words, the parameter that holds it, and once."""
    workflow(PASSED_ON, TEXT=printed)
    told = call("run", "x.yaml", status=1).stdout
    words = f"the result was invalid JSON: steps.paint.outputs.result holds {character}\n"
    assert told.count("invalid JSON") == 1
    assert words in told


class Closed(http.server.BaseHTTPRequestHandler):
    """A server that lets nobody in."""

    def do_GET(self) -> None:
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="x"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Closed)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("submodules", ["", ", disableSubmodules: true, depth: 1"])
def test_a_private_repository_asks_for_its_secrets(call: Call, port: int, submodules: str) -> None:
    """By the fields that name them, not in git's words about a terminal."""
    workflow(CLONED.replace(".git'", f".git'{submodules}"), PORT=str(port))
    told = call("run", "x.yaml", status=1).stdout
    assert (
        f"http://127.0.0.1:{port}/me/x.git asks for a login: give usernameSecret and passwordSecret" in told
    )
    assert "terminal prompts" not in told
