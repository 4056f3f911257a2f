"""A path below /volume in, what is there out: the program of the pod of `volumes`, standard library only.

Says what it found as JSON in its first line; with `cat`, a file's content follows in lines of base64.
"""

import base64
import json
import sys
from pathlib import Path

ROOT = Path("/volume")
_PIECE = 48 * 1024  # a multiple of 3: only the last line is padded


def main(below: str, what: str) -> None:
    path = ROOT / below
    if not path.resolve().is_relative_to(ROOT):
        _say(outside=True)
    elif path.is_dir():
        _say(
            entries=[(each.name, None if each.is_dir() else each.lstat().st_size) for each in path.iterdir()]
        )
    elif not path.exists():
        above = next(parent for parent in path.parents if parent.is_dir())
        missing = path.relative_to(above).parts[0]
        _say(missing=missing, above=str(above.relative_to(ROOT)), known=[p.name for p in above.iterdir()])
    else:
        _say(file=path.name, size=path.stat().st_size)
        if what == "cat":
            with path.open("rb") as file:
                while piece := file.read(_PIECE):
                    _write(base64.b64encode(piece).decode())


def _say(**told: object) -> None:
    _write(json.dumps(told))


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
