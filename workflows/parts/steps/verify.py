"""The URL of a deployment in, the accuracy of each of its models out: deployed means the new one answers.

Last task of every deployment. First waits for ten answers in a row from the expected images, for right after
an update the old pods still answer; then sends the model's own test rows until every node has answered them
all. Environment: URL; EXPECT, `node=image=digest of the weights` separated by blanks; VERSION; RATIO, the
first node's share of the requests, or nothing; SAMPLES, a samples.json.gz of the model store; MIN_ACCURACY;
WAIT, seconds for each of the two phases; OUTPUTS, the folder for the report; MANIFEST, written to the file
LAST_GOOD when all is well.
"""

import gzip
import http.client
import json
import math
import os
import re
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

IN_A_ROW = 10
BATCH = 100  # rows in a request
PAUSE = 0.5  # seconds after an answer that does not count
SAY_EVERY = 15.0  # seconds between two lines of a long wait
# An address inside the cluster is never a proxy's business.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Wrong(Exception):
    """An answer that does not count, and why."""


@dataclass
class Arm:
    """One model of the deployment: what it should be, and what it did."""

    node: str
    image: str
    share: float
    digest: str = ""
    rows: int = 0
    right: int = 0
    requests: int = 0
    tags: dict[str, Any] = field(default_factory=dict)

    @property
    def accuracy(self) -> float | None:
        return self.right / self.rows if self.rows else None

    def learn(self, answer: Any, labels: list[int]) -> None:
        """Counts the rows of an answer: the guess is the class of the highest probability."""
        rows = answer["data"]["ndarray"]
        self.right += sum(
            max(range(len(row)), key=row.__getitem__) == label
            for row, label in zip(rows, labels, strict=True)
        )
        self.rows += len(labels)
        self.tags = answer["meta"].get("tags") or {}


