"""`get runs --metrics` and `compare runs` of what really ran: two trainings on digits, and a sweep."""

import csv
import io
import json
import subprocess
from pathlib import Path

import pytest

from tests.e2e.conftest import Command, copied, run_command
from tests.e2e.sweeping import report

pytestmark = [pytest.mark.environments, pytest.mark.heavy, pytest.mark.timeout(300)]

DIGITS = ("-p", "dataset=digits", "-p", "epochs=3", "-p", "n-components=16")
TRAIN = ("run", "train-sk-mnist", *DIGITS, "-p", "accept=0.5")
SEARCH = ("run", "sweep-sk-mnist", *DIGITS, "-p", 'search={"hidden": [2, 64]}', "-p", "trials=2")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where these are all runs that there are."""
    return copied(tmp_path_factory.mktemp("compared"))


@pytest.fixture(scope="module")
def ran(root: Path) -> Command:
    """The command line there, after wide, narrow (which is not good enough) and search have run."""

    def call(*arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        done = run_command(root, *arguments)
        assert done.returncode == status, done.stdout + done.stderr
        return done

    call(*TRAIN, "--name", "wide", "-p", "version=w", "-p", "hidden=64")
    call(*TRAIN, "--name", "narrow", "-p", "version=n", "-p", "hidden=2", status=1)
    call(*SEARCH, "--name", "search")
    return call


def test_what_was_learned_is_listed(ran: Command, root: Path) -> None:
    """Values are those of version.json and of the study's report, whole; the order is what is asked for."""
    found = json.loads(ran("get", "runs", "--metrics", "--sort", "metric", "-o", "json").stdout)
    assert [one["name"] for one in found] == ["wide", "search", "narrow"]
    measured = {one["name"]: one["metrics"][0] for one in found}
    for name, version in (("wide", "w"), ("narrow", "n")):
        path = root / f".argolane/volumes/model-store/sk_mnist/{version}/version.json"
        told = json.loads(path.read_text())
        assert (measured[name]["value"], measured[name]["better"]) == (told["metric"]["value"], "higher")
        assert (measured[name]["digest"], measured[name]["scores"]) == (told["digest"], told["scores"])
    best = report(root)["best"]
    assert (measured["search"]["value"], best["params"]["hidden"]) == (best["value"], 64)

    latest = ran("get", "runs", "--metrics").stdout.splitlines()[1:]
    assert [line.split()[0] for line in latest] == ["search", "narrow", "wide"]
    assert latest[2].rstrip().endswith("version=w hidden=64")
    text = ran("get", "runs", "--metrics", "--sort", "duration", "-o", "csv").stdout
    rows = csv.DictReader(io.StringIO(text))
    took = [(float(row["seconds"]), row["phase"], row["parameter.hidden"]) for row in rows]
    assert took == sorted(took)
    assert {(phase, hidden) for _, phase, hidden in took} == {
        ("Succeeded", "64"), ("Failed", "2"), ("Succeeded", ""),
    }  # fmt: skip


def test_what_was_learned_stands_side_by_side(ran: Command) -> None:
    """The wide one has the star, the narrow one its reason; a search's score is of other rows."""
    lines = ran("compare", "runs", "wide", "narrow").stdout.splitlines()
    cells = {line[:29].strip(): line[29:].split() for line in lines}
    assert cells["-p hidden"] == ["64", "2"]
    assert cells["accuracy (higher is better)"][1] == "*"
    assert len(cells["accuracy (higher is better)"]) == 3
    assert {"train", "gate"} <= set(cells)
    assert "accept is at least 0.5" in " ".join(cells["reason"])
    assert not lines[-1].startswith("The data differ")

    told = json.loads(ran("compare", "runs", "wide", "search", "-o", "json").stdout)
    [metric] = [one for one in told["metrics"] if one["name"] == "accuracy"]
    assert (set(metric["values"]), metric["sameData"]) == ({"wide", "search"}, False)
    assert told["parameters"]["hidden"] == {"wide": "64", "search": "128"}
    assert "train" in told["durations"]
