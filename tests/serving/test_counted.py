"""Requests of users in, a verdict about users out: each counts once, on one arm, and what hinders is told."""

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from argolane.serving.counted import Tally, counted
from argolane.serving.judged import Rules, read_judgement
from argolane.serving.judgement import judge
from argolane.serving.observations import Experiment, Seen, Variant
from argolane.serving.statistics.guardrails import clustered


def of_users(
    *arms: Callable[[random.Random], float],
    users: int = 240,
    each: int = 10,
    seed: int = 0,
    share: float = 0.5,
) -> Experiment:
    """Users who keep an arm: each has a chance of its own to be answered well, drawn as the arm draws it."""
    chance = random.Random(seed)
    on = [chance.choices(range(len(arms)), [share, 1 - share])[0] for _ in range(users)]
    right = [arms[arm](chance) for arm in on]
    asked = [chance.randrange(users) for _ in range(users * each)]
    seen = [
        Seen("ab"[on[user]], 200, float(chance.random() < right[user]), 0.01, f"user-{user}")
        for user in asked
    ]
    tested = [Variant("ab"[n], f"arm-{'ab'[n]}", 0.5, f"unit 0.{n}") for n in range(len(arms))]
    return Experiment("d", "r", "digits", len(seen), "accuracy", "higher", "proportion", tested, seen, users)


def spread(mean: float, width: float) -> Callable[[random.Random], float]:
    return lambda chance: chance.uniform(mean - width, mean + width)


def test_a_user_counts_once_by_the_mean() -> None:
    """However many requests: the moments of an arm are those of the means of its users."""
    tally = Tally("ab")
    for arm, user, score in [("a", "x", 1), ("a", "x", 0), ("a", "y", 1), ("a", "x", 0), ("b", "z", 4)]:
        tally.add(arm, user, score)
    found = tally.moments["a"]
    means = [1 / 3, 1.0]
    assert (found.count, found.mean) == (2, pytest.approx(sum(means) / 2))
    assert found.variance("mean") == pytest.approx((means[1] - means[0]) ** 2 / 2)
    assert (tally.moments["b"].count, tally.moments["b"].mean) == (1, 4)


def test_a_users_share_does_not_grow_with_the_requests() -> None:
    """One user with a thousand wrong answers is one of a hundred users."""
    made = of_users(spread(1, 0), spread(1, 0), users=200)
    many = [Seen("b", 200, 0.0, 0.01, "busy")] * 1000
    found = judge(replace(made, seen=[*made.seen, *many], requests=3000), Rules())
    means = {arm.arm: arm.mean for arm in found.arms}
    users = found.arms[1].users
    assert users and means["b"] == pytest.approx(1 - 1 / users)


def test_the_better_arm_is_better_for_users() -> None:
    """The sentence and the figures say users: with whom, on which arm, and how many it took."""
    found = judge(of_users(spread(0.7, 0.1), spread(0.9, 0.1)), Rules())
    assert (found.verdict, found.counted, found.crossed) == ("promote-b", "users", 0)
    assert "mean accuracy of a user 0.9" in found.reason and "of 2400 requests, of " in found.reason
    assert found.reason.endswith(" users.")
    assert [arm.users for arm in found.arms] == [arm.scores for arm in found.arms]
    assert sum(arm.users or 0 for arm in found.arms) == 240
    assert sum(arm.requests for arm in found.arms) == 2400
    assert read_judgement(found.to_dict()) == found


def test_users_who_differ_are_no_difference_of_the_arms() -> None:
    """Ten seeds where requests, counted alone, would promote an arm in some; users do in none."""
    wrong = {"users": 0, "requests": 0}
    for seed in range(10):
        made = of_users(spread(0.5, 0.5), spread(0.5, 0.5), seed=seed, each=20)
        alone = replace(made, seen=[replace(one, user="") for one in made.seen], users=0)
        for word, one in (("users", made), ("requests", alone)):
            found = judge(one, Rules())
            assert found.counted == word
            wrong[word] += found.verdict.startswith("promote")
    assert wrong["users"] == 0 < wrong["requests"]


def test_few_users_decide_nothing() -> None:
    """However many requests they send: 50 of each arm is the least."""
    found = judge(of_users(spread(0.1, 0), spread(0.9, 0), users=60, each=100), Rules())
    assert found.verdict == "keep-testing"
    assert "have fewer than 50 users with a score" in found.reason


def test_what_is_needed_is_a_number_of_users() -> None:
    """An effect takes so many users; without one all requests are what was planned."""
    equal = of_users(spread(0.7, 0.3), spread(0.7, 0.3))
    found = judge(equal, Rules(effect=0.01))
    assert (found.verdict, (found.needed or 0) > 1000) == ("keep-testing", True)
    assert f"takes about {found.needed} users" in found.reason
    ended = judge(equal, Rules())
    assert (ended.verdict, ended.needed) == ("no-difference", 240)
    assert "after 240 users a difference of" in ended.reason
    assert judge(replace(equal, requests=5000), Rules()).verdict == "keep-testing"


