"""A command line in, a trained version in the model store out: what every train.py has around its training.

`run` finds the unit that `main` belongs to, hands it a Job and turns what a user can mend into one line on
stderr. The Job knows where things are, whether there is anything to do, and how to save.
"""

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn, Protocol, TypeVar

from models.contract import lineage, store
from models.contract.charts import FILE as CHARTS
from models.contract.charts import Chart
from models.contract.errors import ModelError
from models.contract.skill import Baseline
from models.contract.spec import AUTO, Unit, read
from models.contract.version import Data, Inputs, Version, load


class Dataset(Protocol):
    """What a data set has to have: see models/data/mnist.py for one. Rows and truth have a length."""

    @property
    def name(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def x_train(self) -> Any: ...
    @property
    def x_test(self) -> Any: ...
    @property
    def y_test(self) -> Any: ...


Rows = TypeVar("Rows")


@dataclass(frozen=True)
class Job:
    """One training: its params, and where things come from and go to."""

    unit: Unit
    params: SimpleNamespace
    dataset: str  # one of the unit's own data sets, or auto
    version: str
    overwrite: bool
    model_store: Path
    data_dir: Path
    metric_file: Path
    version_file: Path
    note_file: Path
    charts_file: Path
    links_file: Path
    code: str  # sha256 of the code as it was when the job began

    @property
    def folder(self) -> Path:
        """The version's place in the model store."""
        return store.place(self.model_store, self.unit.name, self.version)

    def rows(self, data: Rows) -> Rows:
        """What to train and test on: `data`; in a trial of a search its training rows alone."""
        return data

    def reached(self, step: int, value: float) -> None:
        """What has been reached after `step` epochs of what a search goes by; who tells may be given up.

        Nothing in a training; in a trial that is behind the others, it does not come back.
        """

    def is_done(self, data: Dataset) -> bool:
        """Whether the store has this version, made of the same inputs: then it is kept, and said so."""
        if self.overwrite or not store.same_as_stored(self.folder, self.inputs(data)):
            store.check_writable(self.folder)
            return False
        self._report_kept()
        return True

    def save(
        self,
        files: Mapping[str, bytes],
        data: Dataset,
        answers: Any,
        *,
        seconds: float,
        curve: Sequence[Mapping[str, float]] = (),
        scores: Mapping[str, float] | None = None,
        details: Mapping[str, Any] | None = None,
        drawings: Mapping[str, bytes] | None = None,
        charts: Sequence[Chart] = (),
        baseline: Baseline | None = None,
    ) -> None:
        """Check that `files` answer as what was trained did, then put them and all about them into the store.

        files: what predict.py loads, by name. answers: of what was trained, for all test rows. seconds: that
        the fitting took. curve: numbers by epoch. scores, details, drawings, charts: beside those that every
        unit with such a metric has. baseline: a simple forecast that numbers are measured by, as `skill`.
        Raises ModelError when the files answer otherwise; then nothing is saved.
        """
        from models.contract.trained import Trained

        trained = Trained(
            job=self,
            files=files,
            data=data,
            answers=answers,
            seconds=seconds,
            curve=curve,
            scores=scores or {},
            details=details or {},
            drawings=drawings or {},
            baseline=baseline,
            charts=charts,
        )
        if store.save(self.folder, self.inputs(data), trained.write, overwrite=self.overwrite):
            version = load(self.folder)
            print(f"{version.described}, {seconds:.1f} s of fitting.\nsaved: {self.folder}", flush=True)
            self._give_back(version)
        else:
            self._report_kept()

    def inputs(self, data: Dataset) -> Inputs:
        rows = {"train": len(data.x_train), "test": len(data.x_test)}
        described = Data(data.name, data.description, data.sha256, rows)
        return Inputs(params=vars(self.params), data=described, code=self.code)

    def link(self, links: Mapping[str, str]) -> None:
        """Where more is to be read of it, by what that is: shown with the run."""
        self.links_file.parent.mkdir(parents=True, exist_ok=True)
        self.links_file.write_text(json.dumps(dict(links)), encoding="utf-8")

    def _report_kept(self) -> None:
        version = load(self.folder)
        print(
            f"kept: {self.folder} is there already, made of the same params, data and code:"
            f" {version.metric.text} on {version.data.description}.",
            flush=True,
        )
        self._give_back(version)

    def _give_back(self, version: Version) -> None:
        """For the workflow: its output parameters are read from these files.

        Who asked for the best data that can be had is told which that was.
        """
        note = (
            f"dataset {AUTO}: {version.data.description}"
            if self.dataset == AUTO and self.unit.datasets
            else ""
        )
        drawn = self.folder / CHARTS
        told = {
            self.metric_file: version.metric.text,
            self.version_file: version.text,
            self.note_file: note,
            self.charts_file: drawn.read_text(encoding="utf-8") if drawn.exists() else "",
        }
        for path, text in told.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def run(main: Callable[[Job], None], arguments: Sequence[str] | None = None) -> NoReturn:
    """Train the unit in whose folder `main` is written; exit 0 when it is in the store, 1 with why not."""
    from models.contract.flags import job

    try:
        folder = Path(main.__code__.co_filename).resolve().parent
        unit = read(folder)
        models = folder.parents[unit.folder.count("/")]
        main(job(unit, lineage.code_sha256(folder, models), arguments))
    except (ModelError, OSError) as error:  # a full disk or a read-only store is no bug of ours
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(0)


def cpus() -> int:
    """The processors this process may use, as a container's limit has it, or OMP_NUM_THREADS."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if (told := os.environ.get("OMP_NUM_THREADS", "")).isdecimal():
        usable = max(1, min(usable, int(told)))
    return max(1, round(min([usable, *_shares()])))


def _shares() -> Iterator[float]:
    """The cores that each control group around this process may have, of either version of the interface."""
    try:
        groups = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        return
    for line in groups:
        _, names, path = line.split(":", 2)
        if names and "cpu" not in names.split(","):
            continue
        mount = Path("/sys/fs/cgroup", names)
        inner = Path(path.lstrip("/"))
        # In a container the path may be the machine's, and the mount begin at its own group.
        for folder in dict.fromkeys((mount / inner, *(mount / above for above in inner.parents), mount)):
            with contextlib.suppress(OSError, ValueError):  # no such file, or no limit: "max"
                files = ("cpu.cfs_quota_us", "cpu.cfs_period_us") if names else ("cpu.max",)
                quota, period = " ".join(
                    (folder / file).read_text(encoding="ascii") for file in files
                ).split()
                if int(quota) > 0:
                    yield int(quota) / int(period)
