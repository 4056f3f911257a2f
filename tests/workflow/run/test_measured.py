"""argolane.workflow.run.measured reads what steps leave as outputs, whoever wrote them."""

import json
from typing import Any

import pytest

from argolane.workflow.run.measured import directed, measured, shown

VERSION = {
    "unit": "sk",
    "version": "0.1",
    "digest": "d" * 64,
    "metric": {"name": "rmse", "value": 0.512345678, "better": "lower"},
    "scores": {"mae": 0.4, "curve": [1], "nan": None},
    "data": {"name": "toy", "description": "toy (8/2)", "sha256": "a" * 64},
    "commit": "c" * 40,
    "dirty": True,
}


def node(name: str, outputs: dict[str, Any], *, ended: int = 1, **inputs: str) -> dict[str, Any]:
    """A pod that has left these output parameters."""
    return {
        "id": name, "displayName": name, "type": "Pod", "phase": "Succeeded",
        "finishedAt": f"2026-01-01T00:00:{ended:02}Z",
        "inputs": {"parameters": [{"name": key, "value": value} for key, value in inputs.items()]},
        "outputs": {"parameters": [{"name": key, "value": value} for key, value in outputs.items()]},
    }  # fmt: skip


def status(*nodes: dict[str, Any]) -> dict[str, Any]:
    return {"phase": "Succeeded", "nodes": {each["id"]: each for each in nodes}}


def test_a_version_tells_all_and_a_gate_adds_nothing_less_exact() -> None:
    """The JSON of a version, its attempt, and the rounded text of the gate are one thing."""
    trained = {"metric": "rmse 0.5123", "version": json.dumps(VERSION)}
    gate = {"metric": "rmse 0.5123", "digest": f"sha256:{'d' * 64}", "data": "a" * 64, "commit": "c" * 40}
    found = measured(
        status(
            node("train", trained), node("train(0)", trained),
            node("gate", gate, ended=2, unit="sk", version="0.1"),
        )
    )  # fmt: skip
    [one] = found
    assert (one.task, one.of, one.version) == ("train", "sk", "0.1")
    assert (one.name, one.value, one.better) == ("rmse", 0.512345678, "lower")
    assert (one.data, one.data_sha256, one.digest) == ("toy (8/2)", "a" * 64, "d" * 64)
    assert one.commit == "c" * 40 + "-dirty"
    assert one.scores == {"mae": 0.4}


def test_the_arms_of_a_report_are_each_one() -> None:
    """Objects in a list of a JSON output have metrics of their own; the gates before are the same things."""
    told = {"version": "1", "dataset": "toy"}
    arms = [
        {"model": unit, **told, "metric": {"name": "auc", "value": value, "better": "higher"}}
        for unit, value in (("a", 0.9), ("b", 0.8))
    ]
    gates = [node(f"gate-{u}", {"metric": "auc 0.9", "data": "x"}, unit=u, version="1") for u in ("a", "b")]
    found = measured(status(*gates, node("verify", {"report": json.dumps({"paths": arms})}, ended=2)))
    assert [(one.of, one.value, one.better, one.data, one.data_sha256) for one in found] == [
        ("a", 0.9, "higher", "toy", "x"),
        ("b", 0.8, "higher", "toy", "x"),
    ]


def test_the_text_of_a_metric_has_no_direction_of_its_own() -> None:
    """`best-metric` of a search and `metric` are read, with a space or =, and the later attempt counts."""
    found = measured(
        status(node("best", {"best-metric": "auc=0.9"}), node("t(0)", {"metric": "auc 0.1"}, ended=2),
               node("t(1)", {"metric": "auc 0.2"}, ended=3))
    )  # fmt: skip
    assert [(one.task, one.value, one.better) for one in found] == [("best", 0.9, ""), ("t", 0.2, "")]


@pytest.mark.parametrize(
    "outputs",
    [
        {"metric": ""},
        {"metric": None},
        {"metric": "nan"},
        {"metric": "auc nan"},
        {"metric": "auc 1e999"},
        {"metric": "two words 0.1"},
        {"version": '{"metric"'},
        {"version": '{"metric": 3}'},
        {"version": '{"metric": {"name": "a", "value": NaN, "better": "higher"}}'},
        {"version": '{"metric": {"name": "a", "value": true}}'},
        {"version": '{"metric": {"name": "", "value": 1}}'},
        {"version": '{"metric": ' + '{"a": ' * 90_000},
        {"other": "auc 0.9"},
    ],
)
def test_what_is_no_metric_is_none(outputs: dict[str, Any]) -> None:
    """Whatever a step of somebody else leaves, nothing breaks and nothing is made up."""
    assert measured(status(node("t", outputs))) == ()
    assert measured({"phase": "Error"}) == ()


def test_odd_values_beside_a_metric_do_no_harm() -> None:
    """A direction nobody knows is none; data and scores of other types are left out."""
    odd = {"metric": {"name": "m", "value": 0, "better": "up"}, "scores": [1], "data": None, "unit": ["x"]}
    [one] = measured(status(node("t", {"version": json.dumps(odd)})))
    assert (one.value, one.better, one.scores, one.data, one.of) == (0.0, "", {}, "", "t")


def test_a_direction_holds_where_all_agree() -> None:
    """What two tell differently is not known."""
    ways = [("a", "higher"), ("a", ""), ("b", "higher"), ("b", "lower")]
    several = [
        one
        for name, better in ways
        for one in measured(
            status(node("t", {"v": json.dumps({"metric": {"name": name, "value": 1, "better": better}})}))
        )
    ]
    assert directed(several) == {"a": "higher"}


def test_values_are_short() -> None:
    """Four decimals, or six digits for what is large or tiny."""
    assert [shown(v) for v in (0.98125, 0, 1295.5412, 1.5e-7)] == ["0.9812", "0.0000", "1295.54", "1.5e-07"]
