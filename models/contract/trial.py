"""A Job in, the same training with other params out, of which only the scores are kept: a trial of a search.

It never sees the test rows: what is tested on is the last fifth of the training rows, learned without.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from types import SimpleNamespace
from typing import Any

from models.contract.errors import ModelError
from models.contract.job import Dataset, Job, Rows

LEARNED = 0.8  # of the training rows; in their order, so that where they have one the later ones are told


class Pruned(Exception):
    """No error: the end of a trial that is behind the others."""


def _nobody(step: int, value: float) -> bool:
    return False


@dataclass(frozen=True)
class Trial(Job):
    """A training that is not stored: no version, no file, no drawing comes of it."""

    is_behind: Callable[[int, float], bool] = _nobody  # after so many steps, with such a value
    scores: dict[str, float] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)

    def rows(self, data: Rows) -> Rows:
        """Rows of the training part alone, in a data set that is a dataclass with x_train and so on."""
        known: Any = data
        first = int(len(known.x_train) * LEARNED)
        changed: Rows = replace(
            known,
            x_train=known.x_train[:first],
            y_train=known.y_train[:first],
            x_test=known.x_train[first:],
            y_test=known.y_train[first:],
        )
        return changed

    def reached(self, step: int, value: float) -> None:
        """Raises Pruned."""
        if self.is_behind(step, value):
            raise Pruned

    def is_done(self, data: Dataset) -> bool:
        return False

    def save(self, files: Mapping[str, bytes], data: Dataset, answers: Any, **told: Any) -> None:
        """The scores of the answers, as a version would have them."""
        from models.contract.trained import Trained

        self.data.update(description=data.description, sha256=data.sha256)
        given: dict[str, Any] = {"curve": (), "scores": {}, "details": {}, "drawings": {}, "baseline": None}
        given |= {name: value for name, value in told.items() if value is not None}
        self.scores.update(Trained(job=self, files=files, data=data, answers=answers, **given).measured)


def score(
    main: Callable[[Job], None],
    job: Job,
    params: Mapping[str, Any],
    *,
    by: str,
    is_behind: Callable[[int, float], bool] = _nobody,
) -> tuple[float, Mapping[str, str]]:
    """What `main` reaches with these params, and the data that it learned from.

    Raises ModelError where that is no number, and Pruned where `is_behind` says so on the way.
    """
    told = {one.name: getattr(job, one.name) for one in fields(Job)}
    trial = Trial(**told | {"params": SimpleNamespace(**params), "is_behind": is_behind})
    main(trial)
    if by not in trial.scores:
        raise ModelError(
            f"{job.unit.name} is searched by {by}; a training measures"
            f" {', '.join(trial.scores) or 'nothing'}. Correct metric or search_by in model.yaml."
        )
    if not math.isfinite(value := float(trial.scores[by])):
        raise ModelError(f"{by} is {value}.")
    return value, trial.data
