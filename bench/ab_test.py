"""A/A and A/B tests by the thousand, with a look after each hundred requests: what the verdicts are worth.

Seeded, and vectorised by numpy, which this environment need not have. Goals: a false winner in at most 5 % of
2,000 A/A tests, the power that was planned within 3 points over 500 A/B tests, and no promotion at all in 50
seeded tests of two copies. Where requests are those of users, who are alike within: the same goal for users
that are counted, and what comes of counting their requests. Alone: uv run --with numpy python -m
bench.ab_test
"""

import random
from dataclasses import replace
from typing import Any

from argolane.serving.counted import counted
from argolane.serving.judged import Rules
from argolane.serving.judgement import judge
from argolane.serving.looking import look
from argolane.serving.observations import Experiment, Seen, Variant
from argolane.serving.statistics.power import fixed, sample_size
from argolane.serving.statistics.sequence import LEAST, SHARPEST, bound, pace

EVERY, ALPHA, POWER = 100, 0.05, 0.8
A_A, A_B, COPIES = 2000, 500, 50
# (the worse arm, what the better one has more)
LIFTS = ((0.94, 0.03), (0.8, 0.05), (0.5, 0.08))
HORIZON = 5000
USER_TESTS, OF_A_USER = 500, 10
# What (users, order) is called -> the weights of the users, and whether each sends all requests in a row.
USERS = {
    "as many requests each": (lambda chance: 1.0, False),
    "some with many requests": (lambda chance: chance.lognormvariate(0, 1.5), False),
    "one user after another": (lambda chance: 1.0, True),
}


def main() -> None:
    of_users()
    try:
        import numpy
    except ImportError:
        print("  no numpy here: uv run --with numpy python -m bench.ab_test")
        return
    for share in (0.98, 0.9, 0.5):
        chance = numpy.random.default_rng(0)
        ends = crossings(numpy, chance, A_A, HORIZON, share, share)
        wrong = sum(end is not None for end in ends) / A_A
        print(
            f"  {A_A} A/A tests at {share}, {HORIZON} requests, a look each {EVERY}: {wrong:.2%} find a"
            f" winner (goal: at most {ALPHA:.0%})"
        )
    for low, lift in LIFTS:
        variances = (low * (1 - low), (low + lift) * (1 - low - lift))
        requests = sample_size(lift, variances, alpha=ALPHA, power=POWER, every=EVERY)
        at_once = fixed(lift, variances, alpha=ALPHA, power=POWER)
        chance = numpy.random.default_rng(1)
        ends = crossings(numpy, chance, A_B, requests, low, low + lift)
        power = sum(end is not None for end in ends) / A_B
        mean = sum(end or requests for end in ends) / A_B
        print(
            f"  {A_B} A/B tests, {low} against {low + lift:.2f}: planned {POWER:.0%} by {requests} requests,"
            f" found {power:.1%}; {mean:.0f} requests on the average, {at_once} if looked at once"
        )
    found = [copies(seed) for seed in range(COPIES)]
    promoted = sum(verdict.startswith("promote") for verdict in found)
    print(f"  {COPIES} tests of two copies of one model, 2000 requests each: {promoted} promotions (goal: 0)")


def crossings(
    numpy: Any, chance: Any, tests: int, requests: int, one: float, other: float
) -> list[int | None]:
    """For each test the requests after which it has found a winner; None where it has not."""
    horizon = pace(requests // 2, requests // 2)
    ends = numpy.array([*range(EVERY, requests, EVERY), requests])
    arms = chance.random((tests, requests)) < 0.5
    right = chance.random((tests, requests)) < numpy.where(arms, other, one)
    second = numpy.cumsum(arms, axis=1)[:, ends - 1]
    good = numpy.cumsum(right, axis=1)[:, ends - 1]
    good_second = numpy.cumsum(right & arms, axis=1)[:, ends - 1]
    first, good_first = ends - second, good - good_second
    shares = [(good_first, first), (good_second, second)]
    smooth = [(well + 1) / (count + 2) for well, count in shares]
    error = numpy.sqrt(
        sum(share * (1 - share) / count for share, (_, count) in zip(smooth, shares, strict=True))
    )
    apart = numpy.abs(good_second / second - good_first / first) / error
    ratio = SHARPEST * first * second / ends / horizon
    bounds = numpy.vectorize(lambda value: bound(value, ALPHA))(ratio)
    over = (apart > bounds) & (numpy.minimum(first, second) >= LEAST)
    return [int(ends[row.argmax()]) if row.any() else None for row in over]


def copies(seed: int) -> str:
    """The whole judgement of two arms that are one model, of what MNIST gives it: 98 % right."""
    chance = random.Random(seed)
    seen = [
        Seen("ab"[chance.randrange(2)], 200, float(chance.random() < 0.9825), 0.01 + chance.random() / 100)
        for _ in range(2000)
    ]
    arms = [Variant(letter, f"copy-{letter}", 0.5, "sk_mnist 0.1") for letter in "ab"]
    made = Experiment("mnist-ab", "", "", 2000, "accuracy", "higher", "proportion", arms, seen)
    return judge(made, Rules(every=EVERY)).verdict


def of_users() -> None:
    """A/A tests of users who differ: 0.9 of the answers are right, for a user between 0.5 and 1."""
    for name, (weight, in_a_row) in USERS.items():
        wrong = {"requests": 0, "users": 0}
        for seed in range(USER_TESTS):
            made = users_alike(seed, weight, in_a_row=in_a_row)
            alone = replace(made, seen=[replace(one, user="") for one in made.seen], users=0)
            wrong["users"] += bool(look(made, counted(made), Rules()).winner)
            wrong["requests"] += bool(look(alone, counted(alone), Rules()).winner)
        print(
            f"  {USER_TESTS} A/A tests of 200 users, {name}: {wrong['requests'] / USER_TESTS:.1%} find a"
            f" winner where requests count, {wrong['users'] / USER_TESTS:.1%} where users count (goal: at"
            f" most {ALPHA:.0%})"
        )


def users_alike(seed: int, weight: Any, *, in_a_row: bool, users: int = 200) -> Experiment:
    """Requests of users: chance takes one for each, who keeps an arm, and a chance to be answered well."""
    chance = random.Random(f"users {seed}")
    arms = [chance.randrange(2) for _ in range(users)]
    right = [chance.betavariate(2.7, 0.3) for _ in range(users)]
    asked = chance.choices(range(users), [weight(chance) for _ in range(users)], k=users * OF_A_USER)
    seen = [
        Seen("ab"[arms[user]], 200, float(chance.random() < right[user]), 0.01, f"user-{user}")
        for user in (sorted(asked) if in_a_row else asked)
    ]
    tested = [Variant(letter, f"copy-{letter}", 0.5, "sk_mnist 0.1") for letter in "ab"]
    return Experiment("mnist-ab", "", "", len(seen), "accuracy", "higher", "proportion", tested, seen, users)


if __name__ == "__main__":
    main()
