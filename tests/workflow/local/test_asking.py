"""http templates, against a server of this test: what Argo's agent was recorded to say (lab-http)."""

import http.server
import threading
from collections.abc import Iterator

import pytest

from tests.workflow.local.conftest import RunText, nodes

SPEC = """
entrypoint: main
arguments: {parameters: [{name: at, value: ""}]}
templates:
- name: main
  dag:
    tasks:
    - {name: good, template: good}
    - {name: missing, template: missing}
    - {name: wrong, template: wrong}
    - {name: refused, template: refused}
    - name: read
      template: read
      depends: good && missing.Failed
      arguments: {parameters: [{name: v, value: "{{tasks.good.outputs.result}}"}]}
- name: good
  http:
    url: "{{workflow.parameters.at}}/"
    method: POST
    body: "{{workflow.name}}"
    headers: [{name: x-a, value: b}]
    successCondition: >-
      response.statusCode == 200 && response.headers["X-Seen"][0] == "b" && response.body contains "test"
- {name: missing, http: {url: "{{workflow.parameters.at}}/nosuch"}}
- name: wrong
  http: {url: "{{workflow.parameters.at}}/", method: POST, successCondition: 'response.body == "x"'}
- {name: refused, http: {url: "http://127.0.0.1:1/"}}
- name: read
  inputs: {parameters: [{name: v}]}
  container: {image: "python:3.11", command: [sh, -c, "test -n '{{inputs.parameters.v}}'"]}
"""


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        """Sends back what came."""
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.send_response(200)
        self.send_header("x-seen", str(self.headers["x-a"]))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def at() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_answers_are_judged_as_argo_does(run: RunText, at: str) -> None:
    """The body is the result; a code, a condition or a refused connection is the node's message."""
    found = nodes(run(SPEC, {"at": at}))
    assert {node["type"] for name, node in found.items() if name in ("good", "wrong")} == {"HTTP"}
    assert found["good"]["phase"] == found["read"]["phase"] == "Succeeded"
    assert found["good"]["outputs"]["result"].startswith("test-")
    assert found["missing"]["message"] == "received non-2xx response code: 501"
    assert found["wrong"]["message"] == "successCondition 'response.body == \"x\"' evaluated false"
    assert found["refused"]["message"] == (
        'Get "http://127.0.0.1:1/": dial tcp 127.0.0.1:1: connect: connection refused'
    )
