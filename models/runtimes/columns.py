"""Rows and the names of their columns in, the same rows out: in the order in which the model learned them.

What a client names is taken by its name; what it does not name, in the order of the model.
"""

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np

from models.runtimes.bad_input import BadInput

_NO_NAME = re.compile(r"(x|t:)\d+")


def in_order(X: Any, names: Sequence[str] | None, features: Sequence[str]) -> Any:
    """Raises BadInput where the names are not those of the model, or not as many as there are columns.

    x0, x1 and so on are no names unless they are the model's: Seldon's clients send them if there are none.
    So are t:0, t:1 and so on, which its wrapper gives to the answer of the node before.
    """
    given = [str(name) for name in names] if names is not None else []
    counted = all(map(_NO_NAME.fullmatch, given)) and not set(given) & set(features)
    if not given or not features or given == list(features) or counted:
        return X
    faults = [_unknown(name, features) for name in given if name not in features]
    faults += [f"{name!r} is missing" for name in features if name not in given]
    faults += sorted({f"{name!r} is there twice" for name in given if given.count(name) > 1})
    if faults:
        raise BadInput(f"names: {'; '.join(faults)}. Expected, in any order: {', '.join(features)}.")
    if not isinstance(X, np.ndarray | list):
        return X  # which is no rows, whatever the names are
    rows = X if isinstance(X, np.ndarray) else np.asarray(X, dtype=object)
    if rows.ndim != 2 or rows.shape[1] != len(given):
        raise BadInput(
            f"The shape is {list(rows.shape)}, and there are {len(given)} names; expected [n, {len(given)}]."
        )
    rows = rows[:, [given.index(name) for name in features]]
    return rows.tolist() if rows.dtype == object else rows


def _unknown(name: str, features: Sequence[str]) -> str:
    near = get_close_matches(name, features, n=1)
    return f"{name!r} is not known" + (f", did you mean {near[0]!r}?" if near else "")
