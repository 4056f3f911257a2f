"""A recorded case in, how the local runner's doings differ from the real cluster's out."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deployment_case import DeploymentCase, differences
from local_cluster import LocalCluster
from local_deviations import WORDS
from playing import play

# Of a state before last, and of the kubelet's own words, the local runner tells nothing.
_UNSEEN = ("last", "causes", "unscheduled")


def replay(name: str, root: Path, *, within: float = 60.0) -> list[str]:
    """One line a difference; a case of its own folder and namespace below `root`."""
    case = DeploymentCase(name)
    steps = [{verb: _spoken(what) for verb, what in step.items()} for step in case.steps]
    with LocalCluster(root / name, f"cases-{name}", within=within) as cluster:
        found = play(steps, cluster)
    lines = []
    for index, (wanted, seen) in enumerate(zip(case.expected, found, strict=True)):
        if "refused" in wanted:
            lines += [f"[{index}]: {line}" for line in _refusal(wanted, seen)]
        else:
            lines += differences(_told(wanted), _told(seen), f"[{index}]")
    return lines


def _refusal(wanted: Mapping[str, Any], seen: Mapping[str, Any]) -> list[str]:
    """It is refused as well, and each field is named; what is wrong with it, each says in its own words."""
    if "refused" not in seen:
        return [f"refused: wanted {wanted['refused']!r}, found {seen!r}"]
    fields = [cause["field"] for cause in wanted.get("causes") or ()]
    fields += re.findall(r'unknown field "([^"]+)"', wanted["refused"])
    return [f"{field}: not named in {seen['refused']!r}" for field in fields if field not in seen["refused"]]


def _spoken(what: Any) -> Any:
    """What a step waits for, in the local runner's words."""
    if isinstance(what, Mapping):
        return {key: _spoken(value) for key, value in what.items()}
    if isinstance(what, list):
        return [_spoken(value) for value in what]
    return WORDS.get(what, what) if isinstance(what, str) else what


def _told(seen: Any) -> Any:
    """Without what the local runner does not tell, or tells in words of its own."""
    if isinstance(seen, Mapping):
        left = {key: value for key, value in seen.items() if key not in _UNSEEN}
        if isinstance(waits := seen.get("waiting"), Mapping):
            left["waiting"] = {"reason": waits.get("reason")}
        return {key: _told(value) for key, value in left.items()}
    if isinstance(seen, list):
        return [_told(value) for value in seen]
    return WORDS.get(seen, seen) if isinstance(seen, str) else seen