def ask(url: str, rows: list[list[float]]) -> Any:
    """The deployment's answer to `rows`. Wrong on anything but a prediction for each of them."""
    body = json.dumps({"data": {"ndarray": rows}}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    try:
        with OPENER.open(request, timeout=30) as response:
            answer = json.load(response)
    except urllib.error.HTTPError as error:
        raise Wrong(f"HTTP {error.code}: {error.read(300).decode(errors='replace')}") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise Wrong(str(getattr(error, "reason", error)) or repr(error)) from None
    try:
        if len(answer["data"]["ndarray"]) == len(rows) and answer["meta"]["requestPath"]:
            return answer
    except (KeyError, TypeError):
        pass
    raise Wrong(f"not a prediction of {len(rows)} rows: {json.dumps(answer)[:300]}")


def answering(answer: Any, arms: list[Arm], version: str) -> Arm:
    """The arm that gave the answer. Wrong when it is not one of them, or still the old one."""
    path, tags = answer["meta"]["requestPath"], answer["meta"].get("tags") or {}
    for arm in arms:
        if arm.node in path:
            if path[arm.node] != arm.image:
                raise Wrong(f"{arm.node} is still {path[arm.node]}, not {arm.image}")
            if tags.get("version", version) != version:
                raise Wrong(f"{arm.node} still serves version {tags['version']}, not {version}")
            if tags.get("digest", arm.digest) != arm.digest:
                raise Wrong(f"{arm.node} still serves the weights {tags['digest']}, not {arm.digest}")
            return arm
    raise Wrong(f"answered by {', '.join(path)}; expected {' or '.join(arm.node for arm in arms)}")


def await_images(url: str, row: list[float], arms: list[Arm], version: str, wait: float) -> None:
    """Returns after IN_A_ROW right answers one after the other; SystemExit after `wait` seconds."""
    end, said, right, reason = time.monotonic() + wait, 0.0, 0, "nothing was asked"
    while right < IN_A_ROW:
        if time.monotonic() > end:
            sys.exit(f"{url} has not given {IN_A_ROW} right answers in a row in {wait:g} s. Last: {reason}")
        try:
            answering(ask(url, [row]), arms, version)
            right += 1
        except Wrong as wrong:
            right, reason = 0, str(wrong)
            if time.monotonic() - said > SAY_EVERY:
                said = time.monotonic()
                print(f"waiting: {reason}")
            time.sleep(PAUSE)
    print(f"{IN_A_ROW} answers in a row come from {' or '.join(arm.image for arm in arms)}")


def measure(url: str, samples: dict[str, Any], arms: list[Arm], version: str, wait: float) -> list[str]:
    """Sends every sample to every arm, and returns the answers that did not count.

    The router chooses the arm of each request, so a batch is sent until all have answered it, within bounds
    of time and number that an arm with any real share of the requests stays well inside.
    """
    missing = {start: {arm.node for arm in arms} for start in range(0, len(samples["rows"]), BATCH)}
    limit = 20 + math.ceil(4 * len(missing) / min(arm.share for arm in arms))
    end, wrongs = time.monotonic() + wait, []
    while missing and limit > 0 and time.monotonic() < end:
        limit -= 1
        start = max(missing, key=lambda batch: len(missing[batch]))
        rows, labels = (samples[key][start : start + BATCH] for key in ("rows", "labels"))
        try:
            answer = ask(url, rows)
            arm = answering(answer, arms, version)
        except Wrong as wrong:
            wrongs.append(str(wrong))
            time.sleep(PAUSE)
            continue
        arm.requests += 1
        if arm.node in missing[start]:
            arm.learn(answer, labels)
            missing[start].remove(arm.node)
        if not missing[start]:
            del missing[start]
    return wrongs


def judge(arm: Arm, *, asked: int, rows: int, dataset: str, least: float) -> str | None:
    """Prints what one arm did; what is wrong with it, or None."""
    if arm.accuracy is None:
        print(f"{arm.node}: no answer in {asked} requests; its share is {arm.share:g}")
        # A rare arm may be unlucky; a common one that never answers is broken.
        return f"{arm.node} answered none of {asked} requests." if asked * arm.share >= 20 else None
    part = "" if arm.rows == rows else f" ({rows} in all; time or requests ran out)"
    named = " ".join(str(arm.tags[key]) for key in ("model", "version") if key in arm.tags)
    print(
        f"{arm.node}: accuracy {arm.accuracy:.4f} on {arm.rows} test rows of {dataset}{part},"
        f" {arm.requests} requests, {named}"
    )
    if arm.accuracy >= least:
        return None
    return f"{arm.node} serves with accuracy {arm.accuracy:.4f}; min-accuracy is {least}."


def keep(last_good: Path, manifest: str) -> None:
    """Writes down what a later rollout that fails is rolled back to, and says what it replaces."""
    images = re.compile(r"^\s*(?:- )?image: '?([^\s']+)", re.MULTILINE)
    before = images.findall(last_good.read_text()) if last_good.is_file() else []
    print(f"before: {', '.join(before) or 'nothing verified'}\nnow: {', '.join(images.findall(manifest))}")
    last_good.parent.mkdir(parents=True, exist_ok=True)
    part = last_good.with_name(f".{last_good.name}.{os.getpid()}")
    part.write_text(manifest)
    part.replace(last_good)


def main(environ: Mapping[str, str] = os.environ) -> None:
    url, version, wait = environ["URL"], environ["VERSION"], float(environ["WAIT"])
    ratio = float(environ["RATIO"] or 1)
    named = [expected.split("=") for expected in environ["EXPECT"].split()]
    shares = zip(named, (ratio, 1 - ratio), strict=False)
    arms = [Arm(node, image, share, digest=digest) for (node, image, digest), share in shares if share > 0]
    samples = json.loads(gzip.decompress(Path(environ["SAMPLES"]).read_bytes()))

    await_images(url, samples["rows"][0], arms, version, wait)
    print(f"sending {len(samples['rows'])} test rows of {samples['dataset']}")
    wrongs = measure(url, samples, arms, version, wait)
    if wrongs:
        print(f"{len(wrongs)} answers did not count; the last: {wrongs[-1]}")
    asked = len(wrongs) + sum(arm.requests for arm in arms)
    least = float(environ["MIN_ACCURACY"])
    rows, dataset = len(samples["rows"]), samples["dataset"]
    failures = [judge(arm, asked=asked, rows=rows, dataset=dataset, least=least) for arm in arms]
    if not any(arm.rows for arm in arms):
        failures.append("No node answered the test rows.")

    report = {
        "url": url,
        "dataset": samples["dataset"],
        "requests": asked,
        "wrong": len(wrongs),
        "arms": [
            {
                "node": arm.node,
                "image": arm.image,
                "model": arm.tags.get("model"),
                "version": arm.tags.get("version"),
                "accuracy": arm.accuracy,
                "rows": arm.rows,
                "requests": arm.requests,
            }
            for arm in arms
        ],
    }
    outputs = Path(environ["OUTPUTS"])
    outputs.mkdir(parents=True, exist_ok=True)
    (outputs / "report").write_text(json.dumps(report))
    if any(failures):
        sys.exit("\n".join(filter(None, failures)))
    keep(Path(environ["LAST_GOOD"]), environ["MANIFEST"])


if __name__ == "__main__":
    main()
