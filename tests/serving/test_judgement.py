"""An experiment in, a verdict out: each of the four, and what keeps a winner from being promoted."""

import gzip
import json
import math
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from argolane.serving import judging
from argolane.serving.judged import Rules, thinned
from argolane.serving.judgement import judge
from argolane.serving.judgement_gauges import gauges
from argolane.serving.observations import Experiment, Seen, Variant, read_experiment

Draw = Callable[[random.Random], float]


def right(share: float) -> Draw:
    return lambda chance: float(chance.random() < share)


def experiment(requests: int, *arms: Draw, seed: int = 0, shares: tuple[float, ...] = ()) -> Experiment:
    """Arms with equal shares, or these, whose scores are drawn."""
    chance = random.Random(seed)
    letters = "abc"[: len(arms)]
    shares = shares or (1 / len(arms),) * len(arms)
    seen = []
    for _ in range(requests):
        [number] = chance.choices(range(len(arms)), shares)
        seen.append(Seen(letters[number], 200, arms[number](chance), 0.01 + chance.random() / 1000))
    tested = [
        Variant(letter, f"arm-{letter}", 1 / len(arms), f"unit 0.{n}") for n, letter in enumerate(letters)
    ]
    return Experiment("mnist-ab", "run", "digits", requests, "accuracy", "higher", "proportion", tested, seen)


@pytest.mark.parametrize(("shares", "verdict"), [((0.98, 0.9), "promote-a"), ((0.9, 0.98), "promote-b")])
def test_the_better_arm_is_promoted(shares: tuple[float, float], verdict: str) -> None:
    """With its scores, the interval, and after how many requests it was seen."""
    found = judge(experiment(2000, *map(right, shares)), Rules())
    assert found.verdict == verdict
    winner = verdict[-1]
    assert f"{winner} (arm-{winner}) is better than" in found.reason
    assert "of 2000 requests" in found.reason
    assert next(arm for arm in found.arms if arm.arm == winner).probability > 0.99


def test_equal_arms_are_no_difference() -> None:
    """Once all requests are sent, it is said what they would have found."""
    found = judge(experiment(2000, right(0.97), right(0.97)), Rules())
    assert found.verdict == "no-difference"
    assert "would have been found in 80% of such tests" in found.reason


def test_a_test_goes_on_until_it_could_have_found_the_difference() -> None:
    """Where `effect` takes more requests, or these are not all sent, nothing is decided yet."""
    equal = experiment(1000, right(0.97), right(0.97))
    found = judge(equal, Rules(effect=0.01))
    assert (found.verdict, found.needed and found.needed > 5000) == ("keep-testing", True)
    assert f"takes about {found.needed} requests" in found.reason
    assert judge(replace(equal, requests=2000), Rules()).verdict == "keep-testing"


def test_an_interval_inside_the_effect_is_no_difference() -> None:
    """A difference of 0.1 that was worth finding is excluded long before the last request."""
    found = judge(replace(experiment(3000, right(0.97), right(0.97)), requests=10_000), Rules(effect=0.1))
    assert found.verdict == "no-difference"
    assert "which was worth finding" in found.reason


def test_an_error_is_better_where_it_is_small() -> None:
    """Of a metric that is better lower, the winner has the lower mean, shown as it is."""
    noisy = experiment(1500, lambda chance: chance.gauss(5, 1), lambda chance: chance.gauss(3, 1))
    found = judge(replace(noisy, score="squared_error", better="lower", kind="mean"), Rules())
    assert found.verdict == "promote-b"
    means = {arm.arm: arm.mean for arm in found.arms}
    assert means["a"] == pytest.approx(5, abs=0.2) and means["b"] == pytest.approx(3, abs=0.2)


def test_of_three_arms_one_has_to_beat_both() -> None:
    """A third that is poor makes no winner of two that are alike; a best one is found among three."""
    assert judge(experiment(3000, right(0.97), right(0.97), right(0.6)), Rules()).verdict == "no-difference"
    assert judge(experiment(3000, right(0.8), right(0.97), right(0.6)), Rules()).verdict == "promote-b"


def test_shares_that_are_wrong_promote_nobody() -> None:
    """A better arm that gets a third where half was asked for is not compared."""
    found = judge(experiment(2000, right(0.9), right(0.99), shares=(0.67, 0.33)), Rules())
    assert found.verdict == "keep-testing"
    assert "did not get the shares" in found.reason


def test_a_slow_winner_is_not_promoted() -> None:
    """Better answers that take five times as long at the 99th of 100."""
    better = experiment(2000, right(0.9), right(0.99))
    slow = [replace(seen, latency=seen.latency * (5 if seen.arm == "b" else 1)) for seen in better.seen]
    found = judge(replace(better, seen=slow), Rules())
    assert found.verdict == "keep-testing"
    assert "its slowest of 100 answers takes 5" in found.reason
    assert judge(replace(better, seen=slow), Rules(slower=10)).verdict == "promote-b"