def test_the_shares_are_those_of_the_users() -> None:
    """A few users who ask often are no mismatch; users who are dealt otherwise than asked are one."""
    made = of_users(spread(0.8, 0.1), spread(0.8, 0.1))
    loud = [Seen("a", 200, 1.0, 0.01, made.seen[0].user)] * 2000
    loud = [replace(one, arm=made.seen[0].arm) for one in loud]
    found = judge(replace(made, seen=[*made.seen, *loud], requests=4400), Rules())
    assert found.mismatch and found.mismatch > 0.1
    uneven = judge(of_users(spread(0.8, 0.1), spread(0.8, 0.1), share=0.7), Rules())
    assert uneven.verdict == "keep-testing" and "shares of the users that were asked for" in uneven.reason


def test_users_on_both_arms_are_told_and_count_for_none() -> None:
    """One is noted; a router that keeps nobody on an arm ends the test."""
    made = of_users(spread(0.7, 0.1), spread(0.9, 0.1))
    first = made.seen[0]
    moved = replace(first, arm="b" if first.arm == "a" else "a")
    found = judge(replace(made, seen=[*made.seen, moved], requests=2401), Rules())
    assert (found.verdict, found.crossed) == ("promote-b", 1)
    assert "; users seen on several arms, who count for none: 1." in found.reason
    assert sum(arm.users or 0 for arm in found.arms) == 239
    chance = random.Random(0)
    by_chance = [replace(one, arm=chance.choice("ab")) for one in made.seen]
    told = judge(replace(made, seen=by_chance), Rules())
    assert told.verdict == "keep-testing" and "users were seen on several arms, " in told.reason


def test_requests_without_a_user_count_as_one_each() -> None:
    """A file whose first part an older version has written: those rows are nobody's, and that is told."""
    made = of_users(spread(0.7, 0.1), spread(0.9, 0.1))
    mixed = [replace(one, user="") if n < 300 else one for n, one in enumerate(made.seen)]
    by = counted(replace(made, seen=mixed))
    assert (by.word, by.nameless, by.crossed) == ("users", 300, 0)
    assert by.number == 300 + len({one.user for one in mixed if one.user})
    found = judge(replace(made, seen=mixed), Rules())
    assert found.nameless == 300 and "; requests of nobody, which count as a user each: 300" in found.reason
    none = replace(made, seen=[replace(one, user="") for one in made.seen], users=0)
    assert counted(none).word == "requests"


def failing(made: Experiment, arm: str, every: int) -> Experiment:
    """Each so manieth request of an arm has no answer, and is known as its own."""
    seen = [
        replace(one, status=500, score=None) if one.arm == arm and n % every == 0 else one
        for n, one in enumerate(made.seen)
    ]
    return replace(made, seen=seen)


def test_an_arm_that_fails_is_not_promoted() -> None:
    """Where errors tell of an arm, the better one is held to the guardrail, by its own requests."""
    better = of_users(spread(0.7, 0.1), spread(0.95, 0.05))
    found = judge(failing(better, "b", 10), Rules())
    assert found.verdict == "keep-testing"
    assert "b (arm-b): 1" in found.reason and "had no answer, more than 0.01 of all" in found.reason
    assert found.arms[1].unanswered > 80 and found.arms[0].unanswered == 0


def test_an_arm_that_fails_does_not_hold_the_other_back() -> None:
    """It is told, and so it is where nothing else would be decided."""
    better = of_users(spread(0.7, 0.1), spread(0.95, 0.05))
    found = judge(failing(better, "a", 10), Rules())
    assert found.verdict == "promote-b" and "; of a (arm-a) 1" in found.reason
    equal = judge(failing(of_users(spread(0.9, 0.1), spread(0.9, 0.1)), "a", 10), Rules())
    assert equal.verdict == "keep-testing" and equal.reason.startswith("a (arm-a): 1")


def test_errors_of_one_user_are_not_many() -> None:
    """Forty of one user among two hundred weigh as what one user tells, and forty of all as forty."""
    alone = [(40, 40), *[(0, 10)] * 199]
    failed, number = clustered(alone)
    assert failed / number == pytest.approx(40 / 2030) and number < 120
    assert clustered([(n < 40, 1) for n in range(2030)]) == (40, 2030)
    assert clustered([(0, 5), (0, 9)]) == (0, 14)
    assert clustered([(5, 5), (9, 9)]) == (2, 2)
