"""What a training made in, a complete folder of the model store out: checked, measured, drawn.

The files are loaded by the very class that will serve them, which then has to answer as what was trained did.
"""

import importlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.contract import charts as seen
from models.contract import lineage, report, samples, version
from models.contract.errors import ModelError
from models.contract.metric import SCORES, Metric, scores
from models.contract.skill import Baseline, against
from models.contract.spec import MODELS

if TYPE_CHECKING:
    from models.contract.job import Dataset, Job

TOLERANCE = 1e-4  # between what was trained and what is served: one calculates in float64, the other may not
CHECKED = 200  # test rows whose answers are compared
METHODS = {"MODEL": "predict", "TRANSFORMER": "transform_input", "OUTPUT_TRANSFORMER": "transform_output"}


@dataclass(frozen=True, kw_only=True)
class Trained:
    """What was trained, before it is a version. Scores, details, drawings, charts come on top of our own."""

    job: "Job"
    files: Mapping[str, bytes]
    data: "Dataset"
    answers: Any
    seconds: float
    curve: Sequence[Mapping[str, float]]
    scores: Mapping[str, float]
    details: Mapping[str, Any]
    drawings: Mapping[str, bytes]
    baseline: Baseline | None = None
    charts: Sequence[seen.Chart] = ()

    def write(self, folder: Path) -> None:
        """Fill the folder; version.json comes last. Raises ModelError when the files answer otherwise."""
        for name, content in self.files.items():
            (folder / name).write_bytes(content)
        answers, truth = samples.plain(self.answers), samples.plain(self.data.y_test)
        record = self._record(folder, answers, truth)
        version.write(folder, record)  # servers read it

        rows = samples.as_sent(self.data.x_test)
        sample = samples.Samples(
            names=_names(self.data, rows),
            rows=rows,
            truth=truth[: len(rows)],
            answers=self._served(folder, answers, rows),
            dataset=self.data.description,
        )
        samples.write(folder / version.SAMPLES, sample)
        training = folder / version.TRAINING
        samples.write_training(training, self.data.x_train, sample.names, self.data.description)
        for name, content in self.drawings.items():
            (folder / name).write_bytes(content)
        report.draw(
            folder,
            title=record.described,
            kind=self._kind,
            curve=self.curve,
            answers=answers,
            truth=truth,
            told=record.details,
        )
        drawn = seen.of_training(
            kind=self._kind, curve=self.curve, answers=answers, truth=truth, told=record.details
        )
        (folder / seen.FILE).write_text(seen.text([*drawn, *self.charts]), encoding="utf-8")
        names = [path.name for path in folder.iterdir() if path.name != version.FILE]
        version.write(folder, replace(record, files=version.hashes(folder, names), samples=version.SAMPLES))

    @property
    def measured(self) -> dict[str, float]:
        """All scores, by name; nothing is written."""
        return self._scores(samples.plain(self.answers), samples.plain(self.data.y_test))

    def _scores(self, answers: list[Any], truth: list[Any]) -> dict[str, float]:
        return self._measured(answers, truth) | dict(self.scores)

    def _record(self, folder: Path, answers: list[Any], truth: list[Any]) -> version.Version:
        job = self.job
        judged = job.unit.metric
        found = self._scores(answers, truth)
        if judged is None or judged.name not in found:
            named = judged.name if judged else "no metric"
            raise ModelError(
                f"{job.unit.name} is judged by {named}; the training measured"
                f" {', '.join(found) or 'nothing'}. Give it to save() as scores, or correct model.yaml."
            )
        inputs = job.inputs(self.data)
        commit, dirty = lineage.commit(MODELS)
        hashes = version.hashes(folder, self.files)
        return version.Version(
            unit=job.unit.name,
            version=job.version,
            files=hashes,
            decides=sorted(self.files),
            digest=version.digest(hashes, list(self.files)),
            metric=Metric(judged.name, found[judged.name], judged.better),
            scores={name: value for name, value in found.items() if name != judged.name},
            data=inputs.data,
            params=inputs.params,
            code=inputs.code,
            commit=commit,
            dirty=dirty,
            image=os.environ.get("IMAGE"),
            seconds=round(self.seconds, 2),
            versions=lineage.versions(),
            curve=list(self.curve),
            details=report.details(self._kind, answers, truth) | self._against | dict(self.details),
        )

    def _measured(self, answers: list[Any], truth: list[Any]) -> dict[str, float]:
        """The scores that every unit with such a metric has."""
        try:
            found = scores(self._kind, answers, truth) if self._kind else {}
            if self.baseline is not None:
                found |= against(answers, truth, samples.plain(self.baseline.answers))
            return found
        except (ValueError, TypeError, IndexError) as error:
            raise ModelError(
                f"{self.job.unit.name}: the answers are {samples.shape(answers)}, the truth"
                f" {samples.shape(truth)}, such as {truth[:1]}; {self._kind} cannot be measured by them"
                f" ({error}). Classes are 0, 1 and so on, with a probability of each; numbers are numbers."
            ) from None

    def _served(self, folder: Path, answers: list[Any], rows: list[Any]) -> list[Any]:
        """What the unit's own predict.py answers to `rows`, after it has proven itself on the test rows."""
        ask = _server(self.job, folder)
        if ask is None:
            return answers[: len(rows)]
        found = ask(self.data.x_test[:CHECKED])
        expected = answers[: len(found)]
        if samples.shape(expected) != samples.shape(found):
            raise ModelError(
                f"Served, it answers {samples.shape(found)}; what was trained, {samples.shape(expected)}."
                " Nothing was saved."
            )
        apart = samples.furthest(expected, found)
        if not apart <= TOLERANCE:
            raise ModelError(
                f"Its served answers are up to {apart:.2g} from what was trained on {len(found)} rows;"
                f" expected at most {TOLERANCE:g}. Nothing was saved."
            )
        size = sum(map(len, self.files.values())) / 1e6
        print(f"{', '.join(self.files)}: {size:.1f} MB, within {apart:.1e} of what was trained.", flush=True)
        return ask(rows)

    @property
    def _against(self) -> dict[str, str]:
        return {"baseline": self.baseline.name} if self.baseline else {}

    @property
    def _kind(self) -> str | None:
        if self.baseline is not None:
            return "numbers"
        judged = self.job.unit.metric
        known = SCORES.get(judged.name) if judged else None
        return known.kind if known else None


def _server(job: "Job", folder: Path) -> Callable[[Any], list[Any]] | None:
    """The unit's class over the files in `folder`; None where it serves no rows, or not its own versions."""
    unit = job.unit
    method = METHODS.get(unit.serve.type) if unit.serve else None
    if method is None or unit.loads != unit.name:
        return None
    model = importlib.import_module(f"{unit.module}.predict").Model(str(folder))

    def ask(rows: Any) -> list[Any]:
        try:
            return samples.plain(getattr(model, method)(samples.array(rows), []))
        except (RuntimeError, ValueError) as error:
            raise ModelError(f"{unit.module}.predict does not answer test rows: {error}") from error

    try:
        model.load()
    except RuntimeError as error:
        raise ModelError(f"{unit.module}.predict does not load what was trained: {error}") from error
    return ask


def _names(data: "Dataset", rows: list[Any]) -> list[str] | None:
    """The `features` of the data set, where it names them; x0, x1 and so on for rows of numbers."""
    if features := getattr(data, "features", None):
        return list(features)
    first = rows[0] if rows else None
    return [f"x{i}" for i in range(len(first))] if isinstance(first, list) else None
