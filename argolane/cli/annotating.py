"""Findings with their places in, what GitHub and code scanning read out: annotations, SARIF 2.1.0."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from argolane import __version__

if TYPE_CHECKING:
    from argolane.workflow.lint.finding import Finding
    from argolane.workflow.lint.places import Place

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_RULES = {
    "error": ("error", "What the controller or the API server refuses, or what spoils a run."),
    "warning": ("warning", "What is taken and does something else than it says."),
    "local": ("note", "What is valid and does not run without a cluster."),
}
_GITHUB = {"error": "error", "warning": "warning", "local": "notice"}


def github(placed: "Iterable[tuple[Finding, Place]]") -> Iterator[str]:
    """A workflow command a finding, which GitHub shows beside the line."""
    for finding, place in placed:
        file, title = (_escaped(text, ":,") for text in (_shown(place.path), place.inner or "argolane lint"))
        message = _escaped(finding.message, "")
        yield f"::{_GITHUB[finding.severity]} file={file},line={place.line},title={title}::{message}"


def sarif(placed: "Iterable[tuple[Finding, Place]]") -> str:
    """One run of SARIF 2.1.0; paths are relative to the working folder."""
    driver = {
        "name": "argolane",
        "version": __version__,
        "rules": [
            {"id": name, "shortDescription": {"text": text}, "defaultConfiguration": {"level": level}}
            for name, (level, text) in _RULES.items()
        ],
    }
    results = [_result(finding, place) for finding, place in placed]
    runs = [{"tool": {"driver": driver}, "results": results}]
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": runs}, indent=2)


def _result(finding: "Finding", place: "Place") -> dict[str, Any]:
    text = f"{place.inner}: {finding.message}" if place.inner else finding.message
    shown = _shown(place.path)
    uri = Path(shown).as_uri() if Path(shown).is_absolute() else quote(shown)
    physical = {"artifactLocation": {"uri": uri}, "region": {"startLine": place.line}}
    location: dict[str, Any] = {"physicalLocation": physical}
    if place.inner:
        location["logicalLocations"] = [{"fullyQualifiedName": place.inner}]
    return {
        "ruleId": finding.severity,
        "level": _RULES[finding.severity][0],
        "message": {"text": text},
        "locations": [location],
    }


def _shown(path: Path) -> str:
    """Relative where it lies below the working folder."""
    whole = path.absolute()
    return whole.relative_to(Path.cwd()).as_posix() if whole.is_relative_to(Path.cwd()) else str(whole)


def _escaped(text: str, more: str) -> str:
    for character in f"%\r\n{more}":
        text = text.replace(character, f"%{ord(character):02X}")
    return text
