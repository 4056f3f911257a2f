"""What a shadow's node has kept in, how far the shadow agrees and how long it takes out: after `traffic`.

Copies arrive when they do, so those that are under way are waited for. Environment: FILE, of the node; UID of
the run, with which the puids of its requests begin; WAIT, seconds for the last copies; OUTPUTS.
"""

import json
import os
import sqlite3
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models.shadow.pairs import compared, read_pairs

PAUSE = 0.5


def settled(file: Path, puids: str, wait: float) -> list[tuple[Any, ...]]:
    """The rows, when the shadow has answered or failed on each, or after `wait` seconds."""
    end = time.monotonic() + wait
    while True:
        rows = read_pairs(file, puids)
        if all(row[2] or row[4] for row in rows) or time.monotonic() > end:
            return rows
        time.sleep(PAUSE)


def told(found: Mapping[str, Any]) -> str:
    """A sentence."""
    both, failed = found["answered by both"], found["errors of the shadow"]
    missed = f"the shadow failed on {failed} of {found['requests']} requests"
    if not both:
        return f"Nothing can be compared: {missed}, and both have answered none."
    ours, theirs = found["answer ms"], found["shadow ms"]
    return (
        f"The shadow agrees on {found['agreement']:.1%} of {both} requests; its median is"
        f" {theirs['median']:g} ms and its p99 {theirs['p99']:g} ms, those of the graph that answers"
        f" {ours['median']:g} and {ours['p99']:g} ms; {missed}."
    )


def main(environ: Mapping[str, str] = os.environ) -> None:
    file = Path(environ["FILE"])
    try:
        found = compared(settled(file, environ["UID"], float(environ["WAIT"])))
    except sqlite3.Error as error:
        sys.exit(f"{file}: not what a shadow's node keeps: {error}.")
    if not found["requests"]:
        sys.exit(f"{file}: no request of this run came by the shadow's node.")
    print(told(found))
    outputs = Path(environ["OUTPUTS"])
    outputs.mkdir(parents=True, exist_ok=True)
    (outputs / "reason").write_text(told(found))
    (outputs / "comparison").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
