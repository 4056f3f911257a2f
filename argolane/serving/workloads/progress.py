"""A Deployment and its pods in, its `.status` out: fields, conditions and words as the real controller's."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from argolane.serving import status
from argolane.serving.workloads.rolling import Counted, Wanted

Object = dict[str, Any]
_SECONDS = 600
"""What progressDeadlineSeconds is when nobody says."""


@dataclass(frozen=True)
class Counts:
    """Pods that are not on their way out: all, and of the version asked for."""

    replicas: int
    updated: int
    ready: int
    available: int

    @classmethod
    def of(cls, new: Sequence[Counted], old: Sequence[Counted]) -> "Counts":
        both = [*new, *old]
        return cls(len(both), len(new), sum(p.ready for p in both), sum(p.available for p in both))


class Progress:
    """How a rollout comes along, from one look to the next."""

    def __init__(self) -> None:
        self._counts: Counts | None = None
        self._since = time.monotonic()
        self._version = ""
        self._reason, self._message = "", ""

    def want(self, version: str) -> None:
        """A template is asked for: `version` names its ReplicaSet. Its time begins now."""
        if version != self._version:
            self._version, self._counts = version, None
            self._since = time.monotonic()
            self._reason = "NewReplicaSetCreated"
            self._message = f'Created new replica set "{version}"'

    def nudge(self) -> None:
        """Somebody applied again: what had timed out has its time anew."""
        if self._reason == "ProgressDeadlineExceeded":
            self._since, self._counts = time.monotonic(), None
            self._moved()

    def left(self, spec: Object) -> float:
        """Seconds until the deadline; endless where nothing is waited for."""
        if self._reason in ("NewReplicaSetAvailable", "ProgressDeadlineExceeded"):
            return float("inf")
        return self._since + float(spec.get("progressDeadlineSeconds", _SECONDS)) - time.monotonic()

    def status(
        self, spec: Object, wanted: Wanted, counts: Counts, *, generation: int, trouble: str, previous: Object
    ) -> Object:
        """`trouble` is why pods are not ready, in more words than a cluster has room for."""
        self._look(spec, wanted, counts)
        found: Object = {
            "observedGeneration": generation,
            "replicas": counts.replicas,
            "updatedReplicas": counts.updated,
            "readyReplicas": counts.ready,
            "availableReplicas": counts.available,
            # Of those that are asked for now: while a surge is up, of more than spec.replicas.
            "unavailableReplicas": max(0, max(counts.replicas, wanted.replicas) - counts.available),
        }
        found = {name: value for name, value in found.items() if value or name == "observedGeneration"}
        available = counts.available >= wanted.least
        conditions = [
            _condition(
                "Available",
                available,
                "MinimumReplicasAvailable" if available else "MinimumReplicasUnavailable",
                f"Deployment {'has' if available else 'does not have'} minimum availability.",
            ),
            _condition(
                "Progressing", self._reason != "ProgressDeadlineExceeded", self._reason, self._message
            ),
        ]
        found["conditions"] = dated(conditions, previous)
        return found | ({"description": trouble} if trouble else {})

    def _look(self, spec: Object, wanted: Wanted, counts: Counts) -> None:
        complete = (
            counts.updated == wanted.replicas == counts.replicas and counts.available == wanted.replicas
        )
        before, self._counts = self._counts, counts
        if complete:
            self._reason = "NewReplicaSetAvailable"
            self._message = f'ReplicaSet "{self._version}" has successfully progressed.'
        elif _moves(before or Counts(counts.replicas, 0, counts.ready, counts.available), counts):
            self._since = time.monotonic()
            self._moved()
        elif self._reason == "NewReplicaSetAvailable":
            # Once there it stays there: a pod that dies is no rollout. One that is scaled is none either.
            return
        elif self.left(spec) <= 0:
            self._reason = "ProgressDeadlineExceeded"
            self._message = f'ReplicaSet "{self._version}" has timed out progressing.'

    def _moved(self) -> None:
        if self._reason != "NewReplicaSetAvailable":
            self._reason = "ReplicaSetUpdated"
            self._message = f'ReplicaSet "{self._version}" is progressing.'


def gone(previous: Object, why: str) -> Object:
    """The last known status, of one that nothing supervises any more."""
    counts = ("readyReplicas", "availableReplicas")
    kept = {k: v for k, v in previous.items() if k not in counts}
    if missing := previous.get("replicas"):
        kept["unavailableReplicas"] = missing
    conditions = [
        {**c, "lastUpdateTime": "", "lastTransitionTime": ""} for c in previous.get("conditions") or ()
        if c["type"] != "Available"
    ]  # fmt: skip
    message = "Deployment does not have minimum availability."
    conditions.insert(0, _condition("Available", False, "MinimumReplicasUnavailable", message))
    return kept | {"conditions": dated(conditions, previous), "description": why}


def dated(conditions: list[Object], previous: Object) -> list[Object]:
    """With the times that they had before, as far as they are the same."""
    before = {c["type"]: c for c in previous.get("conditions") or ()}
    for condition in conditions:
        old = before.get(condition["type"], {})
        same = all(old.get(k) == condition[k] for k in ("status", "reason", "message"))
        condition["lastUpdateTime"] = old["lastUpdateTime"] if same else status.now()
        turned = old.get("status") != condition["status"]
        condition["lastTransitionTime"] = status.now() if turned else old["lastTransitionTime"]
    return conditions


def _condition(kind: str, truth: bool, reason: str, message: str) -> Object:
    return {"type": kind, "status": "True" if truth else "False", "reason": reason, "message": message}


def _moves(before: Counts, now: Counts) -> bool:
    """As the controller's DeploymentProgressing: more of the new, fewer of the old, more that can be used."""
    return (
        now.updated > before.updated
        or now.replicas - now.updated < before.replicas - before.updated
        or now.ready > before.ready
        or now.available > before.available
    )
