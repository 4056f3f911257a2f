"""The URL of a deployment in, what each path through its graph answers out: deployed means the new one does.

Last of every deployment. First waits for ten answers in a row in which every node is the expected one, for
right after an update the old pods still answer; then sends the test rows of the versions that are served,
until every path has answered all of its own, and holds the answers against those that the version gave when
it was trained. Environment: URL; PATHS, the JSON list of {"share": factors or null, "answers": node, "nodes":
[{"name", "image", "unit", "version", "digest"}]}; MODEL_STORE; ACCEPT, for the metric of a version; WAIT,
seconds for each of the two phases; OUTPUTS, the folder for the report; MANIFEST, written to the file
LAST_GOOD when all is well.
"""

import json
import math
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.contract.errors import ModelError
from workflows.parts.steps.asking import IN_A_ROW, PAUSE, Unanswered, Wrong, in_a_row, post
from workflows.parts.steps.last_good import keep
from workflows.parts.steps.paths import Samples, Way, answering, ways_of

BATCH = 100  # rows in a request
UNLUCKY = 1e-6  # chance of a path with requests to be given none


def ask(url: str, rows: Sequence[Any], names: Sequence[str] | None) -> Any:
    """The deployment's answer to `rows`. Wrong on anything but an answer for each of them."""
    data = {"names": names, "ndarray": rows} if names else {"ndarray": rows}
    _, text = post(url, json.dumps({"data": data}).encode())
    try:
        answer = json.loads(text)
    except ValueError as error:
        raise Wrong(str(error)) from None
    try:
        if len(answer["data"]["ndarray"]) == len(rows) and answer["meta"]["requestPath"]:
            return answer
    except (KeyError, TypeError):
        pass
    raise Wrong(f"not a prediction of {len(rows)} rows: {json.dumps(answer)[:300]}")


def await_nodes(url: str, ways: list[Way], wait: float) -> int:
    """Returns after IN_A_ROW right answers one after the other; SystemExit after `wait` seconds.

    Returns how many requests got no answer after the first that got one: those that an update has lost.
    """
    asked = next(way.samples for way in ways if way.samples.rows)
    row = in_a_row(url, wait, lambda _: answering(ask(url, asked.rows[:1], asked.names), ways))
    images = " or ".join(" > ".join(node["image"] for node in way.nodes) for way in ways)
    print(f"{IN_A_ROW} answers in a row come from {images}")
    return row.lost


@dataclass(frozen=True)
class Batch:
    """Rows for one request, and the paths that have yet to answer them."""

    start: int
    samples: Samples
    ways: list[Way]


def batches(ways: Sequence[Way]) -> Iterator[Batch]:
    """The test rows of all paths; what several have in common is sent once for all of them."""
    groups: list[list[Way]] = []
    for way in ways:
        same = [group for group in groups if group[0].samples.rows == way.samples.rows]
        if same:
            same[0].append(way)
        else:
            groups.append([way])
    for group in groups:
        for start in range(0, len(group[0].samples.rows), BATCH):
            yield Batch(start, group[0].samples, list(group))


def measure(url: str, ways: list[Way], wait: float) -> list[Wrong]:
    """Sends every test row to every path that it belongs to, and returns the answers that did not count.

    Chance or a router chooses the path of each request, so a batch is sent until all have answered it, within
    bounds of time and number that a path with any real share of the requests stays well inside.
    """
    missing = list(batches(ways))
    least = min(way.share or 1 / len(ways) for way in ways)
    limit = 20 + math.ceil(max(4 * len(missing), 16) / least)
    end, wrongs = time.monotonic() + wait, []
    while missing and limit > 0 and time.monotonic() < end:
        limit -= 1
        batch = max(missing, key=lambda batch: len(batch.ways))
        rows = batch.samples.rows[batch.start : batch.start + BATCH]
        try:
            answer = ask(url, rows, batch.samples.names)
            way = answering(answer, ways)
        except Wrong as wrong:
            wrongs.append(wrong)
            time.sleep(PAUSE)
            continue
        way.requests += 1
        way.tags = answer["meta"].get("tags") or {}
        if way in batch.ways:
            way.answers |= dict(enumerate(answer["data"]["ndarray"], batch.start))
            batch.ways.remove(way)
        if not batch.ways:
            missing.remove(batch)
    return wrongs


