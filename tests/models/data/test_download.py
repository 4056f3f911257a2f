"""Files from mirrors: only the right bytes count, whole, and every answer is told when there are none."""

import http.server
import stat
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from models.data.download import Absent, Unavailable, fetch, sha256

CONTENT = b"the very bytes" * 1000
DIGEST = sha256(CONTENT)


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    folder = tmp_path / "mirror"
    folder.mkdir()
    (folder / "file.gz").write_bytes(CONTENT)
    return folder


@pytest.fixture
def web(mirror: Path) -> Iterator[str]:
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=mirror)
    handler.log_message = lambda *_: None  # type: ignore[attr-defined]
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_file_mirror_fills_the_cache(mirror: Path, tmp_path: Path) -> None:
    """file:// works, and the second time no mirror is needed."""
    cache = tmp_path / "cache"
    assert fetch("file.gz", DIGEST, cache, [mirror.as_uri()]) == CONTENT
    assert fetch("file.gz", DIGEST, cache, []) == CONTENT
    assert [path.name for path in cache.iterdir()] == ["file.gz"]
    assert stat.S_IMODE((cache / "file.gz").stat().st_mode) == 0o644


def test_http_works(web: str, tmp_path: Path) -> None:
    """The usual mirror."""
    assert fetch("file.gz", DIGEST, tmp_path / "cache", [web + "/"]) == CONTENT


def test_the_next_mirror_is_asked(web: str, mirror: Path, tmp_path: Path) -> None:
    """One that is down, one without the file and one with a wrong file come before the right one."""
    wrong, empty = tmp_path / "wrong", tmp_path / "empty"
    wrong.mkdir(), empty.mkdir()
    (wrong / "file.gz").write_bytes(b"other")
    mirrors = ["http://127.0.0.1:9", empty.as_uri(), wrong.as_uri(), web]
    assert fetch("file.gz", DIGEST, tmp_path / "cache", mirrors) == CONTENT


def test_a_cut_file_is_named_and_never_kept(mirror: Path, tmp_path: Path) -> None:
    """Half the bytes of a mirror are an error with its URL, and the cache stays empty."""
    (mirror / "file.gz").write_bytes(CONTENT[:5000])
    with pytest.raises(Unavailable, match=r"mirror/file\.gz: cut or wrong: 5000 bytes") as caught:
        fetch("file.gz", DIGEST, tmp_path / "cache", [mirror.as_uri()])
    assert not isinstance(caught.value, Absent)
    assert not (tmp_path / "cache").exists()


def test_a_cut_file_in_the_cache_is_fetched_again(
    mirror: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And it is said so."""
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "file.gz").write_bytes(CONTENT[:-1])
    assert fetch("file.gz", DIGEST, cache, [mirror.as_uri()]) == CONTENT
    assert "cache/file.gz: cut or changed" in capsys.readouterr().err
    assert (cache / "file.gz").read_bytes() == CONTENT


def test_absent_is_not_broken(web: str, tmp_path: Path) -> None:
    """Every mirror says that it has no such file: Absent. One that does not answer: not Absent."""
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(Absent, match="not there"):
        fetch("none.gz", DIGEST, tmp_path / "cache", [empty.as_uri(), web])
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:9/none\.gz: ") as caught:
        fetch("none.gz", DIGEST, tmp_path / "cache", [empty.as_uri(), "http://127.0.0.1:9"])
    assert not isinstance(caught.value, Absent)


def test_a_mirror_that_is_down_is_asked_once(tmp_path: Path) -> None:
    """The second file does not wait for it again."""
    broken: set[str] = set()
    for answer in ("127.0.0.1:9/a.gz: ", "127.0.0.1:9/b.gz: not asked"):
        with pytest.raises(Unavailable, match=answer):
            fetch(answer[12:16], DIGEST, tmp_path, ["http://127.0.0.1:9"], broken)


@pytest.mark.parametrize("url", ["ftp://example.com", "mirror", "/etc"])
def test_other_schemes_are_refused(url: str, tmp_path: Path) -> None:
    """Only http, https and file are read."""
    with pytest.raises(Unavailable, match="expected a URL that starts with"):
        fetch("file.gz", DIGEST, tmp_path, [url])


def test_a_cache_that_cannot_be_written_is_no_error(mirror: Path, tmp_path: Path) -> None:
    """The bytes are there; only the next time is slower."""
    (tmp_path / "file").write_text("in the way")
    assert fetch("file.gz", DIGEST, tmp_path / "file" / "cache", [mirror.as_uri()]) == CONTENT
