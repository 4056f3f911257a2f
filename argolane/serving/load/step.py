"""An environment in, a load test's figures for a workflow to act on out: `argolane load` as a task's script.

Its text travels in the manifest, with that of all modules of ours that it needs, and runs on a stock Python
image. Environment: URL; REQUEST, the JSON to send, or nothing, for that of REQUESTS, a JSON object by the
names of images, for the first of IMAGES that it has; RATE (0 for a closed loop), CLIENTS, DURATION, WARM_UP,
TIMEOUT in seconds; MAX_P99 in ms (0 for none) and MAX_ERRORS as a share; FOLDER for figures.json and
picture.svg; OUTPUTS, the folder for `figures`, `rate`, `p50`, `p99`, `failed` and `charts`.
"""

import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from argolane.errors import ArgolaneError
from argolane.serving.load.address import address
from argolane.serving.load.charts import charts
from argolane.serving.load.first import check_first
from argolane.serving.load.measured import Measured
from argolane.serving.load.picture import picture
from argolane.serving.load.plan import Plan, checked
from argolane.serving.load.running import Running
from argolane.serving.load.table import line, table, told

_EVERY = 10  # seconds between two lines of the log
_LONG = ("timeline", "histogram")  # what the file has and an output parameter has no room for


def main(environ: Mapping[str, str] = os.environ) -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a workflow that is stopped keeps its figures
    rate, clients = float(environ["RATE"]), int(environ["CLIENTS"])
    plan = Plan(
        rate=rate or None,
        clients=1000 if rate else clients,
        duration=float(environ["DURATION"]),
        warm_up=float(environ["WARM_UP"]),
        timeout=float(environ["TIMEOUT"]),
    )
    try:
        # Whose deployment this is has been said: by its name, or by a URL that stands in the workflow.
        where = address(environ["URL"], allow_remote=True)
        body = body_of(environ)
        check_first(where, body, timeout=plan.timeout)
        said(f"{where.url}: {told(plan)}")
        measured = Running(
            checked(plan), where, [where.request(body)],
            told=lambda second, _: said(line(plan, second)) if second.second % _EVERY == 0 else None,
        ).run()  # fmt: skip
    except ArgolaneError as error:
        sys.exit(str(error))
    said(table(measured))
    keep(measured, Path(environ["FOLDER"]), Path(environ["OUTPUTS"]))
    longest = float(environ["MAX_P99"])
    if faults := measured.faults(max_p99=longest or None, max_errors=float(environ["MAX_ERRORS"])):
        sys.exit("\n".join(faults))


def body_of(environ: Mapping[str, str]) -> bytes:
    """What is sent; ArgolaneError where nobody says it."""
    if environ["REQUEST"]:
        return environ["REQUEST"].encode()
    known = json.loads(environ["REQUESTS"])
    for image in environ["IMAGES"].split():
        name = image.rpartition("/")[2].partition("@")[0].partition(":")[0]
        if name in known:
            return json.dumps(known[name]).encode()
    raise ArgolaneError(
        f"Nothing says what to ask: of its images ({environ['IMAGES'] or 'none'}) none is one of "
        f"{', '.join(known)}. Give the parameter request."
    )


def keep(measured: Measured, folder: Path, outputs: Path) -> None:
    """All of it in files of the claim, and what others go by as output parameters."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = measured.to_dict()
    (folder / "figures.json").write_text(json.dumps(figures, indent=1), encoding="utf-8")
    (folder / "picture.svg").write_text(picture(measured), encoding="utf-8")
    given = {
        "figures": json.dumps({name: value for name, value in figures.items() if name not in _LONG}),
        "rate": str(figures["rate"]),
        "p50": str(figures["latency_ms"]["p50"]),
        "p99": str(figures["latency_ms"]["p99"]),
        "failed": str(figures["failed"]),
        "charts": json.dumps(charts(measured)),
    }
    outputs.mkdir(parents=True, exist_ok=True)
    for name, text in given.items():
        (outputs / name).write_text(text, encoding="utf-8")


def said(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
