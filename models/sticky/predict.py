"""Requests in, the same arm for the same user out: the parameter `sticky` names the field or header to go by.

Seldon's RANDOM_ABTEST flips a coin for each request; here a hash decides, which is the same in all replicas
and after a restart. What is compared then is users, not requests.
"""

import hashlib
from itertools import accumulate
from typing import Any

from models.runtimes.bad_input import BadInput
from models.runtimes.routers import Router, log, named_arms

_PARTS = 2**64


class Sticky(Router):
    """A ROUTER that keeps nothing."""

    def __init__(self, arms: str = "", sticky: str = "", weights: str = "", salt: str = "") -> None:
        """`weights` are the shares of the arms, in their order and of any sum (all alike).

        Another `salt` deals the users anew: two tests of the same users should not share one.
        """
        self.arms = named_arms(arms)
        if not sticky:
            raise RuntimeError("sticky is empty; expected the name of a tag, a column or a header: user-id.")
        self.field, self.salt = str(sticky), str(salt)
        self.form = f'{{"meta": {{"tags": {{"{self.field}": "..."}}}}, "data": {{"ndarray": [[...]]}}}}'
        self._ends = _ends(str(weights), len(self.arms))

    def route(self, X: Any, names: Any = None, meta: Any = None) -> int:
        """The number of the child for the request's user; one without a user goes where its puid falls."""
        user = self._user(X, names, meta)
        if user is None:
            from models.runtimes import seldon

            user = seldon.header("Seldon-Puid")
            log.warning("%s: a request without %r; it is dealt by its puid.", self.node, self.field)
        return self.arm_of(user)

    def arm_of(self, user: str) -> int:
        """The number of the child that a user belongs to."""
        digest = hashlib.sha256(f"{self.salt}\0{user}".encode()).digest()
        point = int.from_bytes(digest[:8], "big") / _PARTS
        return next((number for number, end in enumerate(self._ends) if point < end), self._last)

    def send_feedback(
        self, X: Any, names: Any, reward: float, truth: Any, routing: int | None = None
    ) -> None:
        """Nothing is learned."""

    @property
    def _last(self) -> int:
        """The last arm with a share, for a point that rounding has put past the end."""
        before = [0.0, *self._ends]
        return max(number for number, end in enumerate(self._ends) if end > before[number])

    def _user(self, X: Any, names: Any, meta: Any) -> str | None:
        """What the request says in meta.tags, in an object, in a column, or in a header; the first counts."""
        tags = (meta or {}).get("tags") or {}
        if self.field in tags:
            return _text(tags[self.field])
        if isinstance(X, dict) and self.field in X:
            return _text(X[self.field])
        columns = list(names) if names is not None else []
        rows = X.tolist() if hasattr(X, "tolist") else X
        if self.field in columns and isinstance(rows, list) and rows:
            place = columns.index(self.field)
            users = {_text(row[place]) for row in rows}
            if len(users) > 1:
                raise BadInput(
                    f"The rows are of {len(users)} {self.field}; expected those of one in a request."
                )
            return users.pop()
        from models.runtimes import seldon

        return seldon.header(self.field) or None


def _text(value: Any) -> str:
    """7 and 7.0 are one user: JSON and gRPC do not tell them apart."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _ends(weights: str, arms: int) -> list[float]:
    """Where each arm's part of 0..1 ends. Raises RuntimeError."""
    try:
        shares = [float(share) for share in weights.split(",")] if weights else [1.0] * arms
    except ValueError:
        shares = []
    if len(shares) != arms or min(shares) < 0 or not 0 < sum(shares) < float("inf"):
        raise RuntimeError(f"weights is {weights!r}; expected {arms} numbers from 0 on, such as 9,1.")
    return [end / sum(shares) for end in accumulate(shares)]


Model = Sticky  # the name by which the images of all units are started
