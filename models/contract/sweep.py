"""A command line in, a step of a search out: `study` makes trials, `trials` works on them, `best` picks one.

    python -m models.contract.sweep study --unit=sk_mnist --study=mine --trials=8 -- --dataset=digits

A study is a folder below .sweeps in the model store (MODEL_STORE). What comes after `--` are flags of the
unit's trainer: what all the trials have in common. Any number of processes may work on the trials of one
study, at once or one after the other.
"""

import argparse
import importlib
import json
import os
import re
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import NoReturn

from models.contract import charts, flags, lineage, search, study, sweep_charts, trial
from models.contract import sweep_drawings as drawings
from models.contract import sweep_results as results
from models.contract.errors import ModelError
from models.contract.job import Job
from models.contract.metric import Metric
from models.contract.params import Value
from models.contract.rules import BOOL
from models.contract.spec import MODELS, Unit, kebab, read

REPORT = "report.json"


def start(given: argparse.Namespace, rest: Sequence[str]) -> None:
    unit = read(MODELS / given.folder)
    by = unit.searched_by
    if by is None or not unit.params:
        raise ModelError(f"models/{unit.folder} has no params, or is not trained: nothing can be searched.")
    try:
        space = search.parse(unit.params, given.search) if given.search else unit.space
        if not space:
            raise ValueError("search is empty; say it in model.yaml, or give it.")
    except ValueError as error:
        raise ModelError(f"{unit.name}: {error}") from None
    job = _job(unit, rest)
    asked = study.Asked(
        unit=unit.folder,
        trials=given.trials,
        seed=given.seed,
        by=by.name,
        better=by.better,
        search=json.loads(search.text(space)),
        first={name: value for name, value in vars(job.params).items() if name in space},
        arguments=tuple(rest),
        code=job.code,
        prune=given.prune == "true",
    )
    study.create(given.study, asked, space)
    workers = min(given.parallel, given.trials)
    print(f"{given.trials} trials of {unit.name}, {workers} at a time, by {by.name} ({by.better} is better)")
    _give_back(given.outputs, {"workers": json.dumps(list(range(workers)))})


def work(given: argparse.Namespace, _: Sequence[str]) -> None:
    asked = study.read(given.study)
    unit = read(MODELS / asked.unit)
    space, job = search.space(unit.params, asked.search), _job(unit, asked.arguments)
    if job.code != asked.code:
        raise ModelError(f"The code of {unit.name} has changed since the study was made. Start a new run.")
    trainer: ModuleType = importlib.import_module(f"{unit.module}.train")
    done = 0
    for taken in study.untaken(given.study, asked):
        started = time.perf_counter()
        try:
            found = taken.begin(space)
            print(f"trial {taken.number}: {results.shown(found)}", flush=True)
            value, data = trial.score(
                trainer.main, job, vars(job.params) | found, by=asked.by, is_behind=taken.is_behind
            )
        except trial.Pruned:
            taken.prune(seconds=time.perf_counter() - started)
            print(f"trial {taken.number} pruned: it is behind half of those that are complete", flush=True)
        except (OSError, MemoryError, ImportError):  # no fault of the values: whoever comes next goes on
            raise
        except Exception as error:  # values that a training cannot bear are an answer, too
            if not isinstance(error, ModelError):
                traceback.print_exc()
            taken.fail(
                f"{type(error).__name__}: {error}" if not isinstance(error, ModelError) else str(error)
            )
            print(f"trial {taken.number} failed: {error}", flush=True)
        else:
            taken.complete(value, seconds=time.perf_counter() - started, data=data)
            print(f"trial {taken.number}: {Metric(asked.by, value, asked.better).text}", flush=True)
        done += 1
    print(f"{done} trials done here; none is left that nobody works on", flush=True)


