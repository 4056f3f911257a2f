"""A step's main in, its command line out: faults in one line on stderr, outputs as files for a workflow."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from models.contract.errors import ModelError

Main = Callable[[argparse.Namespace, list[str]], dict[str, str]]


def run(made: argparse.ArgumentParser, main: Main, arguments: Sequence[str] | None = None) -> NoReturn:
    """`main` gets the flags, and those that are not known; what it returns is told, and written.

    Exit 1 with a message where a user can mend something; the rest is a bug and looks it.
    """
    made.add_argument("--outputs", type=Path, metavar="FOLDER", help="Where each output becomes a file.")
    given, more = made.parse_known_args(arguments)
    try:
        for name, text in main(given, more).items():
            print(f"{name}: {text}", flush=True)
            if given.outputs:
                given.outputs.mkdir(parents=True, exist_ok=True)
                (given.outputs / name).write_text(text, encoding="utf-8")
    except (ModelError, OSError) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(0)


def parser(module: str, description: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog=f"python -m models.bitcoin.{module}",
        description=description,
        allow_abbrev=False,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )


def unknown(made: argparse.ArgumentParser, more: Sequence[str]) -> None:
    """For a step that has nobody to pass flags on to."""
    if more:
        made.error(f"unrecognized arguments: {' '.join(more)}")
