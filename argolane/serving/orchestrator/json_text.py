"""A body in, whether it is JSON as Go's encoding/json sees it out, and whether it is nested too deep."""

import json
import re
from typing import NoReturn

DEEPEST = 200
"""Levels of lists and objects that a request may have. Seldon's wrapper falls over some levels further on,
with an error that reads like one of the model's."""
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_ROUND = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def check(body: bytes) -> None:
    """Raises ValueError for what is no JSON; NaN and Infinity are none."""
    try:
        # Numbers are looked at, not read: there is no end to their length in JSON.
        json.loads(body.decode("utf-8", "replace"), parse_int=str, parse_float=str, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deep") from None


def too_deep(body: bytes) -> bool:
    """Whether a body that begins as JSON has more than DEEPEST levels; quick for what is large and flat."""
    if body.lstrip()[:1] not in (b"[", b"{") or body.count(b"[") + body.count(b"{") <= DEEPEST:
        return False
    left = _STRING.sub(b"", body).translate(_ROUND, _NO_BRACKETS)
    # Each turn takes away the innermost level; what never closes is left.
    for level in range(DEEPEST):
        before, left = left, left.replace(b"[]", b"")
        if len(left) == len(before):
            return level + left.count(b"[") > DEEPEST
    return b"[" in left


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
