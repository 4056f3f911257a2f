"""The URL of a graph in, labelled rows sent through it and what each arm made of them out: what is compared.

After a rollout. Sends held-out rows of the versions that are served, one a request, keeps every answer on the
claim with its truth, score, latency and the arm that `meta.routing` names, and sends the reward back as
feedback. Killed at any moment and started again, it goes on where it was: no number is counted twice, and
the feedback of a number has the same puid each time, by which a router knows it. Environment: URL; PATHS, as
`verify` has it, each with its "routing"; MODEL_STORE; REQUESTS, RATE (a second; 0: as fast as they are
answered), PARALLEL, SEED of the order of the rows; LABELS, now or late; RUN and its UID; DEPLOYMENT; WAIT,
seconds for the first answer; FILE, where the observations are kept; OUTPUTS. Where a router deals users:
STICKY, the header that names them (empty: none does); PER_USER, requests of each; WEIGHTS and SALT of the
router.
"""

import json
import math
import os
import random
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from models.contract.errors import ModelError
from models.contract.metric import OF_ROW, RowScore
from models.sticky.dealing import Dealing, dealing
from workflows.parts.steps.asking import PAUSE, Unanswered, exchange
from workflows.parts.steps.observations import Observation, Observations
from workflows.parts.steps.paths import Samples, Way, ways_of
from workflows.parts.steps.sending import Sending

LETTERS = "abcdefghijklmnopqrstuvwxyz"
TELL_TRIES = 3
PREDICTIONS, FEEDBACK = "/predictions", "/feedback"


@dataclass(frozen=True)
class Arm:
    """A way through the graph, and what an answer on it says in meta."""

    letter: str
    way: Way
    routing: Mapping[str, int]

    def took(self, meta: Mapping[str, Any]) -> bool:
        """By its routing; by the nodes that answered where the answer tells of no routing at all."""
        said = meta.get("routing") or {}
        if self.routing and said:
            return all(said.get(node) == child for node, child in self.routing.items())
        return set(meta.get("requestPath") or ()) == {node["name"] for node in self.way.nodes}


@dataclass(frozen=True)
class Users:
    """Who asks: so many, of whom chance takes one for each request. `field` is the header with the name."""

    field: str
    number: int
    seed: str
    dealt: Dealing

    def of(self, number: int) -> str:
        """Who sends the request of that number; the same for the same seed."""
        return f"user-{random.Random(f'{self.seed} user {number}').randrange(self.number)}"  # noqa: S311

    def arm_of(self, user: str, arms: Sequence[Arm]) -> str:
        """Whose an error was: no answer tells, but the router deals by this very rule."""
        child = self.dealt.arm_of(user)
        return next((arm.letter for arm in arms if list(arm.routing.values()) == [child]), "")


@dataclass
class Traffic:
    """What is sent, where to, and how an answer is scored."""

    url: str
    uid: str
    arms: Sequence[Arm]
    samples: Samples
    score: RowScore
    seed: str
    late: bool = False  # then nobody knows the truth yet
    users: Users | None = None
    orders: dict[int, list[int]] = field(default_factory=dict)

    def row_of(self, number: int) -> int:
        """All rows are sent once, in an order of chance, then all once more in another."""
        turn, place = divmod(number, len(self.samples.rows))
        if turn not in self.orders:
            order = list(range(len(self.samples.rows)))
            random.Random(f"{self.seed} {turn}").shuffle(order)  # noqa: S311  no secret
            self.orders[turn] = order
        return self.orders[turn][place]

    def request(self, row: int) -> dict[str, Any]:
        names = {"names": self.samples.names} if self.samples.names else {}
        return {"data": {**names, "ndarray": [self.samples.rows[row]]}}

    def ask(self, number: int) -> Observation:
        """What came of a request. Unanswered where nobody took it."""
        row = self.row_of(number)
        body, puid = json.dumps(self.request(row)).encode(), f"{self.uid}-{number}"
        user = self.users.of(number) if self.users else ""
        named = {self.users.field: user} if self.users else {}
        begun, at = time.perf_counter(), time.time()
        try:
            status, _, text = exchange(self.url, body, **{"Seldon-Puid": puid, **named})
        except Unanswered as nobody:
            status, text = 0, str(nobody).encode()
        latency = time.perf_counter() - begun
        meta, answer, error = read_answer(status, text)
        arm = next((arm.letter for arm in self.arms if arm.took(meta)), "")
        if error and self.users:
            arm = self.users.arm_of(user, self.arms)
        truth = None if self.late else self.samples.truth[row]
        score = None if error or self.late else self.score.compute(answer, truth)
        reward = score if score is None or self.score.better == "higher" else -score
        told = [json.dumps(value) for value in (meta.get("routing") or {}, answer, truth)]
        return Observation(number, puid, row, arm, told[0], status, told[1], told[2], score, reward, latency,
                           at, error, user=user)  # fmt: skip

    def tell(self, seen: Observation) -> int | None:
        """Sends the reward of a request back; its number, or None where it was not taken."""
        meta = {"puid": seen.puid, "routing": json.loads(seen.routing)}
        body = {
            "request": self.request(seen.row),
            "response": {"meta": meta, "data": {"ndarray": [json.loads(seen.answer)]}},
            "reward": seen.reward,
            "truth": {"data": {"ndarray": [json.loads(seen.truth)]}},
        }
        url = self.url.removesuffix(PREDICTIONS) + FEEDBACK
        for _ in range(TELL_TRIES):
            try:
                if exchange(url, json.dumps(body).encode(), **{"Seldon-Puid": seen.puid})[0] < 300:
                    return seen.number
            except Unanswered:
                pass
            time.sleep(PAUSE)
        return None


