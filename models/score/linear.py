"""Ten numbers of a patient in, a score out: a line, whose numbers fit.py wrote to coefficients.json.

Standard library only: the web service needs no more. What a client did wrong is a WrongX.
"""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("coefficients.json")


class WrongX(ValueError):
    """The client's mistake: what was found, and what is expected."""


@dataclass(frozen=True)
class Linear:
    """A weight for each feature, and the score where all of them are 0."""

    features: tuple[str, ...]
    weights: tuple[float, ...]
    intercept: float
    digest: str  # of the file that it was read from

    @property
    def expected(self) -> str:
        """What X is, in words."""
        return f"expected {len(self.features)} numbers: {', '.join(self.features)}"

    def score(self, x: object) -> float:
        """The score of one patient. Raises WrongX for all but a list of as many numbers as features."""
        row = self._numbers(x)
        score = self.intercept + sum(w * v for w, v in zip(self.weights, row, strict=True))
        if not math.isfinite(score):
            raise WrongX(f"X holds numbers that are too large to be scored; {self.expected}.")
        return score

    def _numbers(self, x: object) -> Sequence[float]:
        if not isinstance(x, list | tuple):
            raise WrongX(f"X is {_kind(x)}; {self.expected}.")
        if len(x) != len(self.features):
            raise WrongX(f"X has {len(x)} values; {self.expected}.")
        row = []
        for name, value in zip(self.features, x, strict=True):
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise WrongX(f"X has {_kind(value)} for {name}; {self.expected}.")
            try:
                row.append(float(value))
            except OverflowError:
                row.append(math.inf)
            if not math.isfinite(row[-1]):
                raise WrongX(f"X has a number for {name} that is not finite; {self.expected}.")
        return row


def load(path: Path = FILE) -> Linear:
    """What fit.py wrote. Raises RuntimeError for a file that is not that."""
    try:
        text = path.read_bytes()
        found = json.loads(text)
        features, weights = tuple(found["features"]), tuple(map(float, found["weights"]))
        if len(features) != len(weights):
            raise ValueError(f"it has {len(features)} features and {len(weights)} weights")
        return Linear(features, weights, float(found["intercept"]), hashlib.sha256(text).hexdigest())
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise RuntimeError(f"{path.name} is not what fit.py writes: {error!r}") from error


def _kind(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    kinds: dict[type, str] = {
        str: "text",
        dict: "an object",
        list: "a list",
        int: "a number",
        float: "a number",
    }
    return kinds.get(type(value), type(value).__name__)
