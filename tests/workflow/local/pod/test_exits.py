"""Exit codes of a pod's containers, its phase and message."""

import pytest

from argolane.workflow.local.pod.exits import Exit, judged, over
from argolane.workflow.local.reconciler.ports import PodResult

MAIN, FAILED = Exit("main", 0), Exit("main", 3)


@pytest.mark.parametrize(
    ("exits", "problem", "judgement"),
    [
        ([MAIN], "", ("Succeeded", "")),
        ([FAILED], "", ("Failed", "main: Error (exit code 3)")),
        ([FAILED], "no file", ("Failed", "main: Error (exit code 3)")),
        ([MAIN], "no file", ("Error", "wait: Error (exit code 64): no file")),
        ([Exit("side", 1), MAIN], "", ("Failed", "side: Error (exit code 1)")),
        ([MAIN, Exit("side", 143), Exit("other", 137)], "", ("Succeeded", "")),
        ([Exit("main", 64, "no program")], "", ("Failed", "main: Error (exit code 64): no program")),
        ([MAIN, Exit("side", 1)], "no file", ("Error", "wait: Error (exit code 64): no file")),
    ],
)
def test_what_exit_codes_make_of_a_pod(exits: list[Exit], problem: str, judgement: tuple[str, str]) -> None:
    """Main first, then outputs that could not be saved, then sidecars that were not ended by us."""
    assert judged(exits, problem) == judgement


def test_a_result_survives_its_runner() -> None:
    """What a runner keeps of a pod, a later one reads as the same."""
    result = over("Failed", "why", outputs={"exitCode": "3"}, began=1.5)
    assert PodResult.from_dict(result.to_dict()) == result
    assert over("Failed").started_at == pytest.approx(over("Failed").finished_at, abs=1)
