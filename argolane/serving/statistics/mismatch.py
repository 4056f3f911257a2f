"""Requests of each arm and the shares that were asked for in, whether chance explains them out: at any look.

Lindon and Malek, "Anytime-valid inference for multinomial count data" (NeurIPS 2022): the shares that were
asked for against all others, these weighed by a Dirichlet distribution about the first.
"""

import math
from collections.abc import Sequence

CONCENTRATION = 100.0  # as if so many requests had shown the shares before


def mismatch(counts: Sequence[int], shares: Sequence[float]) -> float:
    """A p value; below 0.01 at any look in no more than one of 100 experiments that are split as asked."""
    if any(count and not share for count, share in zip(counts, shares, strict=True)):
        return 0.0
    pairs = [(count, share) for count, share in zip(counts, shares, strict=True) if share]
    total = sum(count for count, _ in pairs)
    log = math.lgamma(CONCENTRATION) - math.lgamma(CONCENTRATION + total)
    for count, share in pairs:
        prior = CONCENTRATION * share
        log += math.lgamma(prior + count) - math.lgamma(prior) - count * math.log(share)
    return min(1.0, math.exp(-log))
