"""Requests and answers in, the same out: and each request also to a shadow, whose answer nobody gets.

A node in front of the graph that answers, called before and after it. Seldon's `shadow: true` needs Istio or
Ambassador; this runs with neither. What the shadow does, slow or down, is kept and touches no answer.
"""

import json
import os
import queue
import sqlite3
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

from models.runtimes.routers import Router, log
from models.shadow.pairs import Pairs

WAITING = 100  # copies that wait for the shadow; more are dropped, and counted
NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Shadow(Router):
    """Environment: STATE_FILE, where both answers are kept."""

    def __init__(self, shadow: str = "", timeout: float = 10, senders: int = 2) -> None:
        """`shadow` is the address that the other deployment takes predictions at."""
        if not str(shadow).startswith(("http://", "https://")):
            raise RuntimeError(f"shadow is {shadow!r}; expected the status.address.url of a deployment.")
        self.shadow, self.timeout, self.senders = str(shadow), float(timeout), int(senders)
        self._copies: queue.Queue[tuple[str, bytes]] = queue.Queue(WAITING)

    def load(self) -> None:
        super().load()
        file = os.environ.get("STATE_FILE")
        if not file:
            raise RuntimeError(
                "STATE_FILE is not set; it names the file on a claim that answers are kept in."
            )
        try:
            Path(file).parent.mkdir(parents=True, exist_ok=True)
            self.pairs = Pairs(file)
        except (OSError, sqlite3.Error) as error:
            raise RuntimeError(f"STATE_FILE {file}: {error}") from error
        for _ in range(self.senders):
            threading.Thread(target=self._send, daemon=True).start()

    def transform_input_raw(self, request: Any) -> Any:
        """The request on its way down; a copy is put aside."""
        from models.runtimes import seldon

        puid = seldon.puid_of(request)
        if puid:
            self.pairs.asked(puid)
            try:
                self._copies.put_nowait((puid, json.dumps(seldon.as_json(request)).encode()))
            except queue.Full:
                self.pairs.shadowed(puid, error="dropped: the shadow is too slow")
        else:
            log.warning("%s: a request without puid cannot be compared; it gets no shadow.", self.node)
        return seldon.passed(request)

    def transform_output_raw(self, answer: Any) -> Any:
        """The answer on its way up; it is kept."""
        from models.runtimes import seldon

        if puid := seldon.puid_of(answer):
            self.pairs.answered(puid, json.dumps(payload(seldon.as_json(answer))))
        return seldon.passed(answer)

    def _send(self) -> None:
        while True:
            puid, body = self._copies.get()
            begun = time.perf_counter()
            answer, error = "", ""
            try:
                sent = {"Content-Type": "application/json", "Seldon-Puid": puid}
                request = urllib.request.Request(self.shadow, body, sent)  # noqa: S310  http, by the constructor
                with NO_PROXY.open(request, timeout=self.timeout) as response:
                    answer = json.dumps(payload(json.load(response)))
            except (OSError, ValueError) as failed:
                error = str(failed) or type(failed).__name__
            try:
                self.pairs.shadowed(puid, answer, seconds=time.perf_counter() - begun, error=error)
            except sqlite3.Error as failed:
                log.warning("%s: the shadow's answer for %s is lost: %s", self.node, puid, failed)


def payload(message: Any) -> Any:
    """What a message holds, without meta and names."""
    if not isinstance(message, dict):
        return message
    data = message.get("data")
    if isinstance(data, dict):
        return data.get("ndarray", data.get("tensor"))
    return next((message[kind] for kind in ("jsonData", "strData", "binData") if kind in message), None)


Model = Shadow  # the name by which the images of all units are started
