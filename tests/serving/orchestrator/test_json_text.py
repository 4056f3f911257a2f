"""What is JSON for the executor, and what is nested too deep."""

import time

import pytest

from argolane.serving.orchestrator.json_text import DEEPEST, check, too_deep


@pytest.mark.parametrize("body", ['{"a":[1e5,"\ud83d\ude00"]}', "3", " null\n", "1" * 5000, "1e999"])
def test_json_is_taken(body: str) -> None:
    """Whatever its numbers are: they are looked at, not read."""
    check(body.encode("utf-8", "replace"))


def test_bytes_that_are_no_unicode_are_taken() -> None:
    """As by Go, which puts a question mark for them."""
    check(b'{"a":"\xff"}')


@pytest.mark.parametrize("body", ["NaN", "[-Infinity]", '{"a":[[NaN,Infinity,1.0]]}', "", "[1,]", "\ufeff{}"])
def test_what_is_no_json_is_refused(body: str) -> None:
    """NaN and Infinity are Python's alone."""
    with pytest.raises(ValueError):
        check(body.encode())


@pytest.mark.parametrize(
    ("body", "deep"),
    [
        (b"[" * DEEPEST + b"]" * DEEPEST, False),
        (b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1), True),
        (b' {"a":' * (DEEPEST + 1) + b"1" + b"}" * (DEEPEST + 1), True),
        (b"[" * 100_000, True),
        (b'{"data":{"ndarray":[' + b"[1,2]," * 5000 + b"[1,2]]}}", False),
        (b'{"strData":"' + b"[{" * 5000 + b'\\"[[[["}', False),
        (b'{"strData":"x", "jsonData":' + b'[{"a]":' * 150 + b"1" + b"}]" * 150 + b"}", True),
        (b"--boundary " + b"[" * 5000, False),
    ],
)
def test_levels_are_counted(body: bytes, deep: bool) -> None:
    """Lists and objects inside each other, not those beside each other nor brackets in texts."""
    assert too_deep(body) is deep


@pytest.mark.parametrize(
    "body", [b"[" + b"[]," * 5_000_000 + b"[]]", b"[" * 10_000_000, b'["' + b"[" * 10_000_000]
)
def test_a_large_body_is_looked_through_quickly(body: bytes) -> None:
    """10 MB and more: a graph server answers others meanwhile."""
    begun = time.process_time()
    too_deep(body)
    assert time.process_time() - begun < 2
