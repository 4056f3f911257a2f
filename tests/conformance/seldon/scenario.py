"""A recorded scenario in, its graph, nodes and exchanges out."""

import base64
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).parent / "recorded"
# Recorded nodes sleep for up to 4 s; a shorter time proves the same.
LONGEST_DELAY = 0.8


@dataclass(frozen=True)
class Scenario:
    name: str
    data: dict[str, Any]

    @classmethod
    def load(cls, name: str) -> "Scenario":
        return cls(name, json.loads((RECORDED / f"{name}.json").read_text()))

    @property
    def predictor(self) -> dict[str, Any]:
        return self.data["graph"]

    @property
    def exchanges(self) -> list[dict[str, Any]]:
        return self.data["exchanges"]

    @property
    def down(self) -> list[str]:
        return self.data.get("down", [])

    @cached_property
    def nodes(self) -> list[str]:
        """Those that listen."""
        return list(self.data["models"])

    def canned(self, node: str) -> bool:
        """Whether the node gave fixed answers, instead of being Seldon's wrapper."""
        return "answers" in self.data["models"][node]

    def delay(self, node: str, path: str) -> float:
        model = self.data["models"][node]
        if self.canned(node):
            seconds = model["answers"].get(path, {}).get("delay", 0)
        elif model["class"] == "Slow" and path == "/predict":
            seconds = float(next(p["value"] for p in model["parameters"] if p["name"] == "seconds"))
        else:
            seconds = 0
        return min(seconds, LONGEST_DELAY)


def names() -> list[str]:
    return sorted(path.stem for path in RECORDED.glob("*.json"))


def request_body(request: dict[str, Any]) -> bytes:
    if "body_base64" in request:
        return base64.b64decode(request["body_base64"])
    body = request.get("body")
    if isinstance(body, dict):
        made = body["generate"]
        row = ",".join([str(made["value"])] * made["cols"])
        return ('{"data":{"ndarray":[' + ",".join([f"[{row}]"] * made["rows"]) + "]}}").encode()
    return (body or "").encode()


def answer_body(response: dict[str, Any], *, canned: bool) -> bytes:
    """A node's answer as bytes: what was JSON is written as Seldon's wrapper writes it."""
    kind, body = response["body_kind"], response["body"]
    if kind == "empty":
        return b""
    if kind == "base64":
        return base64.b64decode(body)
    if kind == "json":
        end = "" if canned else "\n"
        return (json.dumps(body, separators=(",", ":")) + end).encode()
    return str(body).encode()