def judge(way: Way, *, asked: int, accept: float) -> Iterator[str]:
    """Prints what one path did; yields what is wrong with it."""
    if not way.answers:
        share = "a router decides" if way.share is None else f"its share is {way.share:g}"
        print(f"{way.name}: no answer in {asked} requests; {share}")
        # A rare path may be unlucky; one that cannot be, but for once in a million runs, is broken.
        if way.samples.rows and way.share is not None and (1 - way.share) ** asked < UNLUCKY:
            yield f"{way.name} answered none of {asked} requests."
        return
    metric, rows, dataset = way.metric, len(way.answers), way.samples.dataset
    part = (
        ""
        if rows == len(way.samples.rows)
        else f" ({len(way.samples.rows)} in all; time or requests ran out)"
    )
    named = " ".join(str(way.tags[key]) for key in ("model", "version") if key in way.tags)
    print(
        f"{way.name}: {metric.text if metric else 'answers'} on {rows} test rows of {dataset}{part},"
        f" {way.requests} requests, {named}"
    )
    if different := way.different:
        row = different[0]
        yield (
            f"{way.name} answers {len(different)} of {rows} rows otherwise than its version did when it was "
            f"trained; row {row}: {short(way.answers[row])}, not {short(way.samples.answers[row])}."
        )
    if metric and not metric.passes(accept):
        bound = "least" if metric.better == "higher" else "most"
        yield f"{way.name} serves with {metric.text}; accept is at {bound} {accept:.15g}."


def short(answer: Any) -> str:
    text = json.dumps(answer)
    return text if len(text) <= 200 else f"{text[:197]}..."


def described(way: Way) -> dict[str, Any]:
    """One path of the report."""
    metric = way.metric
    return {
        "path": way.name,
        "nodes": way.nodes,
        "share": way.share,
        "dataset": way.samples.dataset,
        "model": way.tags.get("model"),
        "version": way.tags.get("version"),
        "metric": {"name": metric.name, "value": metric.value, "better": metric.better} if metric else None,
        "rows": len(way.answers),
        "requests": way.requests,
    }


def main(environ: Mapping[str, str] = os.environ) -> None:
    url, wait, accept = environ["URL"], float(environ["WAIT"]), float(environ["ACCEPT"])
    try:
        ways = ways_of(json.loads(environ["PATHS"]), Path(environ["MODEL_STORE"]))
    except ModelError as error:
        sys.exit(str(error))
    known = {way.samples.dataset: len(way.samples.rows) for way in ways if way.samples.rows}
    if not known:
        sys.exit("No version in this graph has test rows: train one of them, which saves samples with it.")

    lost = await_nodes(url, ways, wait)
    print(f"sending {' and '.join(f'{rows} test rows of {name}' for name, rows in known.items())}")
    wrongs = measure(url, ways, wait)
    if wrongs:
        print(f"{len(wrongs)} answers did not count; the last: {wrongs[-1]}")
    lost += sum(isinstance(wrong, Unanswered) for wrong in wrongs)
    if lost:
        print(f"{lost} requests got no answer while pods changed: see EXECUTOR_IMAGE in docs/operations.md")
    asked = len(wrongs) + sum(way.requests for way in ways)
    failures = [fault for way in ways for fault in judge(way, asked=asked, accept=accept)]
    if not any(way.answers for way in ways):
        failures.append("No node answered the test rows.")

    told: dict[str, Any] = {"url": url, "requests": asked, "wrong": len(wrongs), "unanswered": lost}
    told["paths"] = [described(way) for way in ways]
    outputs = Path(environ["OUTPUTS"])
    outputs.mkdir(parents=True, exist_ok=True)
    (outputs / "report").write_text(json.dumps(told))
    if failures:
        sys.exit("\n".join(failures))
    keep(Path(environ["LAST_GOOD"]), environ["MANIFEST"])


if __name__ == "__main__":
    main()
