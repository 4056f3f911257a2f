"""The same user, the same arm: by a tag, a column, an object or a header."""

import json
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from models.runtimes.bad_input import BadInput
from models.sticky.predict import Sticky
from tests.models.conftest import python_of
from tests.models.serving import served

USERS = [f"user {number}" for number in range(20_000)]
# Of the first twelve, of two arms with equal weights.
KNOWN = [1, 1, 0, 1, 1, 1, 1, 0, 1, 0, 0, 0]


def test_the_shares_are_those_of_the_weights() -> None:
    """Of 20,000 users, within four standard deviations; also for a weight of 0, and for many arms."""
    for weights in ("", "9,1", "1,0,3", "1,2,3,4,5"):
        shares = [float(share) for share in weights.split(",")] if weights else [1.0, 1.0]
        router = Sticky(arms=",".join("abcde"[: len(shares)]), sticky="user", weights=weights)
        counts = Counter(map(router.arm_of, USERS))
        for arm, share in enumerate(shares):
            part = share / sum(shares)
            assert abs(counts[arm] - part * len(USERS)) <= 4 * (len(USERS) * part * (1 - part)) ** 0.5


def test_a_user_keeps_the_arm() -> None:
    """In every process, for ever: these are written down."""
    router = Sticky(arms="a,b", sticky="user", weights="1,1")
    assert [router.arm_of(user) for user in USERS[:12]] == KNOWN
    assert [Sticky(arms="a,b", sticky="user").arm_of(user) for user in USERS[:12]] == KNOWN


def test_the_last_arm_may_get_what_is_left() -> None:
    """One weight for two arms is the share of the first, as the ratio of RANDOM_ABTEST."""
    for short, whole in (("0.9", "9,1"), ("0", "0,1"), ("1", "1,0"), ("0.2,0.3", "2,3,5")):
        arms = ",".join("abc"[: whole.count(",") + 1])
        routers = [Sticky(arms=arms, sticky="user", weights=weights) for weights in (short, whole)]
        assert [routers[0].arm_of(user) for user in USERS[:500]] == [
            routers[1].arm_of(user) for user in USERS[:500]
        ]


def test_more_for_an_arm_moves_only_those_that_it_gets() -> None:
    """From 9:1 to 5:5 nobody goes from the second arm to the first."""
    before, after = (Sticky(arms="a,b", sticky="user", weights=weights) for weights in ("9,1", "5,5"))
    moved = {(before.arm_of(user), after.arm_of(user)) for user in USERS}
    assert moved == {(0, 0), (0, 1), (1, 1)}


def test_another_salt_deals_anew() -> None:
    """Of two tests of the same users one says nothing of the other."""
    one, two = (Sticky(arms="a,b", sticky="user", salt=salt) for salt in ("", "second test"))
    both = sum(one.arm_of(user) == two.arm_of(user) for user in USERS)
    assert 9_600 < both < 10_400


@pytest.mark.parametrize(
    ("given", "names", "meta"),
    [
        ([[1.0]], [], {"tags": {"user": "ann"}}),
        ({"user": "ann", "text": "..."}, [], {}),
        ([["x", "ann"], ["y", "ann"]], ["text", "user"], None),
    ],
)
def test_a_request_may_name_its_user_in_several_places(given: Any, names: Any, meta: Any) -> None:
    """A tag, a field of an object, a column: the arm is that of the user."""
    router = Sticky(arms="a,b,c", sticky="user")
    assert router.route(given, names, meta) == router.arm_of("ann")


def test_whole_numbers_are_the_same_user_in_every_form() -> None:
    """Tags of protobuf are all floats."""
    router = Sticky(arms="a,b,c", sticky="user")
    forms = [router.route([[1.0]], [], {"tags": {"user": user}}) for user in (7, 7.0, "7")]
    assert len(set(forms)) == 1


def test_rows_of_two_users_are_refused() -> None:
    """One request goes to one arm."""
    router = Sticky(arms="a,b", sticky="user")
    with pytest.raises(BadInput, match="The rows are of 2 user; expected those of one"):
        router.route([[1.0], [2.0]], ["user"], None)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"arms": "a,b"}, "sticky is empty; expected the name of a tag"),
        ({"arms": "a,b", "sticky": "u", "weights": "1,1,1"}, "weights is '1,1,1'; expected 2 numbers"),
        ({"arms": "a,b", "sticky": "u", "weights": "1.5"}, "weights is '1.5'"),
        ({"arms": "a", "sticky": "u", "weights": "x"}, "weights is 'x'"),
        ({"arms": "a,b", "sticky": "u", "weights": "1,-1"}, "weights is '1,-1'"),
        ({"arms": "a,b", "sticky": "u", "weights": "0,0"}, "weights is '0,0'"),
        ({"arms": "a,b", "sticky": "u", "weights": "x,y"}, "weights is 'x,y'"),
    ],
)
def test_a_wrong_parameter_is_told(parameters: dict[str, str], words: str) -> None:
    """By its name, with what is expected."""
    with pytest.raises(RuntimeError, match=words):
        Sticky(**parameters)


@pytest.mark.environments
def test_behind_the_wrapper_a_header_will_do(tmp_path: Path) -> None:
    """It is the one that the graph's server hands on; without any user chance decides, by the puid."""
    given = {"arms": "a,b", "sticky": "user-id"}
    parameters = json.dumps([{"name": n, "value": v, "type": "STRING"} for n, v in given.items()])
    router = Sticky(**given)
    body = json.dumps({"data": {"ndarray": [[0.5]]}}).encode()
    log = tmp_path / "log"

    def ask(url: str, **headers: str) -> int:
        request = urllib.request.Request(
            f"{url}/route", body, {"Content-Type": "application/json", **headers}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(json.load(answer)["data"]["ndarray"][0][0])

    with served(
        python_of("sticky/runtime.lock"), "sticky", tmp_path, log, PREDICTIVE_UNIT_PARAMETERS=parameters
    ) as server:
        for user in USERS[:20]:
            assert ask(server.url, **{"User-Id": user}) == router.arm_of(user)
            assert ask(server.url, **{"Seldon-Puid": user}) == router.arm_of(user)
        tagged = {"meta": {"tags": {"user-id": "ann"}}, "data": {"ndarray": [[0.5]]}}
        assert server.ask(tagged, path="/route")[1]["data"]["ndarray"] == [[router.arm_of("ann")]]
    assert "a request without 'user-id'; it is dealt by its puid" in log.read_text()
