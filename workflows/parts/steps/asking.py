"""A URL and what to ask it in, ten right answers in a row out: deployed means the new version gives them.

Below `verify` and `verify_web`, and `answer` sends with it, too. While pods are replaced the old ones answer
as well, and some requests meet nobody; what counts as right is said by who asks.
"""

import http.client
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

IN_A_ROW = 10
PAUSE = 0.5  # seconds after an answer that does not count
SAY_EVERY = 15.0  # seconds between two lines of a long wait
# An address inside the cluster is never a proxy's business.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Wrong(Exception):
    """An answer that does not count, and why."""


class Refused(Wrong):
    """An answer with an error's status of HTTP."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"HTTP {status}: {text}")
        self.status = status


class Unanswered(Wrong):
    """Nobody took the request, or nobody answered it."""


@dataclass(frozen=True)
class Row:
    """The right answers, and the requests that it took; `lost` met nobody after one had met somebody."""

    answers: list[Any]
    requests: int
    unanswered: int
    lost: int


def post(url: str, body: bytes) -> tuple[Mapping[str, str], bytes]:
    """Headers and body of the answer to some JSON. Wrong where there is none, or none that is well."""
    status, headers, text = exchange(url, body)
    if status >= 300:
        raise Refused(status, text[:300].decode(errors="replace"))
    return headers, text


def exchange(url: str, body: bytes, **headers: str) -> tuple[int, Mapping[str, str], bytes]:
    """Status, headers and body of whatever is answered to some JSON. Unanswered where nothing is."""
    request = urllib.request.Request(url, body, {"Content-Type": "application/json", **headers})
    try:
        try:
            response = OPENER.open(request, timeout=30)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            return response.status, response.headers, response.read()
    except (OSError, http.client.HTTPException) as error:
        raise Unanswered(str(getattr(error, "reason", error)) or repr(error)) from None


def in_a_row(url: str, wait: float, ask: Callable[[list[Any]], Any]) -> Row:
    """IN_A_ROW right answers, one after the other; SystemExit after `wait` seconds.

    `ask` is given those that there are, and raises Wrong for one that does not count.
    """
    end, said, reason = time.monotonic() + wait, 0.0, "nothing was asked"
    answers: list[Any] = []
    requests = unanswered = lost = 0
    served = False
    while len(answers) < IN_A_ROW:
        if time.monotonic() > end:
            sys.exit(f"{url} has not given {IN_A_ROW} right answers in a row in {wait:g} s. Last: {reason}")
        requests += 1
        try:
            answers.append(ask(answers))
            served = True
        except Wrong as wrong:
            answers, reason = [], str(wrong)
            nobody = isinstance(wrong, Unanswered)
            served = served or not nobody
            unanswered += nobody
            lost += served and nobody
            if time.monotonic() - said > SAY_EVERY:
                said = time.monotonic()
                print(f"waiting: {reason}")
            time.sleep(PAUSE)
    return Row(answers, requests, unanswered, lost)