def read_answer(status: int, text: bytes) -> tuple[Mapping[str, Any], Any, str]:
    """(meta, the answer to the one row, what is wrong with it)."""
    try:
        told = json.loads(text)
        meta = told.get("meta") or {}
        if status < 300:
            [answer] = told["data"]["ndarray"]
            return meta, answer, ""
    except (ValueError, KeyError, TypeError, AttributeError):
        meta = {}
    return meta, None, text[:300].decode(errors="replace") or f"HTTP {status}"


def arms_of(paths: Sequence[Mapping[str, Any]], ways: Sequence[Way]) -> list[Arm]:
    """The ways that get requests, by letter in the order of the graph."""
    routing = {tuple(node["name"] for node in path["nodes"]): path["routing"] for path in paths}
    return [
        Arm(letter, way, routing[tuple(node["name"] for node in way.nodes)])
        for letter, way in zip(LETTERS, ways, strict=False)
    ]


def rows_of(arms: Sequence[Arm]) -> tuple[Samples, RowScore]:
    """The rows that all arms can be asked, and how an answer counts. ModelError where there are none."""
    first = arms[0].way
    for arm in arms:
        version, named = arm.way.version, arm.way.name
        if version is None or not arm.way.samples.rows:
            raise ModelError(f"{named} has no test rows: train its version, which saves samples with it.")
        if version.metric.name not in OF_ROW:
            raise ModelError(
                f"{named} is judged by {version.metric.name}, which a single answer has not; those that count"
                f" by the request are {', '.join(OF_ROW)}."
            )
        if first.version and (arm.way.samples.rows, version.metric.name) != (
            first.samples.rows,
            first.version.metric.name,
        ):
            raise ModelError(
                f"{named} is tested on {arm.way.samples.dataset} by {version.metric.name}, {first.name} on"
                f" {first.samples.dataset} by {first.version.metric.name}: only on the same rows, and by the"
                " same metric, can they be compared. Train both on one data set."
            )
    return first.samples, OF_ROW[first.version.metric.name]  # type: ignore[union-attr]


def main(environ: Mapping[str, str] = os.environ) -> None:
    paths, requests = json.loads(environ["PATHS"]), int(environ["REQUESTS"])
    try:
        arms = arms_of(paths, ways_of(paths, Path(environ["MODEL_STORE"])))
        samples, score = rows_of(arms)
    except ModelError as error:
        sys.exit(str(error))
    users = users_of(environ, requests=requests, arms=len(paths))
    if users and users.field in (samples.names or ()):
        sys.exit(f"sticky is {users.field!r}, a column of {samples.dataset}, which the router would go by.")
    late = environ["LABELS"] == "late"
    traffic = Traffic(environ["URL"], environ["UID"], arms, samples, score, environ["SEED"], late, users)
    about = {
        "deployment": environ["DEPLOYMENT"],
        "run": environ["RUN"],
        "dataset": samples.dataset,
        "requests": requests,
        "users": {"field": users.field, "number": users.number} if users else None,
        "score": {"name": score.name, "better": score.better, "kind": score.kind},
        "arms": [described_arm(arm) for arm in arms],
    }
    kept = Observations(Path(environ["FILE"]), about)
    before = len(kept.numbers())
    by = f" by {users.number} users" if users else ""
    print(f"sending {requests} requests of {samples.dataset}{by} to {environ['URL']}")
    if before:
        print(f"{before} of them are kept already: they are not sent again")
    parallel, rate, wait = int(environ["PARALLEL"]), float(environ["RATE"]), float(environ["WAIT"])
    Sending(traffic, kept, requests, parallel=parallel, rate=rate, wait=wait).run()
    names = {arm.letter: arm.way.name for arm in arms}
    told = []
    for letter, number, answered, mean, median in kept.arms():
        name = names.get(letter, "no arm")
        scored = "no answer" if mean is None else f"{score.name} {mean:.4f}"
        print(f"{name}: {scored}, {answered} of {number} requests answered, median {median * 1000:.1f} ms")
        told.append({"arm": letter, "name": name, "requests": number, "answered": answered, "score": mean})
    outputs = Path(environ["OUTPUTS"])
    outputs.mkdir(parents=True, exist_ok=True)
    (outputs / "report").write_text(json.dumps({**about, "kept before": before, "seen": told}))
    kept.close()


def users_of(environ: Mapping[str, str], *, requests: int, arms: int) -> Users | None:
    """None where requests are nobody's."""
    if not environ.get("STICKY"):
        return None
    number = max(1, math.ceil(requests / int(environ["PER_USER"])))
    dealt = dealing(environ["WEIGHTS"], arms, salt=environ["SALT"])
    return Users(environ["STICKY"], number, environ["SEED"], dealt)


def described_arm(arm: Arm) -> dict[str, Any]:
    version = arm.way.version
    return {
        "arm": arm.letter,
        "name": arm.way.name,
        "share": arm.way.share,
        "routing": dict(arm.routing),
        "unit": version.unit if version else None,
        "version": version.version if version else None,
    }


if __name__ == "__main__":
    main()