def test_too_many_errors_promote_nobody() -> None:
    """One request in twenty without an answer, where one in a hundred may go without."""
    better = experiment(2000, right(0.9), right(0.99))
    failed = [Seen("", 500, None, 0.1) if n % 20 == 0 else seen for n, seen in enumerate(better.seen)]
    found = judge(replace(better, seen=failed), Rules())
    assert (found.verdict, "100 of 2000 requests had no answer" in found.reason) == ("keep-testing", True)
    assert judge(replace(better, seen=failed), Rules(errors=0.1)).verdict == "promote-b"


def test_few_scores_decide_nothing() -> None:
    """Nor do none at all."""
    for requests in (0, 60):
        found = judge(experiment(requests, right(0.0), right(1.0)), Rules())
        assert found.verdict == "keep-testing"
        assert "too few" in found.reason


def test_a_share_of_the_looks_is_kept() -> None:
    """What is given on as a parameter has the last look and so many before it."""
    found = judge(experiment(2050, right(0.9), right(0.9)), Rules())
    assert len(found.intervals) == 21
    few = thinned(found, 5)
    assert len(few.intervals) <= 5
    assert few.intervals[-1] == found.intervals[-1]
    json.dumps(few.to_dict(), allow_nan=False)


def test_the_task_gives_the_verdict_on(tmp_path: Path) -> None:
    """From the file that `traffic` writes to the parameters that the workflow acts on."""
    file = tmp_path / "x.sqlite"
    written(file, experiment(1500, right(0.7), right(0.99)))
    assert read_experiment(file) == experiment(1500, right(0.7), right(0.99))
    rules = {"ALPHA": "0.05", "POWER": "0.8", "EFFECT": "0", "SLOWER": "2", "ERRORS": "0.01"}
    judging.main({**rules, "FILE": str(file), "OUTPUTS": str(tmp_path / "out")})
    assert (tmp_path / "out/verdict").read_text() == "promote-b"
    assert "is better than a (arm-a)" in (tmp_path / "out/reason").read_text()
    assert json.loads((tmp_path / "out/judgement").read_text())["arms"][1]["version"] == "unit 0.1"


def test_what_was_sent_is_held_against_the_training_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of each arm's version: the second was trained on other rows. Gauges of it all are left in the store."""
    chance = random.Random(0)
    for version, mean in (("0.0", 0.0), ("0.1", 2.0)):
        folder = tmp_path / "unit" / version
        folder.mkdir(parents=True)
        for name, middle, count in (("samples", 0.0, 1500), ("training", mean, 800)):
            made = [[chance.gauss(middle, 1), 5] for _ in range(count)]
            told = {"names": ["moved", "same"], "rows": made, "dataset": "d"}
            (folder / f"{name}.json.gz").write_bytes(gzip.compress(json.dumps(told).encode()))
    file = tmp_path / ".observations/mnist-ab/x.sqlite"
    written(file, experiment(1500, right(0.7), right(0.99)))
    rules = {"ALPHA": "0.05", "POWER": "0.8", "EFFECT": "0", "SLOWER": "2", "ERRORS": "0.01"}
    judging.main({**rules, "FILE": str(file), "OUTPUTS": str(tmp_path / "out")})
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2:] == [
        "1500 requests of run run against unit:0.0: ok: 2 features: 2 ok",
        "1500 requests of run run against unit:0.1: drift: 2 features: 1 drift, 1 ok",
    ]
    charts = json.loads((tmp_path / "out/charts").read_text())
    assert [(one["kind"], one["title"]) for one in charts[1:]] == [
        ("bars", "Drift from unit:0.0"),
        ("bars", "Drift from unit:0.1"),
        ("table", "Drift from unit:0.0: the furthest of 2 features"),
        ("table", "Drift from unit:0.1: the furthest of 2 features"),
    ]
    assert charts[-1]["rows"][0][:2] == ["moved", "drift"]
    gauges = {(one["key"], *one["tags"].values()): one["value"] for one in json.loads(
        file.with_name("gauges.json").read_text())}  # fmt: skip
    pair = ("arm-b", "arm-a")
    low, high = (gauges[f"argolane_test_difference_{end}", *pair] for end in ("low", "high"))
    assert 0 < low < gauges["argolane_test_difference", *pair] < high
    assert gauges["argolane_test_score", "arm-b"] > gauges["argolane_test_score", "arm-a"]
    assert gauges["argolane_test_mismatch_p",] > 0.01
    assert (
        gauges["argolane_test_drift_psi_max", "unit:0.1"]
        > 0.25
        > gauges["argolane_test_drift_psi_max", "unit:0.0"]
    )
    assert len(list(file.parent.iterdir())) == 2


