"""A URL in, the file there out; the servers are real, and fail as servers do."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from models.contract.errors import ModelError
from workflows.parts.steps import download as step

BODY = "a;b\nö;1\n".encode()
DIGEST = hashlib.sha256(BODY).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """`/busy` is there at the third request, `/cut` is never whole, `/endless` says no length."""

    asked: dict[str, int] = {}  # noqa: RUF012 - emptied by the fixture

    def do_GET(self) -> None:
        self.asked[self.path] = self.asked.get(self.path, 0) + 1
        if self.path == "/gone" or (self.path == "/busy" and self.asked[self.path] < 3):
            self.send_error(404 if self.path == "/gone" else 503)
            return
        self.send_response(200)
        if self.path != "/endless":
            self.send_header("Content-Length", str(len(BODY) + (5 if self.path == "/cut" else 0)))
        self.end_headers()
        self.wfile.write(BODY * (100 if self.path == "/endless" else 1))

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{made.server_port}"
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture(autouse=True)
def nothing_asked() -> None:
    Handler.asked.clear()


def fetched(*urls: str, out: Path, **more: object) -> str:
    return step.download(urls, out, pauses=(0.01, 0.01, 0.01), **more)  # type: ignore[arg-type]


def refused(*urls: str, out: Path, **more: object) -> str:
    out.write_text("before")
    with pytest.raises(ModelError) as error:
        fetched(*urls, out=out, **more)
    assert out.read_text() == "before" and list(out.parent.glob(".*")) == []
    return str(error.value)


def test_what_may_pass_is_tried_again(server: str, tmp_path: Path) -> None:
    """A server that is busy twice is asked three times, one that has no such file once."""
    assert fetched(f"{server}/busy", out=tmp_path / "a.csv", sha256=DIGEST.upper()) == DIGEST
    assert (tmp_path / "a.csv").read_bytes() == BODY and Handler.asked == {"/busy": 3}
    assert "HTTP 404" in refused(f"{server}/gone", out=tmp_path / "b.csv")
    assert Handler.asked["/gone"] == 1


def test_the_next_mirror_is_asked(server: str, tmp_path: Path) -> None:
    """What one has not, or has wrong, another may have."""
    (tmp_path / "wrong").write_text("other")
    urls = (f"{server}/gone", (tmp_path / "wrong").as_uri(), f"{server}/good")
    assert fetched(*urls, out=tmp_path / "a.csv", sha256=DIGEST) == DIGEST


def test_a_file_is_whole_or_not_there(server: str, tmp_path: Path) -> None:
    """Cut, too large with or without a length, empty, another: what was there stays, and nothing else."""
    out = tmp_path / "a.csv"
    assert "cut after 9 of 14 bytes" in refused(f"{server}/cut", out=out) and Handler.asked["/cut"] == 4
    assert "9 bytes; most-mb allows 8" in refused(f"{server}/good", out=out, most=8)
    assert "more than 500 bytes" in refused(f"{server}/endless", out=out, most=500)
    (tmp_path / "empty").touch()
    assert "the file is empty" in refused((tmp_path / "empty").as_uri(), out=out)
    assert f"expected {'0' * 64}" in refused(f"{server}/good", out=out, sha256="0" * 64)
    assert "Connection refused" in refused("http://127.0.0.1:9/x", out=out)
    assert "No such file" in refused((tmp_path / "none").as_uri(), out=out)
    assert "not a URL that starts with" in refused("ftp://host/x", out=out)


def test_text_is_handed_on_as_utf_8(tmp_path: Path) -> None:
    """Of any encoding that is named; one that does not fit is said, with what was found."""
    source, out = tmp_path / "source", tmp_path / "a.csv"
    for encoding in ("utf-8", "cp1252", "iso-8859-1", "utf-16"):
        source.write_bytes(BODY.decode().encode(encoding))
        fetched(source.as_uri(), out=out, encoding=encoding)
        assert out.read_bytes() == BODY
    source.write_bytes("ö".encode("cp1252"))
    assert "not utf-8" in refused(source.as_uri(), out=out)
    source.write_bytes("ö".encode("utf-16")[:-1])
    assert "not utf-16" in refused(source.as_uri(), out=out, encoding="utf-16")


def test_what_is_known_by_its_digest_is_fetched_once(server: str, tmp_path: Path) -> None:
    """The cache holds it, if it is whole; what has no digest may be another file tomorrow."""
    cache, out = tmp_path / "cache", tmp_path / "a.csv"
    for _ in range(2):
        fetched(f"{server}/good", out=out, sha256=DIGEST, cache=cache)
    assert Handler.asked == {"/good": 1}
    (cache / DIGEST).write_text("cut")
    fetched(f"{server}/good", out=out, sha256=DIGEST, cache=cache)
    assert Handler.asked == {"/good": 2} and (cache / DIGEST).read_bytes() == BODY
    for _ in range(2):
        fetched(f"{server}/other", out=out, cache=cache)
    assert Handler.asked["/other"] == 2


def test_the_known_file_is_named_by_the_environment(
    server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A copy first, then mirrors; nothing that is there ends with what to set."""
    environ = {
        "URL": "", "SHA256": "", "ENCODING": "cp1252", "MOST_MB": "1", "OUT": str(tmp_path / "a.csv"),
        "CACHE": str(tmp_path / "cache"), "OUTPUTS": str(tmp_path / "out"), "KNOWN": "good",
        "KNOWN_SHA256": DIGEST, "KNOWN_MIRRORS": "http://127.0.0.1:9", "KNOWN_GIVEN": "CSV",
        "KNOWN_MIRRORS_FROM": "MIRRORS",
    }  # fmt: skip
    step.main({**environ, "MIRRORS": f"{server}/gone/, {server}/"})
    assert (tmp_path / "out/sha256").read_text() == DIGEST
    (tmp_path / "copy").write_bytes(BODY)
    step.main({**environ, "CSV": str(tmp_path / "copy"), "CACHE": str(tmp_path / "none")})
    assert (tmp_path / "a.csv").read_bytes() == BODY  # the known file is UTF-8 whatever the parameter says
    with pytest.raises(SystemExit, match=r"(?s)No such file.*Set CSV to a copy of good, or MIRRORS"):
        step.main({**environ, "CSV": str(tmp_path / "lost"), "CACHE": str(tmp_path / "new")})
    with pytest.raises(SystemExit, match="Is the parameter url right"):
        step.main({**environ, "URL": "file:///none"})
