"""Every recorded gRPC answer of the stock wrapper once more, from our server, with the same classes."""

import json
import sys
from pathlib import Path

import pytest
from wrapper_rpc_cases import CALLS
from wrapper_rpc_wire import RECORDED, ask, difference, request, serving
from wrapper_wire import ROOT

from argolane.containers import environments
from argolane.project import Project

pytestmark = pytest.mark.environments


@pytest.fixture(scope="session")
def python() -> Path:
    """That of the runtime images."""
    lock, cache = ROOT / "models" / "sk_mnist" / "runtime.lock", Project(ROOT).cache / "envs"
    made = environments.ensure(lock, cache, root=ROOT, say=lambda text: print(text, file=sys.stderr))
    return made / "bin" / "python"


# What these are served by is mostly what others are; those are asked in make test.
RARE = ("Ours", "Component", "Custom", "Deprecated", "BadMetadata")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.heavy] * (name in RARE)) for name in CALLS]
)
def test_a_class_is_answered_for_over_grpc_as_the_stock_wrapper_does(
    name: str, python: Path, tmp_path: Path
) -> None:
    """Code, details and message are as recorded, in the same order."""
    kept = json.loads((RECORDED / f"{name}.json").read_text())
    wrong = []
    with serving(python, "models.runtimes.server", name, tmp_path / "log", MODEL_SERVER="fast") as ports:
        for call, was in zip(CALLS[name], kept, strict=True):
            assert (was["name"], was["request"]) == (call.name, request(call)), (
                "record_rpc.py has not seen wrapper_rpc_cases.py"
            )
            if found := difference(was["answer"], ask(call, ports)):
                wrong.append(f"{call.name}: {found}")
    assert not wrong, "\n".join(wrong)


def test_there_are_enough_of_them() -> None:
    """At least 200 calls are recorded, of every class that is there."""
    assert sum(map(len, CALLS.values())) >= 200
    assert {file.stem for file in RECORDED.glob("*.json")} == set(CALLS)
