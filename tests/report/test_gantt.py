"""argolane.report: many tasks of a loop are one, attempts share a lane, and environments are told apart."""

from typing import Any

import pytest

from argolane.report import render
from argolane.report.details import details
from argolane.report.folds import FEW
from argolane.report.gantt import gantt
from argolane.report.layout import graph


def pod(i: str, name: str, start: int, end: int, phase: str = "Succeeded", **more: Any) -> dict[str, Any]:
    return {
        "id": i, "displayName": name, "type": "Pod", "phase": phase, "boundaryID": "w",
        "startedAt": f"2026-01-01T00:00:{start:02}Z", "finishedAt": f"2026-01-01T00:00:{end:02}Z", **more,
    }  # fmt: skip


def loop(count: int, *, bad: tuple[int, ...] = ()) -> dict[str, dict[str, Any]]:
    """`begin`, then `each` for every item, then `end`."""
    items = [f"e{i}" for i in range(count)]
    nodes = [
        {"id": "w", "displayName": "w", "type": "DAG", "phase": "Succeeded", "children": ["b"]},
        pod("b", "begin", 0, 1, children=["g"]),
        {"id": "g", "displayName": "each", "type": "TaskGroup", "phase": "Succeeded", "boundaryID": "w",
         "children": items},
        *(pod(i, f"each({n}:{n})", 1, 5, "Failed" if n in bad else "Succeeded", children=["z"])
          for n, i in enumerate(items)),
        pod("z", "end", 5, 10),
    ]  # fmt: skip
    return {str(node["id"]): node for node in nodes}


def test_two_hundred_tasks_are_a_few_boxes_and_lanes() -> None:
    """One box for those that succeeded, one for each that failed; the loop is one lane of all its bars."""
    nodes = loop(200, bad=(77, 131))
    drawn = graph(nodes)
    assert [box.name for box in drawn.boxes] == ["begin", "each × 198", "each(77:77)", "each(131:131)", "end"]  # noqa: RUF001
    assert len(drawn.arrows) == 6
    assert drawn.height < 300
    lanes = {lane.name: lane for lane in gantt(nodes, {}).lanes}
    assert list(lanes) == ["begin", "each × 200", "end"]  # noqa: RUF001
    assert len(lanes["each × 200"].bars) == 200  # noqa: RUF001
    assert lanes["each × 200"].took == "4.0s"  # noqa: RUF001


def test_all_of_a_loop_have_their_details() -> None:
    """Folded they are in one that opens; a box leads to it, and each task has an anchor of its own."""
    status = {"phase": "Failed", "nodes": loop(200, bad=(77,))}
    told = details(status, {})
    many = next(one for one in told if len(one.tasks) == 199)
    assert many.anchors["e0"].startswith(f"{many.id}-")
    text = render(name="w", status=status, parameters={}, logs={})
    assert f'id="{many.id}"' in text
    assert f'id="{many.anchors["e199"]}"' in text
    assert text.count("<details") == 199 + 1 + 3


def test_a_few_of_a_loop_are_shown_one_by_one() -> None:
    """There is room for them."""
    nodes = loop(FEW)
    assert len(graph(nodes).boxes) == FEW + 2
    assert len(gantt(nodes, {}).lanes) == FEW + 2


def test_attempts_share_a_lane() -> None:
    """A task that was tried twice is one lane with two bars."""
    nodes = {
        "r": {"id": "r", "displayName": "train", "type": "Retry", "phase": "Succeeded",
              "children": ["r0", "r1"],
              "startedAt": "2026-01-01T00:00:00Z"},
        "r0": pod("r0", "train(0)", 0, 4, "Failed"),
        "r1": pod("r1", "train(1)", 5, 10),
    }  # fmt: skip
    (lane,) = gantt(nodes, {}).lanes
    assert (lane.name, lane.took, [bar.phase for bar in lane.bars]) == (
        "train", "10.0s", ["Failed", "Succeeded"],
    )  # fmt: skip
    assert [(bar.left, bar.width) for bar in lane.bars] == [(0, 40), (50, 50)]


def test_the_making_of_an_environment_is_no_training() -> None:
    """It is a part of the bar, told in words too; where none was made nothing is said."""
    nodes = {"a": pod("a", "train", 0, 10), "b": pod("b", "gate", 10, 11)}
    drawn = gantt(nodes, {"a": 7.5, "b": 0.02})
    train, gate = drawn.lanes
    assert (train.made, train.bars[0].made) == ("7.5s", pytest.approx(75))
    assert train.bars[0].title == "train: Succeeded, 10.0s, of which 7.5s made its environment"
    assert (gate.made, gate.bars[0].made) == ("", 0)
    status = {"phase": "Succeeded", "nodes": nodes}
    said = "environment made, and in brackets how long"
    assert said in render(name="w", status=status, parameters={}, logs={}, prepared={"a": 7.5})
    assert said not in render(name="w", status=status, parameters={}, logs={})