def best(given: argparse.Namespace, _: Sequence[str]) -> None:
    asked, trials = study.read(given.study), study.tried(given.study)
    unit = read(MODELS / asked.unit)
    params: dict[str, Value] = vars(_job(unit, asked.arguments).params)
    if not trials:
        print("no trials were asked for: the params are those given", flush=True)
        none = {
            "best-metric": "none",
            "best-value": "",
            "best-params": "{}",
            "best-trial": "",
            "report": "{}",
            "charts": "",
        }
        _give_back(given.outputs, {kebab(name): results.text(value) for name, value in params.items()} | none)
        return
    left = [one.number for one in trials if one.state in ("waiting", "running")]
    if left:
        raise ModelError(f"Trials {', '.join(map(str, left))} are not finished. Retry the run.")
    good = [one for one in trials if one.value is not None]
    if not good:
        raise ModelError(f"All {len(trials)} trials failed; the last: {trials[-1].reason}")
    sign = 1 if asked.better == "higher" else -1
    winner = max(good, key=lambda one: (sign * (one.value or 0.0), -one.number))
    params |= winner.params
    found = results.document(unit, asked, trials, winner)
    metric = Metric(**found["metric"])
    print(results.table(trials, asked.by, winner))
    print(f"best: trial {winner.number}, {metric.text}: {results.shown(winner.params)}", flush=True)
    (given.study / REPORT).write_text(
        json.dumps({**found, "asked": asdict(asked)}, indent=1) + "\n", encoding="utf-8"
    )
    drawings.draw(given.study, trials, by=asked.by, better=asked.better, title=found["title"])
    told_short = results.short(found)
    told = {kebab(name): results.text(value) for name, value in params.items()}
    told |= {
        "best-metric": metric.text,
        "best-value": repr(metric.value),
        "best-params": json.dumps(dict(winner.params)),
        "best-trial": str(winner.number),
        "report": json.dumps(told_short),
        "charts": charts.text(sweep_charts.charts(told_short)),
    }
    _give_back(given.outputs, told)


def _job(unit: Unit, arguments: Sequence[str]) -> Job:
    return flags.job(unit, lineage.code_sha256(MODELS / unit.folder, MODELS), list(arguments))


def _give_back(folder: Path, told: Mapping[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in told.items():
        (folder / name).write_text(text, encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    given = list(sys.argv[1:] if arguments is None else arguments)
    own, rest = (given[: given.index("--")], given[given.index("--") + 1 :]) if "--" in given else (given, [])
    try:
        known = _parser().parse_args(own)
        known.step(known, rest)
    except (ModelError, OSError) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(0)


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m models.contract.sweep",
        description=__doc__,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    steps = made.add_subparsers(required=True, metavar="study|trials|best")
    told = {
        "study": (start, "Make the trials."),
        "trials": (work, "Work on them."),
        "best": (best, "Pick one."),
    }
    for name, (step, words) in told.items():
        one = steps.add_parser(name, help=words, description=words, allow_abbrev=False)
        one.set_defaults(step=step)
        one.add_argument("--study", type=_folder, required=True, metavar="NAME", help="Of the study.")
        one.add_argument("--outputs", type=Path, default=Path("/tmp/outputs"), metavar="FOLDER",  # noqa: S108
                         help="Where outputs are written to (%(default)s).")  # fmt: skip
        if step is start:
            one.add_argument(
                "--unit", dest="folder", required=True, help="Folder of the unit, below models/."
            )
            one.add_argument(
                "--trials", type=_whole, default=8, metavar="INT", help="How many (%(default)s)."
            )
            one.add_argument(
                "--parallel", type=_count, default=2, metavar="INT", help="At a time (%(default)s)."
            )
            one.add_argument("--seed", type=int, default=0, metavar="INT", help="Of what is suggested (0).")
            one.add_argument("--prune", default="true", choices=BOOL,
                             help="End trials that are behind half of the others (%(default)s).")  # fmt: skip
            one.add_argument("--search", default="", metavar="JSON", help="Other than the unit's own.")
    return made


def _folder(name: str) -> Path:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,252}", name):
        raise argparse.ArgumentTypeError(f"is {name!r}; expected letters, digits, '_', '.' and '-'.")
    return Path(os.environ.get("MODEL_STORE") or "build/model-store") / ".sweeps" / name


def _whole(text: str, least: int = 0) -> int:
    if not (text.isascii() and text.isdecimal()) or int(text) < least:
        raise argparse.ArgumentTypeError(f"is {text!r}; expected a whole number of at least {least}.")
    return int(text)


def _count(text: str) -> int:
    return _whole(text, least=1)


if __name__ == "__main__":
    main()
