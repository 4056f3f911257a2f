"""The URL of a web service in, ten answers in a row of its new version out: deployed means the new one does.

Last of every rollout of a Deployment, for while it is replaced the old pods answer as well. Each answer says
in its headers X-Version and X-Image who gave it. Environment: URL, that takes a POST; REQUEST, the JSON to
send; ANSWER, the field of the answer that must hold a number; VERSION, IMAGE; WAIT, seconds; OUTPUTS, the
folder for the report; MANIFEST, written to the file LAST_GOOD when all is well.
"""

import http.client
import json
import math
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workflows.parts.steps.last_good import keep

IN_A_ROW = 10
PAUSE = 0.5  # seconds after an answer that does not count
SAY_EVERY = 15.0  # seconds between two lines of a long wait
# An address inside the cluster is never a proxy's business.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Wrong(Exception):
    """An answer that does not count, and why."""


class Unanswered(Wrong):
    """Nobody took the request, or nobody answered it."""


def ask(url: str, body: str, field: str, expected: Mapping[str, str]) -> float:
    """The number in the answer. Wrong unless it comes with the headers that are expected."""
    request = urllib.request.Request(url, body.encode(), {"Content-Type": "application/json"})
    try:
        with OPENER.open(request, timeout=30) as response:
            given = {name: response.headers.get(name) for name in expected}
            answer = json.load(response)
    except urllib.error.HTTPError as error:
        raise Wrong(f"HTTP {error.code}: {error.read(300).decode(errors='replace')}") from None
    except (OSError, http.client.HTTPException) as error:
        raise Unanswered(str(getattr(error, "reason", error)) or repr(error)) from None
    except ValueError as error:
        raise Wrong(f"the answer is no JSON: {error}") from None
    for name, known in expected.items():
        if given[name] != known:
            raise Wrong(f"{name} is {given[name] or 'not told'}; expected {known}")
    value = answer.get(field) if isinstance(answer, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Wrong(f"no number {field!r} in the answer: {json.dumps(answer)[:300]}")
    return float(value)


def verify(environ: Mapping[str, str]) -> dict[str, Any]:
    """The report; SystemExit where there are no IN_A_ROW right answers in a row within WAIT seconds."""
    url, wait = environ["URL"], float(environ["WAIT"])
    expected = {"X-Version": environ["VERSION"], "X-Image": environ["IMAGE"]}
    end, said, reason = time.monotonic() + wait, 0.0, "nothing was asked"
    asked = lost = 0
    row: list[float] = []
    while len(row) < IN_A_ROW:
        if time.monotonic() > end:
            sys.exit(f"{url} has not given {IN_A_ROW} right answers in a row in {wait:g} s. Last: {reason}")
        asked += 1
        try:
            value = ask(url, environ["REQUEST"], environ["ANSWER"], expected)
            if row and value != row[0]:
                raise Wrong(f"{environ['ANSWER']} is {value!r}, and was {row[0]!r} of the same request")
            row.append(value)
        except Wrong as wrong:
            row, reason = [], str(wrong)
            lost += isinstance(wrong, Unanswered)
            if time.monotonic() - said > SAY_EVERY:
                said = time.monotonic()
                print(f"waiting: {reason}")
            time.sleep(PAUSE)
    print(
        f"{IN_A_ROW} answers in a row come from version {environ['VERSION']}, {environ['IMAGE']}: {row[0]!r}"
    )
    told = {"url": url, "requests": asked, "unanswered": lost, environ["ANSWER"]: row[0]}
    return {**told, "version": environ["VERSION"], "image": environ["IMAGE"]}


def main(environ: Mapping[str, str] = os.environ) -> None:
    told = verify(environ)
    outputs = Path(environ["OUTPUTS"])
    outputs.mkdir(parents=True, exist_ok=True)
    (outputs / "report").write_text(json.dumps(told))
    keep(Path(environ["LAST_GOOD"]), environ["MANIFEST"])


if __name__ == "__main__":
    main()
