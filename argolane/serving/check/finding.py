"""What the checker has to say about one place of a SeldonDeployment."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning", "local"]


@dataclass(frozen=True)
class Finding:
    """`error`: the API server or the operator refuses it, or gets stuck. `warning`: it runs, and does
    something else than it says. `local`: it is valid, and does not run on this machine."""

    at: str
    level: Level
    message: str

    def __str__(self) -> str:
        return f"{self.at}: {self.message}"


def error(at: str, message: str) -> Finding:
    return Finding(at, "error", message)


def warning(at: str, message: str) -> Finding:
    return Finding(at, "warning", message)


def local(at: str, message: str) -> Finding:
    return Finding(at, "local", message)
