"""A jq program and an object in, the text that Argo's executor keeps of its results out.

jq as people write it in a jqFilter: paths, pipes, `//`, arithmetic, comparisons, objects, arrays, texts with
`\\(...)`, conditions, `try`, and the common functions and formats. Variables, definitions, assignments and
the rest are refused by name. Errors are those of gojq, which Argo's executor runs.
"""

from typing import Any

from argolane.languages.gotext import to_json
from argolane.languages.jq.parser import parse
from argolane.languages.jq.values import JqError, NotRunLocally, floats

__all__ = ["JqError", "NotRunLocally", "refusal", "run"]


def refusal(program: str) -> str:
    """`limit/2 is not run locally`; '' for what is run here, and for what gojq does not understand either."""
    try:
        parse(program)
    except NotRunLocally as unknown:
        return str(unknown)
    except JqError:
        pass
    return ""


def run(program: str, body: Any) -> str:
    """Every result on a line of its own, texts without quotes, the whole trimmed."""
    try:
        results = list(parse(program)(floats(body)))
    except RecursionError:
        raise NotRunLocally("it nests too deep, or for ever") from None
    try:
        return "\n".join(value if isinstance(value, str) else to_json(value) for value in results).strip()
    except ValueError as error:  # a number that JSON lacks
        raise JqError(str(error)) from None
