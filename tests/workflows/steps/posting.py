"""What a POST is answered with in, a real HTTP server that answers so out, which ends with the block."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# Status, headers, and the body as bytes or as what is sent as JSON.
Answer = tuple[int, dict[str, str], Any]


@contextmanager
def answering(answer: Callable[[Any], Answer], *, header: str = "") -> Iterator[str]:
    """Its address; `answer` is given the JSON of each request. Status 0 ends a connection without a word.

    The value of `header`, if one is named, stands in the JSON by that name.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if header:
                asked[header] = self.headers.get(header)
            status, headers, body = answer(asked)
            if status == 0:
                self.close_connection = True
                return
            text = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(text))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
