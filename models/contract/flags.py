"""A unit in, its trainer's command line out: a flag for each param, and those that all have."""

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from models.contract.errors import ModelError
from models.contract.job import Job
from models.contract.params import Param
from models.contract.rules import BOOL
from models.contract.spec import AUTO, FILE, Unit, kebab


def job(unit: Unit, code: str, arguments: Sequence[str] | None = None) -> Job:
    """The Job that the arguments ask for; `code` is the sha256 of what trains. Raises ModelError."""
    given = vars(parser(unit).parse_args(arguments))
    params = SimpleNamespace(**{name: given.pop(f"params.{name}") for name in unit.params})
    given["data_dir"] = given["data_dir"] or given["model_store"] / ".data"
    made = Job(unit=unit, params=params, code=code, **{"dataset": AUTO, **given})
    _ = made.folder  # a bad version is told now, not after the training
    return made


def parser(unit: Unit) -> argparse.ArgumentParser:
    """Its flags. Raises ModelError where a param would be a second flag of a name: workflows ask, too."""
    made = argparse.ArgumentParser(
        prog=f"python -m {unit.module}.train",
        description=f"{unit.title}. {unit.description}",
        allow_abbrev=False,
    )
    store = Path(os.environ.get("MODEL_STORE") or "build/model-store")
    cache = os.environ.get("DATA_DIR")
    flag = made.add_argument
    if unit.datasets:
        text = "Data to train on; auto takes the best there is."
        flag("--dataset", default=AUTO, choices=unit.datasets, metavar="|".join(unit.datasets), help=text)
    flag("--version", default="0.1", help="Name of the version in the model store (0.1).")
    switch = Param(type="bool", value=False, description="-")
    text = "Replace the version where it exists (false)."
    flag("--overwrite", type=_parsed(switch), default=False, metavar="|".join(BOOL), help=text)
    flag("--model-store", type=Path, default=store, metavar="FOLDER", help=f"MODEL_STORE ({store}).")
    text = "DATA_DIR (.data in the model store)."
    flag("--data-dir", type=Path, default=cache, metavar="FOLDER", help=text)
    flag("--metric-file", type=Path, default=Path("/tmp/metric"), metavar="FILE", help="%(default)s")  # noqa: S108
    flag("--note-file", type=Path, default=Path("/tmp/note"), metavar="FILE", help="%(default)s")  # noqa: S108
    flag("--version-file", type=Path, default=Path("/tmp/version"), metavar="FILE", help="%(default)s")  # noqa: S108
    flag("--charts-file", type=Path, default=Path("/tmp/charts"), metavar="FILE", help="%(default)s")  # noqa: S108
    flag("--links-file", type=Path, default=Path("/tmp/links"), metavar="FILE", help="%(default)s")  # noqa: S108
    own = made.add_argument_group("params of this unit")
    for name, param in unit.params.items():
        try:
            own.add_argument(
                f"--{kebab(name)}",
                dest=f"params.{name}",
                type=_parsed(param),
                default=param.parse(param.text),
                metavar="|".join(param.rule.get("enum", [param.type.upper()])),
                help=f"{param.description} ({param.text})".replace("%", "%%"),
            )
        except argparse.ArgumentError:
            raise ModelError(
                f"models/{unit.folder}/{FILE}: params.{name} is the trainer's own flag --{kebab(name)};"
                " give the param another name."
            ) from None
    return made


def _parsed(param: Param) -> Callable[[str], Any]:
    def parse(text: str) -> Any:
        try:
            return param.parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parse
