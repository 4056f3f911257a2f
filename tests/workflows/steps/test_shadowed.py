"""What a shadow's node has kept in, a sentence and figures of this run's requests out."""

import json
from pathlib import Path

import pytest

from models.shadow.pairs import Pairs
from workflows.parts.steps import shadowed


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Four requests of run u, one of which the shadow failed on, and one of another run."""
    pairs = Pairs(str(tmp_path / "shadow.sqlite"))
    for puid, shadow in (
        ("u-0", [[0.8, 0.2]]),
        ("u-1", [[0.7, 0.3]]),
        ("u-2", [[0.3, 0.7]]),
        ("v-0", [[0.3, 0.7]]),
    ):
        pairs.asked(puid)
        pairs.answered(puid, "[[0.9, 0.1]]")
        pairs.shadowed(puid, json.dumps(shadow), seconds=0.002)
    pairs.asked("u-3")
    pairs.answered("u-3", "[[0.9, 0.1]]")
    pairs.shadowed("u-3", error="refused")
    return tmp_path / "shadow.sqlite"


def environ(file: Path, uid: str = "u-") -> dict[str, str]:
    return {"FILE": str(file), "UID": uid, "WAIT": "0.1", "OUTPUTS": str(file.parent / "out")}


def test_the_requests_of_the_run_are_compared(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Others that came by are not counted; what the shadow failed on is told, and is no disagreement."""
    shadowed.main(environ(file))
    found = json.loads((file.parent / "out/comparison").read_text())
    assert (found["requests"], found["answered by both"], found["errors of the shadow"]) == (4, 3, 1)
    assert found["agreement"] == pytest.approx(2 / 3)
    said = (file.parent / "out/reason").read_text()
    assert said in capsys.readouterr().out
    assert said.startswith("The shadow agrees on 66.7% of 3 requests; its median is 2 ms and its p99 2 ms,")
    assert said.endswith("the shadow failed on 1 of 4 requests.")


def test_copies_under_way_are_waited_for_and_then_counted_as_they_are(file: Path) -> None:
    """A copy that nobody answers ends the wait, not the task."""
    pairs = Pairs(str(file))
    pairs.asked("w-0")
    pairs.answered("w-0", "[[0.9, 0.1]]")
    shadowed.main(environ(file, "w-"))
    said = (file.parent / "out/reason").read_text()
    assert said == (
        "Nothing can be compared: the shadow failed on 0 of 1 requests, and both have answered none."
    )


@pytest.mark.parametrize(("name", "uid", "said"), [
    ("shadow.sqlite", "x-", "no request of this run came by the shadow's node"),
    ("none.sqlite", "u-", "not what a shadow's node keeps: unable to open database file"),
])  # fmt: skip
def test_without_requests_there_is_nothing_to_tell(file: Path, name: str, uid: str, said: str) -> None:
    """It fails, and says which file."""
    with pytest.raises(SystemExit, match=said) as ended:
        shadowed.main(environ(file.parent / name, uid))
    assert str(file.parent / name) in str(ended.value)
