"""The URL of a web service in, ten answers in a row of its new version out: deployed means the new one does.

Last of every rollout of a Deployment, for while it is replaced the old pods answer as well. Each answer says
in its headers X-Version and X-Image who gave it. Environment: URL, that takes a POST; REQUEST, the JSON to
send; ANSWER, the field of the answer that must hold a number; VERSION, IMAGE; WAIT, seconds; OUTPUTS, the
folder for the report; MANIFEST, written to the file LAST_GOOD when all is well.
"""

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workflows.parts.steps.asking import IN_A_ROW, Wrong, in_a_row, post
from workflows.parts.steps.last_good import keep


def ask(url: str, body: str, field: str, expected: Mapping[str, str]) -> float:
    """The number in the answer. Wrong unless it comes with the headers that are expected."""
    headers, text = post(url, body.encode())
    try:
        answer = json.loads(text)
    except ValueError as error:
        raise Wrong(f"the answer is no JSON: {error}") from None
    for name, known in expected.items():
        if headers.get(name) != known:
            raise Wrong(f"{name} is {headers.get(name) or 'not told'}; expected {known}")
    value = answer.get(field) if isinstance(answer, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Wrong(f"no number {field!r} in the answer: {json.dumps(answer)[:300]}")
    return float(value)


def verify(environ: Mapping[str, str]) -> dict[str, Any]:
    """The report; SystemExit where there are no IN_A_ROW right answers in a row within WAIT seconds."""
    url, wait = environ["URL"], float(environ["WAIT"])
    expected = {"X-Version": environ["VERSION"], "X-Image": environ["IMAGE"]}

    def once(before: list[float]) -> float:
        value = ask(url, environ["REQUEST"], environ["ANSWER"], expected)
        if before and value != before[0]:
            raise Wrong(f"{environ['ANSWER']} is {value!r}, and was {before[0]!r} of the same request")
        return value

    row = in_a_row(url, wait, once)
    value = row.answers[0]
    print(
        f"{IN_A_ROW} answers in a row come from version {environ['VERSION']}, {environ['IMAGE']}: {value!r}"
    )
    told = {"url": url, "requests": row.requests, "unanswered": row.unanswered, environ["ANSWER"]: value}
    return {**told, "version": environ["VERSION"], "image": environ["IMAGE"]}


def main(environ: Mapping[str, str] = os.environ) -> None:
    told = verify(environ)
    outputs = Path(environ["OUTPUTS"])
    outputs.mkdir(parents=True, exist_ok=True)
    (outputs / "report").write_text(json.dumps(told))
    keep(Path(environ["LAST_GOOD"]), environ["MANIFEST"])


if __name__ == "__main__":
    main()
