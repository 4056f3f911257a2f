"""A case's folder in; its question, its steps and what a real cluster answered to each, out.

README.md beside this file says what a step is and what is seen of it.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

CASES = Path(__file__).with_name("cases")
VERBS = ("create", "apply", "patch", "scale", "delete", "until", "ask", "watch", "hold", "release")


@dataclass(frozen=True)
class DeploymentCase:
    name: str

    @cached_property
    def steps(self) -> list[dict[str, Any]]:
        return list(self._content["steps"])

    @property
    def slow(self) -> bool:
        """It waits for a back-off or a deadline that cannot be shortened."""
        return bool(self._content.get("slow", False))

    @property
    def answers(self) -> Path:
        return CASES / self.name / "expected.json"

    @property
    def expected(self) -> list[Any]:
        """What was seen of each step, in the order of the steps."""
        return list(json.loads(self.answers.read_text(encoding="utf-8"))["seen"])

    @cached_property
    def _content(self) -> dict[str, Any]:
        file = CASES / self.name / "case.yaml"
        return dict(yaml.safe_load(file.read_text(encoding="utf-8")))


def deployment_cases() -> list[str]:
    return sorted(folder.name for folder in CASES.iterdir() if folder.is_dir())


def differences(wanted: Any, found: Any, where: str = "") -> Iterator[str]:
    """One line for each leaf that is not as it was recorded."""
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        for key in sorted(wanted.keys() | found.keys()):
            yield from differences(wanted.get(key), found.get(key), f"{where}.{key}")
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for index, (one, other) in enumerate(zip(wanted, found, strict=True)):
            yield from differences(one, other, f"{where}[{index}]")
    elif wanted != found:
        yield f"{where.removeprefix('.')}: wanted {wanted!r}, found {found!r}"
