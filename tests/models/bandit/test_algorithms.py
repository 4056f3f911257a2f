"""Which arm is pulled: pure functions of what is known and of chance."""

from collections.abc import Callable
from random import Random

import pytest

from models.bandit.algorithms import Algorithm, epsilon_greedy, thompson_beta, thompson_gaussian
from models.bandit.arms import Arm, pooled

EVERY: dict[str, Algorithm] = {
    "epsilon-greedy": epsilon_greedy(0.1),
    "beta": thompson_beta,
    "gaussian": thompson_gaussian,
}
each = pytest.mark.parametrize("choose", EVERY.values(), ids=EVERY)


def known(**rewards: list[float]) -> list[Arm]:
    arms = []
    for name, given in rewards.items():
        arm = Arm(name)
        for reward in given:
            arm = arm.rewarded(reward)
        arms.append(arm)
    return arms


def play(
    choose: Algorithm, reward: Callable[[int, Random], float], arms: int, *, pulls: int = 600, seed: int = 0
) -> list[int]:
    """The arms that were pulled, one after the other."""
    state, world, found = [Arm(str(number)) for number in range(arms)], Random(f"world {seed}"), []
    for pull in range(pulls):
        chosen = choose(state, Random(f"{seed}/{pull}"))
        state[chosen] = state[chosen].rewarded(reward(chosen, world))
        found.append(chosen)
    return found


def test_an_arm_knows_mean_and_spread_of_its_rewards() -> None:
    """One by one as if all were known at once; and what all arms are like together."""
    a, b = known(a=[1.0, 2.0, 6.0], b=[3.0])
    assert (a.rewards, a.mean, a.squares) == (3, 3.0, pytest.approx(14.0))
    everyone = pooled([a, b, Arm("c")])
    assert (everyone.rewards, everyone.mean, everyone.squares) == (4, 3.0, pytest.approx(14.0))
    assert pooled([Arm("c")]) == Arm("all")


@each
@pytest.mark.parametrize("arms", [2, 3, 7])
def test_the_best_arm_is_found_among_any_number(choose: Algorithm, arms: int) -> None:
    """The last one is best; in the second half it gets most of the pulls, in five runs out of five."""
    for seed in range(5):
        pulls = play(choose, lambda arm, world: float(world.random() < (0.9 if arm == arms - 1 else 0.3)),
                     arms, seed=seed)  # fmt: skip
        assert pulls[300:].count(arms - 1) > 0.75 * 300


def test_fractional_rewards_count_as_they_are() -> None:
    """0.6 beats 0.4, though none of them is a success: the public router cuts both off to 0."""
    for choose in (EVERY["epsilon-greedy"], EVERY["gaussian"]):
        pulls = play(choose, lambda arm, world: (0.4, 0.6)[arm] + world.gauss(0, 0.05), 2)
        assert pulls[300:].count(1) > 0.85 * 300


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_gaussian_needs_no_scale(scale: float) -> None:
    """Rewards in millions or in millionths, also below 0: the same arms are pulled."""
    reward = lambda arm, world: scale * ((-3.0, -1.0)[arm] + world.gauss(0, 1))  # noqa: E731
    assert play(thompson_gaussian, reward, 2) == play(
        thompson_gaussian, lambda arm, world: (-3.0, -1.0)[arm] + world.gauss(0, 1), 2
    )


def test_exploration_includes_the_best_arm() -> None:
    """With epsilon 1 all arms are alike; the public router's exploration never pulls the best one."""
    arms, choose = known(a=[1.0] * 9, b=[0.0] * 9), epsilon_greedy(1)
    pulls = [choose(arms, Random(seed)) for seed in range(1000)]
    assert 400 < pulls.count(0) < 600
    assert {epsilon_greedy(0)(arms, Random(seed)) for seed in range(100)} == {0}


@each
def test_before_any_reward_all_arms_are_pulled(choose: Algorithm) -> None:
    """Feedback may come late, or never."""
    pulls = [choose([Arm("a"), Arm("b"), Arm("c")], Random(seed)) for seed in range(300)]
    assert all(pulls.count(arm) > 50 for arm in range(3))


@each
def test_an_arm_whose_feedback_never_comes_does_not_take_all(choose: Algorithm) -> None:
    """The others are known to be fine."""
    pulls = [choose([*known(a=[1.0] * 50, b=[1.0] * 50), Arm("c")], Random(seed)) for seed in range(400)]
    assert pulls.count(2) < 250


@each
def test_the_same_seed_chooses_the_same(choose: Algorithm) -> None:
    """And another one otherwise."""
    reward = lambda arm, world: float(world.random() < 0.5)  # noqa: E731
    assert play(choose, reward, 3, seed=1) == play(choose, reward, 3, seed=1)
    assert play(choose, reward, 3, seed=1) != play(choose, reward, 3, seed=2)
