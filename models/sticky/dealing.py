"""A user in, the number of an arm out: by a hash, which is the same in all replicas and after a restart.

The rule of the router, and of who has to know what it decides: an error tells of no arm, its user does.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

_PARTS = 2**64


@dataclass(frozen=True)
class Dealing:
    """`ends` is where each arm's part of 0..1 ends; another `salt` deals all users anew."""

    ends: Sequence[float]
    salt: str = ""

    def arm_of(self, user: str) -> int:
        """The number of the child that a user belongs to."""
        digest = hashlib.sha256(f"{self.salt}\0{user}".encode()).digest()
        point = int.from_bytes(digest[:8], "big") / _PARTS
        return next((number for number, end in enumerate(self.ends) if point < end), self._last)

    @property
    def _last(self) -> int:
        """The last arm with a share, for a point that rounding has put past the end."""
        before = [0.0, *self.ends]
        return max(number for number, end in enumerate(self.ends) if end > before[number])


def dealing(weights: str, arms: int, *, salt: str = "") -> Dealing:
    """Shares of any sum, all alike where none are said; the last may be left out: it is what they leave of 1.

    Raises RuntimeError.
    """
    try:
        shares = [float(share) for share in weights.split(",")] if weights else [1.0] * arms
    except ValueError:
        shares = []
    if shares and len(shares) == arms - 1:
        shares.append(1 - sum(shares))
    if len(shares) != arms or min(shares) < 0 or not 0 < sum(shares) < float("inf"):
        raise RuntimeError(
            f"weights is {weights!r}; expected {arms} numbers from 0 on, such as 9,1, or one less, such as"
            " 0.9, where the last arm gets what they leave of 1."
        )
    return Dealing([end / sum(shares) for end in accumulate(shares)], salt)
