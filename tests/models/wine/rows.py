"""Wines that nobody has drunk: a CSV of the known shape for tests that have no data."""

import random

from models.data.wine import RANGES

# Of fixed acidity, citric acid and so on, in the order of the columns.
OTHERS = ((4, 16), (0, 1), (1, 15), (0.01, 0.6), (1, 70), (6, 280), (0.99, 1.004), (2.8, 4), (0.3, 2))
HEADER = ";".join(f'"{name.replace("_", " ")}"' for name in RANGES)


def made_up(count: int = 160, *, seed: int = 0) -> str:
    """Quality follows alcohol and acidity, with some chance: enough to tell a model from a mean."""
    chance = random.Random(seed)
    lines = [HEADER]
    for _ in range(count):
        alcohol, acidity = chance.uniform(8, 14), chance.uniform(0.1, 1.2)
        quality = round(3 + (alcohol - 8) * 0.7 - acidity + chance.uniform(0, 1.2))
        rest = [f"{chance.uniform(*bounds):.4g}" for bounds in OTHERS]
        fixed, citric, sugar, chlorides, free, total, density, ph, sulphates = rest
        row = [fixed, f"{acidity:.3g}", citric, sugar, chlorides, free, total, density, ph, sulphates]
        lines.append(";".join([*row, f"{alcohol:.3g}", str(min(max(quality, 3), 8))]))
    return "\n".join(lines) + "\n"
