"""Environments that are kept: listed with their size, removed when unused, and never under a process."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Call


@pytest.fixture
def envs(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Three: used just now, unused for two months, and as old but with a process in it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(root / "cache"))
    (folder := root / "cache/argolane/envs").mkdir(parents=True)
    month = 30 * 86400
    for name, age in (("new", 0), ("old", 2 * month), ("busy", 2 * month)):
        (folder / f"{name}.1").mkdir()
        (folder / f"{name}.1/file").write_bytes(bytes(1_000_000))
        (folder / name).symlink_to(f"{name}.1")
        os.utime(folder / name, (time.time() - age,) * 2, follow_symlinks=False)
    where = {**os.environ, "VIRTUAL_ENV": str(folder / "busy.1")}
    with subprocess.Popen(["sleep", "60"], env=where) as process:
        yield folder
        process.kill()


def test_what_is_kept_is_listed(call: Call, envs: Path) -> None:
    """Each with its size, and which are in use; the sum below."""
    listed = {each["name"]: each for each in json.loads(call("cache", "ls", "-o", "json").stdout)}
    assert {name: each["busy"] for name, each in listed.items()} == {"new": False, "old": False, "busy": True}
    assert all(1_000_000 <= each["bytes"] < 1_100_000 for each in listed.values())
    assert call("cache", "ls").stdout.splitlines()[-1].startswith("3 environments, 3.0 MB: ")


def test_what_is_unused_is_removed(call: Call, envs: Path) -> None:
    """By age, or all; what a process runs in stays."""
    assert call("cache", "prune", "--older-than", "90d").stdout == "0.0 MB freed.\n"
    assert call("cache", "prune").stdout == "Environment old removed.\n1.0 MB freed.\n"
    assert call("cache", "prune", "--all").stdout == "Environment new removed.\n1.0 MB freed.\n"
    assert sorted(path.name for path in envs.iterdir() if path.suffix != ".lock") == ["busy", "busy.1"]


def test_an_empty_cache(call: Call, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nothing to list and nothing to free."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(root / "none"))
    assert call("cache", "ls").stdout.startswith("0 environments, 0.0 MB: ")
    assert call("cache", "prune", "--all").stdout == "0.0 MB freed.\n"
