"""Every recorded answer of the stock wrapper once more, from our server, with the same classes.

Where ours differs on purpose, DEVIATIONS says how and why; there is no other difference.
"""

import json
import sys
from pathlib import Path

import pytest
from wrapper_cases import CASES
from wrapper_wire import RECORDED, ROOT, ask, difference, request, serving

from argolane.containers import environments
from argolane.project import Project

pytestmark = pytest.mark.environments

DEVIATIONS: dict[tuple[str, str], str] = {}  # (class, case): what differs, and why


@pytest.fixture(scope="session")
def python() -> Path:
    """That of the runtime images."""
    lock, cache = ROOT / "models" / "sk_mnist" / "runtime.lock", Project(ROOT).cache / "envs"
    made = environments.ensure(lock, cache, root=ROOT, say=lambda text: print(text, file=sys.stderr))
    return made / "bin" / "python"


@pytest.mark.parametrize("name", CASES)
def test_a_class_is_answered_for_as_the_stock_wrapper_does(name: str, python: Path, tmp_path: Path) -> None:
    """Status, headers that a client may read, and what the body says are as recorded, in the same order."""
    kept = json.loads((RECORDED / f"{name}.json").read_text())
    command = [str(python), "-m", "models.runtimes.server"]
    wrong = []
    with serving(command, name, tmp_path / "log", MODEL_SERVER="fast") as ports:
        for case, was in zip(CASES[name], kept, strict=True):
            assert (was["name"], was["request"]) == (case.name, request(case)), (
                "record.py has not seen wrapper_cases.py"
            )
            found = difference(was["answer"], ask(case, ports))
            if (found is None) != ((name, case.name) not in DEVIATIONS):
                wrong.append(f"{case.name}: {found}")
    assert not wrong, "\n".join(wrong)


def test_there_are_enough_of_them() -> None:
    """At least 120 requests are recorded, of every class that is there."""
    assert sum(map(len, CASES.values())) >= 120
    assert {file.stem for file in RECORDED.glob("*.json")} == set(CASES)
