"""A folder in, the study of a search in it out: its trials are made once, and each is finished once.

Optuna suggests and remembers (an append-only journal, which a network file system can hold, too). All trials
are there from the start, by number. Who works on one holds its lock; a lock ends with its process. So a trial
whose process was killed is free again, and whoever takes it goes on with the values that it already has.
"""

import fcntl
import json
import math
import os
import random
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from models.contract.errors import ModelError
from models.contract.params import Value
from models.contract.search import Choice, Range, Space

FILE, JOURNAL, NAME = "study.json", "journal.log", "study"
ENDED, WARM = 4, 3  # complete trials, and the step of a trial, before any is given up for being behind
STARTS = 5  # a trial that was started so often and never ended is given up: it may be what kills its process


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is searched: two that ask for the same may share a study."""

    unit: str
    trials: int
    seed: int
    by: str
    better: str
    search: Mapping[str, Any]
    first: Mapping[str, Value]  # values of the first trial, where they lie within the search
    arguments: tuple[str, ...]  # of the trainer: what all trials have in common
    code: str
    prune: bool


@dataclass(frozen=True)
class Tried:
    """A trial as it stands."""

    number: int
    state: str  # waiting, running, complete, pruned or failed
    params: Mapping[str, Value]
    value: float | None  # of one that is complete
    seconds: float | None
    reason: str = ""
    steps: int = 0  # at which it told what it had reached
    reached: float | None = None  # at the last of them
    data: Mapping[str, str] = field(default_factory=dict)  # description and sha256 of what it learned from


def create(folder: Path, asked: Asked, space: Space) -> None:
    """Make the study, whole or not at all; one that is there and asks for the same is kept."""
    if folder.exists():
        found = read(folder)
        if found != asked:
            one, other = asdict(found), asdict(asked)
            differs = ", ".join(name for name in one if one[name] != other[name])
            raise ModelError(f"{folder} is another study: it differs in {differs}. Start a run of its own.")
        print(f"kept: {folder} is there already", flush=True)
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        if asked.trials:
            made = _optuna().create_study(
                storage=_storage(beside),
                study_name=NAME,
                direction="maximize" if asked.better == "higher" else "minimize",
            )
        inside = {
            name: value for name, value in asked.first.items() if name in space and space[name].holds(value)
        }
        for number in range(asked.trials):
            made.enqueue_trial(inside if number == 0 else {})
        (beside / FILE).write_text(json.dumps(asdict(asked), indent=1) + "\n", encoding="utf-8")
        for path in beside.iterdir():
            path.chmod(0o644)
        beside.chmod(0o755)
        beside.rename(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def read(folder: Path) -> Asked:
    try:
        told = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return Asked(**told | {"arguments": tuple(told["arguments"])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ModelError(
            f"{folder / FILE}: no study of a search ({error}). The step before makes it."
        ) from None


def tried(folder: Path) -> list[Tried]:
    """All trials, by number."""
    if not (folder / JOURNAL).exists():
        return []
    study = _optuna().load_study(study_name=NAME, storage=_storage(folder))
    return [_tried(one) for one in study.get_trials(deepcopy=False)]


class Taken:
    """A trial that this process alone works on."""

    def __init__(self, storage: Any, number: int, asked: Asked) -> None:
        optuna = _optuna()
        self.number = number
        self._storage = storage
        # Random numbers by trial: what is suggested does not depend on who works on it.
        drawn = random.Random(f"{asked.seed}/{number}").getrandbits(32)
        self._study = optuna.load_study(
            study_name=NAME,
            storage=self._storage,
            sampler=optuna.samplers.TPESampler(seed=drawn, constant_liar=True),
            # It draws nothing: who is given up is said by the trials that are complete.
            pruner=optuna.pruners.MedianPruner(ENDED, WARM) if asked.prune else optuna.pruners.NopPruner(),
        )
        study_id = self._storage.get_study_id_from_name(NAME)
        self._id = self._storage.get_trial_id_from_study_id_trial_number(study_id, number)

    @property
    def _now(self) -> Any:
        return self._storage.get_trial(self._id)

    @property
    def is_finished(self) -> bool:
        return bool(self._now.state.is_finished())

    def begin(self, space: Space) -> dict[str, Value]:
        """The values to try: those it has, where it was begun before. ModelError after too many starts."""
        optuna = _optuna()
        if self._now.state == optuna.trial.TrialState.WAITING:
            self._storage.set_trial_state_values(self._id, optuna.trial.TrialState.RUNNING)
        starts = int(self._now.user_attrs.get("starts", 0))
        if starts >= STARTS:
            raise ModelError(f"started {starts} times, and its process ended each time.")
        trial = optuna.trial.Trial(self._study, self._id)
        trial.set_user_attr("starts", starts + 1)
        return {name: _suggested(trial, name, one) for name, one in space.items()}

    def is_behind(self, step: int, value: float) -> bool:
        """Keep what it has reached; whether at least half of the complete trials had reached more by then."""
        self._storage.set_trial_intermediate_value(self._id, step, value)
        return bool(self._study.pruner.prune(self._study, self._now))

    def complete(self, value: float, *, seconds: float, data: Mapping[str, str]) -> None:
        self._storage.set_trial_user_attr(self._id, "data", dict(data))
        self._storage.set_trial_user_attr(self._id, "seconds", round(seconds, 2))
        self._study.tell(self.number, value)

    def prune(self, *, seconds: float) -> None:
        self._storage.set_trial_user_attr(self._id, "seconds", round(seconds, 2))
        self._study.tell(self.number, state=_optuna().trial.TrialState.PRUNED)

    def fail(self, reason: str) -> None:
        self._storage.set_trial_user_attr(self._id, "reason", reason)
        self._study.tell(self.number, state=_optuna().trial.TrialState.FAIL)


def untaken(folder: Path, asked: Asked) -> Iterator[Taken]:
    """Trials that are not finished and that nobody works on, each held until the next is asked for."""
    storage = _storage(folder)
    for number in range(asked.trials):
        with _lock(folder / f"{number}.lock") as ours:
            if ours and not (taken := Taken(storage, number, asked)).is_finished:
                yield taken


@contextmanager
def _lock(path: Path) -> Iterator[bool]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(descriptor)


def _tried(one: Any) -> Tried:
    names = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed", "RUNNING": "running"}
    steps: Mapping[int, float] = one.intermediate_values
    return Tried(
        number=one.number,
        state=names.get(one.state.name, "waiting"),
        params=one.params,
        value=one.value if one.state.name == "COMPLETE" else None,
        seconds=one.user_attrs.get("seconds"),
        reason=one.user_attrs.get("reason", ""),
        steps=len(steps),
        reached=steps[max(steps)] if steps and math.isfinite(steps[max(steps)]) else None,
        data=one.user_attrs.get("data", {}),
    )


def _suggested(trial: Any, name: str, one: Range | Choice) -> Value:
    if isinstance(one, Choice):
        value: Value = trial.suggest_categorical(name, list(one.values))
    elif isinstance(one.low, int) and isinstance(one.high, int):
        value = trial.suggest_int(name, one.low, one.high, log=one.log)
    else:
        value = trial.suggest_float(name, one.low, one.high, log=one.log)
    return value


def _storage(folder: Path) -> Any:
    journal = _optuna().storages.journal
    return _optuna().storages.JournalStorage(journal.JournalFileBackend(str(folder / JOURNAL)))


def _optuna() -> Any:
    try:
        import optuna
    except ImportError:
        raise ModelError("A search needs optuna: add it to the unit's train.in, and make lock.") from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
