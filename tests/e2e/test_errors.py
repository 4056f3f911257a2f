"""What a user can get wrong on the command line is answered in one line that names the cure."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from argolane.cli import main
from tests.e2e.conftest import Command, copied

Call = Callable[..., Result]


@pytest.fixture(scope="module")
def call(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Call]:
    """The command line in a checkout, in this process: a traceback is the test's own."""
    before = Path.cwd()
    os.chdir(copied(tmp_path_factory.mktemp("mistakes")))
    yield lambda *arguments: CliRunner().invoke(main, arguments, catch_exceptions=False)
    os.chdir(before)


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["run", "train-sk-minst"], 1, "No workflow 'train-sk-minst'. Did you mean 'train-sk-mnist'?"),
        (
            ["run", "mnist", "-p", "versoin=1"],
            1,
            "-p versoin: No parameter 'versoin'. Did you mean 'version'?",
        ),
        (["run", "mnist", "-p", "build=maybe"], 1, "-p build: 'maybe' is not allowed; allowed: true, false."),
        (["run", "mnist", "-p", "build"], 2, "-p build: expected NAME=VALUE."),
        (["run", "mnist", "-p", "build=true", "-p", "build=false"], 2, "-p build is given twice."),
        (["run", "absent.yaml"], 1, "absent.yaml: No such file or directory."),
        (["lint", "absent.yaml"], 1, "absent.yaml: No such file or directory."),
        (["logs", "no-such-run"], 1, "no-such-run"),
        (["get", "no-such-run"], 1, "no-such-run"),
        (["delete", "no-such-run"], 1, "no-such-run"),
        (["delete", "deployment", "none"], 1, "No deployment 'none'."),
        (["predict", "none", "--request", "models/sk_mnist/request.json"], 1, "No deployment 'none'."),
        (["predict", "none", "--request", "absent.json"], 1, "absent.json: No such file or directory."),
    ],
)
def test_a_mistake_is_one_line(call: Call, arguments: list[str], status: int, message: str) -> None:
    """No traceback, nothing on stdout, the exit status of the kind of mistake, and the cure."""
    done = call(*arguments)
    assert done.exit_code == status
    assert message in done.stderr
    assert done.stderr.startswith("Error: ")
    assert not done.stdout


def test_a_mistake_of_a_process_is_one_line(argolane: Command) -> None:
    """The same, as a shell sees it."""
    done = argolane("run", "train-sk-minst", status=1)
    assert done.stderr.startswith("Error: No workflow 'train-sk-minst'. Did you mean 'train-sk-mnist'?")
    assert "Traceback" not in done.stderr
    assert not done.stdout


def test_help_names_every_command(call: Call) -> None:
    """Each command of `--help` has a help of its own that starts with its usage."""
    commands = [
        line.split()[0]
        for line in call("--help").stdout.partition("Commands:")[2].splitlines()
        if line.strip() and not line.startswith("   ")
    ]
    assert {"run", "list", "lint", "render", "get", "logs", "predict", "delete"} <= set(commands)
    for command in commands:
        assert call(command, "--help").stdout.startswith("Usage:"), command
