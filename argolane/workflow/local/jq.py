"""A jq program and an object in, the text that Argo's executor keeps of its results out.

The part of jq that people write in a jqFilter: paths, pipes, `//`, arithmetic, comparisons, select, map,
common functions, objects, arrays, strings with `\\(...)`. Anything else is refused by name.
"""

from typing import Any

from argolane.workflow.expressions.gotext import to_json
from argolane.workflow.local.jqfilters import JqError
from argolane.workflow.local.jqparser import parse

__all__ = ["JqError", "run"]


def run(program: str, body: Any) -> str:
    """Every result on a line of its own, texts without quotes, the whole trimmed."""
    results = parse(program)(body)
    return "\n".join(value if isinstance(value, str) else to_json(value) for value in results).strip()
