"""Rows and the names of their columns in, the same rows out: in the order in which the model learned them.

What a client names is taken by its name; what it does not name, in the order of the model.
"""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np

from models.runtimes.bad_input import BadInput


def in_order(X: Any, names: Sequence[str] | None, features: Sequence[str]) -> Any:
    """Raises BadInput where the names are not those of the model, or not as many as there are columns.

    x0, x1 and so on are no names: Seldon's clients send them where there are none.
    """
    given = list(names) if names is not None else []
    if not given or given == list(features) or given == [f"x{n}" for n in range(len(given))]:
        return X
    faults = [_unknown(name, features) for name in given if name not in features]
    faults += [f"{name!r} is missing" for name in features if name not in given]
    faults += sorted({f"{name!r} is there twice" for name in given if given.count(name) > 1})
    if faults:
        raise BadInput(f"names: {'; '.join(faults)}. Expected, in any order: {', '.join(features)}.")
    rows = np.asarray(X)
    if rows.ndim != 2 or rows.shape[1] != len(given):
        raise BadInput(
            f"The shape is {list(rows.shape)}, and there are {len(given)} names; expected [n, {len(given)}]."
        )
    return rows[:, [given.index(name) for name in features]]


def _unknown(name: Any, features: Sequence[str]) -> str:
    near = get_close_matches(str(name), features, n=1)
    return f"{name!r} is not known" + (f", did you mean {near[0]!r}?" if near else "")
