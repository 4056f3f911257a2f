"""A Job in, the workflow that does the same out, and back: that workflow's nodes as a Job's status."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from argolane.errors import ManifestError

_ANNOTATION = "argolane.dev/job"
_POD = ("containers", "initContainers", "volumes", "restartPolicy", "activeDeadlineSeconds")
_JOB = ("completions", "parallelism", "backoffLimit", "template", "activeDeadlineSeconds")
_NO_EFFECT = (
    "automountServiceAccountToken", "dnsPolicy", "imagePullSecrets", "nodeSelector", "schedulerName",
    "securityContext", "serviceAccountName", "terminationGracePeriodSeconds", "tolerations",
    "ttlSecondsAfterFinished", "affinity", "podReplacementPolicy", "completionMode",
)  # fmt: skip


def refused(job: Mapping[str, Any]) -> Iterator[str]:
    """Fields of a Job that are not done here."""
    spec = job.get("spec") or {}
    pod = (spec.get("template") or {}).get("spec") or {}
    yield from (f"spec.{name}" for name in spec if name not in (*_JOB, *_NO_EFFECT))
    yield from (f"spec.template.spec.{name}" for name in pod if name not in (*_POD, *_NO_EFFECT))
    if str(spec.get("completionMode") or "NonIndexed") != "NonIndexed":
        yield "spec.completionMode"
    if len(pod.get("containers") or ()) > 1:
        yield "spec.template.spec.containers[1]"


def workflow(job: Mapping[str, Any]) -> dict[str, Any]:
    """As many pods as completions, `parallelism` at once, each tried again up to backoffLimit times."""
    if faults := [f"Job {job['metadata']['name']!r}: {path} is not done here." for path in refused(job)]:
        raise ManifestError(faults)
    spec = job["spec"]
    pod = spec["template"]["spec"]
    limit = spec.get("backoffLimit")
    template: dict[str, Any] = {
        "name": "pod",
        "metadata": {k: v for k, v in (spec["template"].get("metadata") or {}).items() if k == "labels"},
        "container": {key: value for key, value in pod["containers"][0].items() if key != "name"},
        "initContainers": pod.get("initContainers") or [],
        "volumes": pod.get("volumes") or [],
        "retryStrategy": {"limit": str(6 if limit is None else limit)},
    }
    count = str(spec.get("completions") or 1)
    task = {"name": "pod", "template": "pod", "withSequence": {"count": count}}
    body: dict[str, Any] = {
        "entrypoint": "main",
        "parallelism": int(spec.get("parallelism") or 1),
        "templates": [{"name": "main", "steps": [[task]]}, template],
    }
    if spec.get("activeDeadlineSeconds"):
        body["activeDeadlineSeconds"] = spec["activeDeadlineSeconds"]
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"generateName": "job-", "annotations": {_ANNOTATION: json.dumps(job)}},
        "spec": body,
    }


def seen(submission: Mapping[str, Any], status: Mapping[str, Any]) -> dict[str, Any]:
    """The Job with a status as its controller keeps it; what is zero is left out."""
    job: dict[str, Any] = json.loads(submission["metadata"]["annotations"][_ANNOTATION])
    phases = [n.get("phase") for n in (status.get("nodes") or {}).values() if n.get("type") == "Pod"]
    counts = {
        "active": sum(phase in ("Pending", "Running") for phase in phases),
        "failed": sum(phase in ("Failed", "Error") for phase in phases),
        "succeeded": phases.count("Succeeded"),
    }
    found: dict[str, Any] = {key: count for key, count in counts.items() if count}
    found |= {"ready": phases.count("Running"), "startTime": status.get("startedAt")}
    phase = status.get("phase")
    if phase == "Succeeded":
        found["completionTime"] = status.get("finishedAt")
        found["conditions"] = _conditions("SuccessCriteriaMet", "Complete")
    elif phase in ("Failed", "Error"):
        found["conditions"] = _conditions("FailureTarget", "Failed")
    metadata = {**(job.get("metadata") or {}), "uid": submission["uid"]}
    return {**job, "metadata": metadata, "status": found}


def _conditions(*kinds: str) -> list[dict[str, str]]:
    return [{"type": kind, "status": "True"} for kind in kinds]
