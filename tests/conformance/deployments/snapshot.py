"""Deployments, ReplicaSets, pods and endpoints in; what of them does not change from run to run, out.

A pod is known by its template: `web/2` is a pod of the second template that the Deployment `web` has had.
Names, addresses, times and uids are left out, or replaced in messages.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

COUNTS = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas")
# A container that has ended and is to start again is shown with how it ended, then as one that waits, and the
# kubelet changes from one to the other when it next comes by: both count as `ended`.
_BETWEEN = ("CrashLoopBackOff", "RunContainerError")
_ENDED = re.compile(r"(?<![A-Za-z])(Error|Completed|StartError|CrashLoopBackOff|RunContainerError)$")


@dataclass(frozen=True)
class View:
    """The objects as the API server has them; `columns` is what `kubectl get pods` says under STATUS."""

    deployments: list[Any]
    replica_sets: list[Any]
    pods: list[Any]
    slices: list[Any]
    columns: Mapping[str, str]


@dataclass
class Normal:
    """Remembers which templates and pods were seen before."""

    namespace: str
    templates: dict[str, str] = field(default_factory=dict)  # a ReplicaSet's name -> web/1
    _last: set[str] = field(default_factory=set)

    def snapshot(self, view: View) -> dict[str, Any]:
        for item in sorted(view.replica_sets, key=lambda rs: rs["metadata"]["creationTimestamp"]):
            self._learn(item)
        living = [pod for pod in view.pods if not pod["metadata"].get("deletionTimestamp")]
        names = {pod["metadata"]["name"]: self._template(pod) for pod in living}
        pods = [self._pod(pod, view.columns) for pod in living]
        return {
            "deployments": {d["metadata"]["name"]: self._deployment(d) for d in view.deployments},
            "pods": sorted(pods, key=lambda pod: json.dumps(pod, sort_keys=True)),
            "kept": len(self._last & names.keys()),
            "endpoints": self._endpoints(view.slices, names),
        }

    def remember(self, view: View) -> None:
        """The pods that the next snapshot's `kept` counts."""
        self._last = {pod["metadata"]["name"] for pod in view.pods}

    def plain(self, text: str) -> str:
        """A message without what is made up anew each time."""
        for name in sorted(self.templates, key=len, reverse=True):
            text = re.sub(rf"\b{name}-[a-z0-9]{{5}}(?![a-z0-9])", "<pod>", text)
            text = text.replace(name, f"<{self.templates[name]}>")
        text = re.sub(r"\([0-9a-f]{8}-[0-9a-f-]{27}\)", "(<uid>)", text)
        text = re.sub(r'(Back-off pulling image "[^"]*").*', r"\1", text, flags=re.DOTALL)
        text = re.sub(r"(failed to pull and unpack image).*", r"\1", text, flags=re.DOTALL)
        return re.sub(rf"(?<![a-z0-9]){re.escape(self.namespace)}(?![a-z0-9-])", "<namespace>", text)

    def _learn(self, item: Any) -> None:
        name = item["metadata"]["name"]
        if name not in self.templates:
            owner = _owner(item)
            number = sum(known.startswith(f"{owner}/") for known in self.templates.values()) + 1
            self.templates[name] = f"{owner}/{number}"

    def _template(self, pod: Any) -> str:
        return self.templates.get(_owner(pod), "?")

    def _deployment(self, item: Any) -> dict[str, Any]:
        status = item.get("status") or {}
        conditions = [
            {
                "type": c["type"],
                "status": c["status"],
                "reason": c["reason"],
                "message": self.plain(c["message"]),
            }
            for c in status.get("conditions") or []
        ]
        observed = status.get("observedGeneration", 0) == item["metadata"]["generation"]
        return {
            **{key: status[key] for key in COUNTS if key in status},
            "generation": item["metadata"]["generation"],
            "observed": observed,
            "conditions": sorted(conditions, key=lambda c: str(c["type"])),
        }

    def _pod(self, pod: Any, columns: Mapping[str, str]) -> dict[str, Any]:
        status = pod["status"]
        seen: dict[str, Any] = {
            "of": self._template(pod),
            "phase": status["phase"],
            "column": _ENDED.sub("(ended)", columns[pod["metadata"]["name"]]),
            "containers": self._containers(status.get("containerStatuses")),
        }
        if status.get("initContainerStatuses"):
            seen["initContainers"] = self._containers(status["initContainerStatuses"], once=True)
        for condition in status.get("conditions") or []:
            if condition["type"] == "PodScheduled" and condition["status"] == "False":
                seen["unscheduled"] = self.plain(condition["message"])
        return seen

    def _containers(self, statuses: Iterable[Any] | None, *, once: bool = False) -> dict[str, Any]:
        return {c["name"]: self._container(c, once=once) for c in statuses or []}

    def _container(self, c: Mapping[str, Any], *, once: bool) -> dict[str, Any]:
        seen = {
            "ready": c["ready"],
            "started": c.get("started", False),
            "restartCount": c["restartCount"],
            "state": self._state(c.get("state")),
        }
        last = self._state(c.get("lastState"))
        now = seen["state"].get("terminated")
        if now and not (once and now["exitCode"] == 0):
            return {**seen, "state": {"ended": now}}
        if seen["state"].get("waiting", {}).get("reason") in _BETWEEN and last:
            return {**seen, "state": {"ended": last["terminated"]}}
        return {**seen, **({"last": last} if last else {})}

    def _state(self, state: Mapping[str, Any] | None) -> dict[str, Any]:
        kept = ("reason", "message", "exitCode", "signal")
        return {
            which: {
                key: self.plain(str(about[key])) if key == "message" else about[key]
                for key in kept
                if key in about
            }
            for which, about in (state or {}).items()
        }

    def _endpoints(self, slices: Iterable[Any], names: Mapping[str, str]) -> dict[str, dict[str, list[str]]]:
        found: dict[str, dict[str, list[str]]] = {}
        for item in slices:
            service = found.setdefault(
                item["metadata"]["labels"]["kubernetes.io/service-name"], {"ready": [], "notReady": []}
            )
            for endpoint in item.get("endpoints") or []:
                pod = (endpoint.get("targetRef") or {}).get("name")
                if pod in names:
                    service["ready" if endpoint["conditions"]["ready"] else "notReady"].append(names[pod])
        return {name: {key: sorted(pods) for key, pods in both.items()} for name, both in found.items()}


def _owner(item: Any) -> str:
    owners = item["metadata"].get("ownerReferences") or [{"name": ""}]
    return str(owners[0]["name"])
