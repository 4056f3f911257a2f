"""A project that cannot be written to can be looked at; what has to write says where it cannot."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Call

MOUNTED = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && cd "$1" && shift && exec "$@"'


def argolane(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """In a mount namespace where the project is read-only, for root as well."""
    command = [sys.executable, "-m", "argolane", *arguments]
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", MOUNTED, "sh", str(root), *command],
        capture_output=True, text=True, check=False, timeout=120, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if "Operation not permitted" in done.stderr and "unshare" in done.stderr:
        pytest.skip("this machine has no user namespaces")
    return done


def test_a_read_only_project(call: Call, root: Path) -> None:
    """Lists, trees and logs as ever; the others are one line that names the file, and no traceback."""
    call("run", "toy", "--name", "done")
    (root / "request.json").write_text('{"data": {"ndarray": [[1]]}}')
    for arguments, words in (
        (["get", "runs"], "accuracy=0.9"),
        (["get", "done"], "done  Succeeded"),
        (["logs", "done"], "hi"),
        (["get", "deployments"], "No deployments."),
    ):
        seen = argolane(root, *arguments)
        assert (seen.returncode, seen.stderr) == (0, "")
        assert words in seen.stdout
    for arguments, words in (
        (["report"], ".argolane/runs/done/report.html: Read-only file system. Name another file with -O."),
        (["delete", "done"], ".argolane/runs/done: cannot be deleted: Read-only file system."),
        (["delete", "runs", "--all"], ".argolane/runs/done: cannot be deleted: Read-only file system."),
        (["run", "toy", "--name", "new"], ".argolane/runs/new: Read-only file system."),
        (["retry", "done"], ".argolane/runs/done/.runner: Read-only file system."),
        (["predict", "x", "--request", "request.json"], "No deployment 'x'. There are none."),
    ):
        refused = argolane(root, *arguments)
        assert (refused.returncode, refused.stderr) == (1, f"Error: {words}\n")
