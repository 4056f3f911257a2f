"""A model's folder in, a version in the model store out: what every train.py has around its training.

A version is `$MODEL_STORE/<model>/<version>/model.json`: what was learned, its params and its metric.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

MODELS = Path(__file__).parent
FILE = "model.json"

Params = Mapping[str, Any]
Train = Callable[[Params], tuple[dict[str, Any], float]]  # what was learned, and its metric on test rows


@dataclass(frozen=True, kw_only=True)
class Unit:
    """What model.yaml says. `better` is higher or lower; `params` are what it is trained with by default."""

    name: str
    title: str
    metric: str
    better: str
    accept: float
    params: Params


def read(folder: Path) -> Unit:
    """The model in a folder."""
    said = yaml.safe_load((folder / "model.yaml").read_text(encoding="utf-8"))
    try:
        unit = Unit(**said)
    except TypeError as error:
        raise ValueError(f"models/{folder.name}/model.yaml: {error}") from None
    if unit.name != folder.name:
        raise ValueError(f"models/{folder.name}/model.yaml: name is {unit.name!r}; expected {folder.name!r}.")
    return unit


def read_all() -> Iterator[Unit]:
    """Every model, by name."""
    return (read(file.parent) for file in sorted(MODELS.glob("*/model.yaml")))


def run(train: Train, file: str) -> None:
    """Train the model in whose folder `file` is, and keep the version: flags are --version and the params."""
    unit = read(Path(file).resolve().parent)
    parser = argparse.ArgumentParser(description=unit.title, allow_abbrev=False)
    parser.add_argument("--version", default="0.1")
    parser.add_argument("--metric-file", type=Path, help="where the metric is written to, for a workflow")
    for name, value in unit.params.items():
        parser.add_argument(f"--{name}", type=type(value), default=value)
    given = vars(parser.parse_args())
    version, metric_file = given.pop("version"), given.pop("metric_file")
    learned, value = train(given)
    found = {"model": learned, "params": given, unit.metric: value}
    _keep(Path(os.environ["MODEL_STORE"]) / unit.name / version, json.dumps(found))
    print(f"{unit.name} {version}: {unit.metric} {value:.4f}")
    if metric_file:
        metric_file.parent.mkdir(parents=True, exist_ok=True)
        metric_file.write_text(repr(value))


def load() -> dict[str, Any]:
    """What the version in the folder MODEL_DIR has learned."""
    file = Path(os.environ["MODEL_DIR"], FILE)
    try:
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))["model"]
    except (OSError, ValueError, KeyError) as error:
        raise RuntimeError(f"{file} cannot be loaded: {error}") from error
    return found


def _keep(folder: Path, text: str) -> None:
    """Whole or not at all; a version that is there is never replaced by another."""
    file = folder / FILE
    if file.exists():
        if file.read_text(encoding="utf-8") != text:
            sys.exit(f"{folder} exists and is another model; give another --version.")
        return
    folder.mkdir(parents=True, exist_ok=True)
    new = folder / f".{FILE}.new"
    new.write_text(text, encoding="utf-8")
    new.replace(file)
