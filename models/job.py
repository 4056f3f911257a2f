"""A command line in, a trained version in the model store out: what every train.py has around its training.

`run` reads the flags that model.yaml gives, hands a Job to the model's `main` and turns what a user can mend
into one line on stderr. The Job knows where things are, whether there is anything to do, and how to save.
"""

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from models import lineage, store
from models.errors import ModelError
from models.spec import MODELS, Param, Spec, kebab, read

if TYPE_CHECKING:
    import numpy as np
    import onnx


class Data(Protocol):
    """What a data set has to have: see models/mnist.py for one."""

    @property
    def name(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def x_train(self) -> "np.ndarray": ...
    @property
    def x_test(self) -> "np.ndarray": ...
    @property
    def y_test(self) -> "np.ndarray": ...


@dataclass(frozen=True)
class Job:
    """One training: its params, and where things come from and go to."""

    spec: Spec
    params: SimpleNamespace
    dataset: str
    version: str
    overwrite: bool
    model_store: Path
    data_dir: Path
    accuracy_file: Path
    metrics_file: Path
    code_sha256: str  # of the code as it was when the job began

    @property
    def folder(self) -> Path:
        """The version's place in the model store."""
        return store.place(self.model_store, self.spec.name, self.version)

    def is_done(self, data: Data) -> bool:
        """Whether the store has this version, made of the same inputs: then it is kept, and said so."""
        if self.overwrite or not store.same_as_stored(self.folder, self._lineage(data)):
            store.check_writable(self.folder)
            return False
        self._report_kept()
        return True

    def save(
        self,
        model: "onnx.ModelProto",
        data: Data,
        probabilities: "np.ndarray",
        *,
        curve: Sequence[Mapping[str, float]],
        seconds: float,
    ) -> None:
        """Check the export, then put model, metrics, lineage, samples and drawings into the store.

        probabilities: the native model's, for all test rows. curve: `loss` and `accuracy` by epoch.
        seconds: that the fitting took. Raises ModelError when the export answers otherwise.
        """
        from models import export, report

        content = export.checked(model, data.x_test, probabilities)
        scores = report.scores(data.y_test, probabilities)
        metrics = {
            "model": self.spec.name,
            "version": self.version,
            "accuracy": scores["accuracy"],
            "dataset": data.description,
            "dataset_name": data.name,
            "train_rows": len(data.x_train),
            "test_rows": len(data.x_test),
            "seconds": round(seconds, 2),
            "seed": getattr(self.params, "seed", None),
            "params": vars(self.params),
            "curve": list(curve),
            **scores,
            "model_sha256": hashlib.sha256(content).hexdigest(),
            "versions": lineage.versions(),
        }
        title = f"{self.spec.name} {self.version}: {scores['accuracy']:.2%} on {data.description}"

        def write(folder: Path) -> None:
            (folder / "model.onnx").write_bytes(content)
            (folder / store.METRICS).write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")
            report.write_samples(
                folder / "samples.json.gz", data.x_test, data.y_test, dataset=data.description
            )
            report.draw_curve(folder / "training_curve.png", curve, title=title)
            report.draw_confusion(folder / "confusion_matrix.png", scores["confusion_matrix"], title=title)

        if store.save(self.folder, self._lineage(data), write, overwrite=self.overwrite):
            print(f"{title}, {seconds:.1f} s of fitting.\nsaved: {self.folder}", flush=True)
            self._give_back(metrics)
        else:
            self._report_kept()

    def _lineage(self, data: Data) -> dict[str, Any]:
        return {
            "model": self.spec.name,
            "version": self.version,
            "params": vars(self.params),
            "dataset": data.description,
            "data_sha256": data.sha256,
            "code_sha256": self.code_sha256,
            "commit": lineage.commit(MODELS),
            "image": os.environ.get("IMAGE"),
        }

    def _report_kept(self) -> None:
        metrics = json.loads((self.folder / store.METRICS).read_text(encoding="utf-8"))
        print(
            f"kept: {self.folder} is there already, made of the same params, data and code:"
            f" {metrics['accuracy']:.2%} on {metrics['dataset']}.",
            flush=True,
        )
        self._give_back(metrics)

    def _give_back(self, metrics: Mapping[str, Any]) -> None:
        """For the workflow: its output parameters `accuracy` and `metrics` are read from these files."""
        for path, text in (
            (self.accuracy_file, f"{metrics['accuracy']:.4f}"),
            (self.metrics_file, json.dumps(metrics)),
        ):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def run(main: Callable[[Job], None], model: str, arguments: Sequence[str] | None = None) -> NoReturn:
    """Train `model` as the command line says; exit 0 when its version is in the store, 1 with the reason."""
    try:
        main(from_arguments(read(MODELS / model), arguments))
    except (ModelError, OSError) as error:  # a full disk or a read-only store is no bug of ours
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(0)


def from_arguments(spec: Spec, arguments: Sequence[str] | None = None) -> Job:
    """The flags of a trainer: one for each param in model.yaml, and those that all trainers have."""
    parser = argparse.ArgumentParser(
        prog=f"python -m models.{spec.name}.train",
        description=f"{spec.title}. {spec.description}",
        allow_abbrev=False,
    )
    home = Path(os.environ.get("MODEL_STORE") or "build/model-store")
    flag = parser.add_argument
    flag("--dataset", default="auto", metavar="NAME", help="Data to train on; auto takes the best there is.")
    flag("--version", default="0.1", help="Name of the version in the model store (0.1).")
    flag(
        "--overwrite",
        type=_parsed(Param(type="bool", value=False, description="-")),
        default=False,
        metavar="true|false",
        help="Replace the version where it exists (false).",
    )
    flag("--model-store", type=Path, default=home, metavar="FOLDER", help=f"MODEL_STORE ({home}).")
    cache = os.environ.get("DATA_DIR")
    flag(
        "--data-dir", type=Path, default=cache, metavar="FOLDER", help="DATA_DIR (.data in the model store)."
    )
    flag("--accuracy-file", type=Path, default=Path("/tmp/accuracy"), metavar="FILE", help="%(default)s")  # noqa: S108
    flag("--metrics-file", type=Path, default=Path("/tmp/metrics.json"), metavar="FILE", help="%(default)s")  # noqa: S108
    own = parser.add_argument_group("params of this model")
    for name, param in spec.params.items():
        own.add_argument(
            f"--{kebab(name)}",
            dest=name,
            type=_parsed(param),
            default=param.value,
            metavar=param.expected.split()[0].upper() if not param.choices else "|".join(param.choices),
            help=f"{param.description} ({param.value})".replace("%", "%%"),
        )
    given = vars(parser.parse_args(arguments))
    params = SimpleNamespace(**{name: given.pop(name) for name in spec.params})
    given["data_dir"] = given["data_dir"] or given["model_store"] / ".data"
    job = Job(spec=spec, params=params, code_sha256=lineage.code_sha256(MODELS / spec.name), **given)
    _ = job.folder  # a bad version is told now, not after the training
    return job


def cpus() -> int:
    """The processors this process may use, as a container's limit has it."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        return max(1, min(usable, round(int(quota) / int(period))))
    except (OSError, ValueError):  # no cgroup v2, or no limit: "max"
        return usable


def _parsed(param: Param) -> Callable[[str], Any]:
    def parse(text: str) -> Any:
        try:
            return param.parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parse
