"""What is asked of a load test is held within bounds, and what is wrong is said."""

from pathlib import Path

import pytest

from argolane.errors import ArgolaneError, UsageError
from argolane.project import find
from argolane.serving.load import bodies
from argolane.serving.load.address import address
from argolane.serving.load.plan import Plan, checked, seconds


@pytest.mark.parametrize(
    ("text", "found"), [("30", 30), ("1.5", 1.5), ("30s", 30), ("1m30s", 90), ("500ms", 0.5), ("1h", 3600)]
)
def test_durations(text: str, found: float) -> None:
    """As people write them."""
    assert seconds(text) == found


@pytest.mark.parametrize("text", ["", "x", "-1", "3x", "s", "1e3", "nan", "1s2"])
def test_what_is_no_duration(text: str) -> None:
    """Is not guessed at."""
    with pytest.raises(ValueError, match=r"expected 30s, 1m30s"):
        seconds(text)


def test_all_that_is_beyond_its_bounds_is_told_at_once() -> None:
    """Each with what may be."""
    wrong = Plan(rate=1e6, clients=0, duration=7200, warm_up=-1, timeout=0, processes=2, requests=0)
    with pytest.raises(UsageError) as told:
        checked(wrong)
    named = [line.split()[0] for line in str(told.value).splitlines()]
    assert named[:6] == ["--rate", "--clients", "--duration", "--warm-up", "--timeout", "--processes"]
    with pytest.raises(UsageError, match="more than 100,000,000"):
        checked(Plan(rate=50_000, clients=1, duration=3600))


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/x", "http://localhost/", "http://127.9.9.9", "http://[::1]:5/"]
)
def test_this_machine(url: str) -> None:
    """May be loaded by whoever is on it."""
    assert address(url, allow_remote=False).loopback


def test_another_machine_is_loaded_only_if_that_is_said() -> None:
    """A load test takes down what others use."""
    with pytest.raises(UsageError, match=r"another machine \(192\.0\.2\.1\).*--allow-remote"):
        address("http://192.0.2.1:80/x", allow_remote=False)
    found = address("http://192.0.2.1/x?y=1", allow_remote=True)
    assert found.where == ("192.0.2.1", 80) and not found.loopback
    assert found.request(b"abc").startswith(b"POST /x?y=1 HTTP/1.1\r\nHost: 192.0.2.1\r\n")
    assert found.request(b"abc").endswith(b"Content-Length: 3\r\n\r\nabc")


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/", "ftp://x", "http://", "http://u:p@127.0.0.1/", "http://127.0.0.1:x/", "http://localhost:0/",
            "http://a b/", "http://127.0.0.1/a\r\nX: y"]
)  # fmt: skip
def test_what_cannot_be_asked(url: str) -> None:
    """Is refused before a byte is sent."""
    with pytest.raises(ArgolaneError):
        address(url, allow_remote=True)


def test_requests_of_files(tmp_path: Path, csv_file: Path) -> None:
    """A .csv is a request a row, a .jsonl one a line, a .json one."""
    assert bodies.requests(csv_file) == [
        {"data": {"names": ["a", "b"], "ndarray": [[1, 2.5]]}},
        {"data": {"names": ["a", "b"], "ndarray": [[3, 4]]}},
    ]
    lines = tmp_path / "some.jsonl"
    lines.write_text('{"strData": "a"}\n{"strData": "b"}\n')
    assert bodies.requests(lines) == [{"strData": "a"}, {"strData": "b"}]
    one = tmp_path / "one.json"
    one.write_text('{"strData": "a"}')
    assert bodies.requests(one) == [{"strData": "a"}]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "there is no request"),
        ('{"strData": "a"}\n{', r"line 2: not JSON"),
        ('{"x": 1}', r"line 1: .*'x'"),
    ],
)
def test_requests_that_are_none(tmp_path: Path, text: str, told: str) -> None:
    """Are told with their line."""
    (tmp_path / "some.jsonl").write_text(text)
    with pytest.raises(ArgolaneError, match=told):
        bodies.requests(tmp_path / "some.jsonl")
    with pytest.raises(ArgolaneError, match="No such file"):
        bodies.requests(tmp_path / "none.jsonl")


def test_requests_that_are_no_messages(tmp_path: Path) -> None:
    """Of gRPC, which is stricter, are told with their line, too."""
    file = tmp_path / "some.jsonl"
    file.write_text('{"strData": "a"}\n{"strData": "a", "meta": {"puid": 5}}\n')
    with pytest.raises(ArgolaneError, match=r"some\.jsonl: line 2: The request is no SeldonMessage"):
        bodies.messages(file, bodies.requests(file))
    with pytest.raises(ArgolaneError, match=r"one\.json: The request is no SeldonMessage"):
        bodies.messages(tmp_path / "one.json", [{"strData": 5}])
    assert len(bodies.messages(file, [{"strData": "a"}] * 2)) == 2


def test_requests_are_bounded(tmp_path: Path) -> None:
    """They are kept at hand for the whole test."""
    (tmp_path / "many.jsonl").write_text('{"strData": "a"}\n' * (bodies.MOST + 1))
    with pytest.raises(ArgolaneError, match="at most 10,000 requests"):
        bodies.requests(tmp_path / "many.jsonl")


def test_the_request_of_a_deployments_own_unit(tmp_path: Path) -> None:
    """That beside its code, by the image of a node of its graph; a sidecar's image is none."""
    (tmp_path / "argolane.toml").write_text(
        '[[image]]\nname = "{model}-runtime"\nfolder = "models/{model}"\n'
    )
    (tmp_path / "models/sk").mkdir(parents=True)
    containers = [{"name": "s", "image": "python:3.11"}, {"name": "m", "image": "registry/sk-runtime:0.1"}]
    predictor = {"graph": {"name": "m"}, "componentSpecs": [{"spec": {"containers": containers}}]}
    deployment = {"metadata": {"name": "d"}, "spec": {"predictors": [predictor]}}
    with pytest.raises(ArgolaneError, match=r"'d'.*request\.json.*--request FILE"):
        bodies.own_request(find(tmp_path), deployment)
    (tmp_path / "models/sk/request.json").write_text("{}")
    assert bodies.own_request(find(tmp_path), deployment) == tmp_path / "models/sk/request.json"