RULES = {"ALPHA": "0.05", "POWER": "0.8", "EFFECT": "0", "SLOWER": "2", "ERRORS": "0.01"}
DAMAGED = {
    "samples": gzip.compress(b'{"names": null, "rows": [[1, 2]]}'),
    "training": gzip.compress(b'{"names": ["a", "b"]}'),
    "training ": gzip.compress(bytes(99))[:10] + b"\xff" * 20,
}


@pytest.mark.parametrize("what", DAMAGED)
def test_drift_that_cannot_be_measured_costs_no_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    """A file of the store that is too short, or damaged, is told; the gauge that was is taken back."""
    for version in ("0.0", "0.1"):
        folder = tmp_path / "unit" / version
        folder.mkdir(parents=True)
        made = gzip.compress(
            json.dumps({"names": ["a", "b"], "rows": [[n, n] for n in range(1500)]}).encode()
        )
        for name in ("samples", "training"):
            (folder / f"{name}.json.gz").write_bytes(DAMAGED[what] if name == what.strip() else made)
    file = tmp_path / ".observations/mnist-ab/x.sqlite"
    written(file, experiment(1500, right(0.7), right(0.99)))
    judging.main({**RULES, "FILE": str(file), "OUTPUTS": str(tmp_path / "out")})
    assert (tmp_path / "out/verdict").read_text() == "promote-b"
    assert f"Warning: drift is not measured: {tmp_path}/unit/0.0/{what.strip()}" in capsys.readouterr().out
    assert len(json.loads((tmp_path / "out/charts").read_text())) == 1
    told = json.loads(file.with_name("gauges.json").read_text())
    moved = {one["tags"]["trained"]: one["value"] for one in told if one["key"].endswith("psi_max")}
    assert set(moved) == {"unit:0.0", "unit:0.1"} and all(map(math.isnan, moved.values()))


def test_gauges_that_cannot_be_written_cost_no_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody has made a folder of their name."""
    file = tmp_path / ".observations/mnist-ab/x.sqlite"
    written(file, experiment(1500, right(0.7), right(0.99)))
    file.with_name("gauges.json").mkdir()
    judging.main({**RULES, "FILE": str(file), "OUTPUTS": str(tmp_path / "out")})
    assert {each.name for each in (tmp_path / "out").iterdir()} == {
        "verdict", "reason", "judgement", "charts",
    }  # fmt: skip
    assert "Warning: gauges or charts of drift are not written: IsADirectoryError" in capsys.readouterr().out


def test_every_gauge_of_a_test_is_told() -> None:
    """Also what it does not know yet: a test with one request tells the same gauges as one with 2000."""
    few, many = (judge(experiment(n, right(0.7), right(0.99), right(0.8)), Rules()) for n in (1, 2000))
    one, other = ({(each["key"], *each["tags"].values()): each["value"] for each in gauges(found, [], at=0.0)}
                  for found in (few, many))  # fmt: skip
    assert list(one) == list(other)
    assert math.isnan(one["argolane_test_difference_low", "arm-b", "arm-a"])
    assert other["argolane_test_difference_low", "arm-b", "arm-a"] > 0
    assert math.isnan(other["argolane_test_drift_psi_max", "unit:0.2"])


def test_another_file_is_named(tmp_path: Path) -> None:
    """A file that no traffic wrote."""
    (tmp_path / "x.sqlite").write_text("no database")
    rules = {"ALPHA": "0.05", "POWER": "0.8", "EFFECT": "0", "SLOWER": "2", "ERRORS": "0.01"}
    with pytest.raises(SystemExit, match="not the observations of a graph's traffic"):
        judging.main({**rules, "FILE": str(tmp_path / "x.sqlite"), "OUTPUTS": str(tmp_path)})


def written(file: Path, made: Experiment) -> None:
    """The same as the task `traffic` writes it."""
    from workflows.parts.steps.observations import Observation, Observations

    arms = [
        {"arm": arm.letter, "name": arm.name, "share": arm.share, "unit": "unit", "version": arm.version[5:]}
        for arm in made.arms
    ]
    score = {"name": made.score, "better": made.better, "kind": made.kind}
    about = {"deployment": made.deployment, "run": made.run, "dataset": made.dataset}
    kept = Observations(file, {**about, "requests": made.requests, "score": score, "arms": arms})
    kept.add(
        [
            Observation(n, f"u-{n}", n, seen.arm, "{}", seen.status, "[]", "0", seen.score, seen.score,
                        seen.latency, float(n), "")
            for n, seen in enumerate(made.seen)
        ],
        [],
    )  # fmt: skip
    kept.close()
