"""The file of an experiment in, its verdict for a workflow to act on out: `judgement` as a task's script.

Its text travels in the manifest, with that of all modules of ours that it needs, and runs on a stock Python
image. Environment: FILE, the observations; ALPHA, POWER, EFFECT, SLOWER, ERRORS, as Rules has them; OUTPUTS,
the folder for `verdict`, `reason`, `judgement` and `charts`.
"""

import json
import os
import sqlite3
import sys
from collections.abc import Mapping
from pathlib import Path

from argolane.serving.judged import Rules, thinned
from argolane.serving.judgement import judge
from argolane.serving.judgement_charts import charts
from argolane.serving.observations import read_experiment

SHOWN = 60  # looks in the output parameter, of which Argo keeps no more than some kilobytes


def main(environ: Mapping[str, str] = os.environ) -> None:
    rules = Rules(
        alpha=float(environ["ALPHA"]),
        power=float(environ["POWER"]),
        effect=float(environ["EFFECT"]),
        slower=float(environ["SLOWER"]),
        errors=float(environ["ERRORS"]),
    )
    try:
        experiment = read_experiment(Path(environ["FILE"]))
    except (sqlite3.Error, KeyError, ValueError) as error:
        sys.exit(f"{environ['FILE']}: not the observations of a graph's traffic: {error}.")
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
    told = {
        "charts": json.dumps(charts(thinned(found, SHOWN))),
        "verdict": found.verdict,
        "reason": found.reason,
        "judgement": json.dumps(thinned(found, SHOWN).to_dict()),
    }
    for name, text in told.items():
        (outputs / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
