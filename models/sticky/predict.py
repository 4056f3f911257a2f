"""Requests in, the same arm for the same user out: the parameter `sticky` names the field or header to go by.

Seldon's RANDOM_ABTEST flips a coin for each request; here a hash decides. What is compared then is users, not
requests.
"""

from typing import Any

from models.runtimes.bad_input import BadInput
from models.runtimes.routers import Router, log, named_arms
from models.sticky.dealing import dealing


class Sticky(Router):
    """A ROUTER that keeps nothing."""

    def __init__(self, arms: str = "", sticky: str = "", weights: str = "", salt: str = "") -> None:
        """`weights` are the shares of the arms, in their order (all alike); dealing.py has what they may be.

        Another `salt` deals the users anew: two tests of the same users should not share one.
        """
        self.arms = named_arms(arms)
        if not sticky:
            raise RuntimeError("sticky is empty; expected the name of a tag, a column or a header: user-id.")
        self.field = str(sticky)
        self.form = f'{{"meta": {{"tags": {{"{self.field}": "..."}}}}, "data": {{"ndarray": [[...]]}}}}'
        self._dealing = dealing(str(weights), len(self.arms), salt=str(salt))

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
        return self._dealing.arm_of(user)

    def send_feedback(
        self, X: Any, names: Any, reward: float, truth: Any, routing: int | None = None
    ) -> None:
        """Nothing is learned."""

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


Model = Sticky  # the name by which the images of all units are started
