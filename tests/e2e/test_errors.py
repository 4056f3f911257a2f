"""What a user can get wrong on the command line is answered in one line that names the cure."""

import pytest

from tests.e2e.conftest import Command


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
def test_a_mistake_is_one_line(argolane: Command, arguments: list[str], status: int, message: str) -> None:
    """No traceback, nothing on stdout, the exit status of the kind of mistake, and the cure."""
    done = argolane(*arguments, status=status)
    assert message in done.stderr
    assert done.stderr.startswith("Error: ")
    assert "Traceback" not in done.stderr
    assert not done.stdout


def test_help_names_every_command(argolane: Command) -> None:
    """Each command of `--help` has a help of its own that starts with its usage."""
    commands = [
        line.split()[0]
        for line in argolane("--help").stdout.partition("Commands:")[2].splitlines()
        if line.strip() and not line.startswith("   ")
    ]
    assert {"run", "list", "lint", "render", "get", "logs", "predict", "delete"} <= set(commands)
    for command in commands:
        assert argolane(command, "--help").stdout.startswith("Usage:"), command
