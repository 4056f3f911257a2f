"""Programs in, what they make as JSON out: the process behind `argolane.render`.

Runs in the root of the project as `python -m argolane.render_programs DESCRIPTOR PROGRAM...` and writes
{program: {"manifests": {stem: body}} or {"fault": text}} to the open file DESCRIPTOR.
"""

import importlib
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any


def manifests(program: str) -> dict[str, Any]:
    """What one program makes, as plain data; a program without manifests() makes nothing."""
    module = importlib.import_module(".".join(Path(program).with_suffix("").parts))
    make = getattr(module, "manifests", None)
    if make is None:
        return {}
    made = make()
    if not isinstance(made, dict):
        raise TypeError(
            f"manifests() returned {type(made).__name__}; expected a dict of file stem and object."
        )
    for stem in made:
        if not isinstance(stem, str):
            raise TypeError(f"a file stem is {stem!r}; expected text.")
    return {stem: _plain(stem, value) for stem, value in made.items()}


def _plain(stem: str, value: Any) -> Any:
    if isinstance(value, list) and value:
        return [_plain(f"{stem}[{number}]", each) for number, each in enumerate(value)]
    body = value.to_dict() if hasattr(value, "to_dict") else value
    if not isinstance(body, dict):
        raise TypeError(
            f"{stem!r} is {'an empty list' if body == [] else type(value).__name__}; "
            "expected a Hera object or a dict, or a list of them."
        )
    try:
        survives = json.loads(json.dumps(body)) == body
    except (TypeError, ValueError) as error:
        raise TypeError(f"{stem!r} holds what is not plain data: {error}.") from None
    if not survives:
        raise TypeError(
            f"{stem!r} holds what is not plain data, a tuple or a key that is not text for instance."
        )
    return body


def _fault(error: BaseException, root: Path) -> str:
    """The error and the last line of the project's own code that led to it."""
    own = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(root)]
    own = [frame for frame in own if ".venv" not in Path(frame.filename).parts]
    place = f" ({Path(own[-1].filename).relative_to(root)}:{own[-1].lineno})" if own else ""
    return f"{type(error).__name__}: {error}{place}"


def main() -> None:
    descriptor, *programs = sys.argv[1:]
    root = Path.cwd()
    sys.path.insert(0, str(root))
    results: dict[str, Any] = {}
    for program in programs:
        try:
            results[program] = {"manifests": manifests(program)}
        except (Exception, SystemExit) as error:  # whatever a user's program raises is told to the user
            results[program] = {"fault": _fault(error, root)}
    with os.fdopen(int(descriptor), "w", encoding="utf-8") as stream:
        json.dump(results, stream)


if __name__ == "__main__":
    main()
