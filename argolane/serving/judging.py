"""The file of an experiment in, its verdict for a workflow to act on out: `judgement` as a task's script.

Its text travels in the manifest, with that of all modules of ours that it needs, and runs on a stock Python
image. Environment: FILE, the observations, in the model store; ALPHA, POWER, EFFECT, SLOWER, ERRORS, as
Rules has them; OUTPUTS, the folder for `verdict`, `reason`, `judgement` and `charts`. What Prometheus is told
of it is left beside FILE, in GAUGES. How far the rows that were sent have moved from those that each arm was
trained on is measured, too, and decides nothing: both come when the verdict is written, and cannot lose it.
"""

import json
import os
import sqlite3
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from argolane.serving.drift_charts import drift_charts
from argolane.serving.drifted import Drifted, NoRows, Rows, drifted, recorded, trained_on
from argolane.serving.judged import Rules, thinned
from argolane.serving.judgement import judge
from argolane.serving.judgement_charts import charts
from argolane.serving.judgement_gauges import gauges
from argolane.serving.observations import Experiment, read_experiment

GAUGES = "gauges.json"
SHOWN = 60  # looks in the output parameter, of which Argo keeps no more than some kilobytes


def main(environ: Mapping[str, str] = os.environ) -> None:
    rules = Rules(
        alpha=float(environ["ALPHA"]),
        power=float(environ["POWER"]),
        effect=float(environ["EFFECT"]),
        slower=float(environ["SLOWER"]),
        errors=float(environ["ERRORS"]),
    )
    file = Path(environ["FILE"])
    try:
        experiment = read_experiment(file)
    except (sqlite3.Error, KeyError, ValueError) as error:
        sys.exit(f"{file}: not the observations of a graph's traffic: {error}.")
    found = judge(experiment, rules)
    for arm in found.arms:
        mean = "no score" if arm.mean is None else f"{found.score} {arm.mean:.4f}"
        what = "scores" if arm.users is None else "users"
        sys.stdout.write(
            f"{arm.arm} ({arm.name}, {arm.version}): {mean} of {arm.scores} {what}; the best with a"
            f" probability of {arm.probability:.3f}, by the second view, which decides nothing\n"
        )
    sys.stdout.write(f"{found.verdict}: {found.reason}\n")
    outputs = Path(environ["OUTPUTS"])
    outputs.mkdir(parents=True, exist_ok=True)
    shown = thinned(found, SHOWN)
    drawn = charts(shown)
    told = {
        "charts": json.dumps(drawn),
        "verdict": found.verdict,
        "reason": found.reason,
        "judgement": json.dumps(shown.to_dict()),
    }
    for name, text in told.items():
        (outputs / name).write_text(text, encoding="utf-8")
    moved = _moved(experiment, file)
    try:
        if moved:
            (outputs / "charts").write_text(json.dumps([*drawn, *drift_charts(moved)]), encoding="utf-8")
        written = file.with_name(f".{file.stem}.json")
        written.write_text(json.dumps(gauges(found, moved, at=time.time())), encoding="utf-8")
        written.replace(file.with_name(GAUGES))  # who reads it sees it whole
    except Exception as error:
        sys.stdout.write(f"Warning: gauges or charts of drift are not written: {error!r}\n")


def _moved(experiment: Experiment, file: Path) -> list[Drifted]:
    """What was sent against what each arm was trained on; once where two were on the same rows."""
    store, known = file.parents[2], list[Rows]()
    try:
        sent = recorded(file, store)
        for arm in experiment.arms:
            trained = trained_on(store, *arm.version.split(" "))
            if all(trained.features != other.features for other in known):
                known.append(trained)
        moved = [drifted(trained, sent) for trained in known]
        for each in moved:
            sys.stdout.write(f"{each.asked} against {each.against}: {each.summary}\n")
        return moved
    except NoRows as error:
        sys.stdout.write(f"Warning: drift is not measured: {error}\n")
    except Exception as error:
        sys.stdout.write(f"Warning: drift is not measured: {error!r}\n")
    return []


if __name__ == "__main__":
    main()
