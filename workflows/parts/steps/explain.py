"""A failed rollout in, out comes why its deployment did not come up, in ten lines, and what to put back.

Seldon's own status says Creating for ever; the reason is only in the pods. Asks the Kubernetes API with the
pod's own account, and says so where there is none. Environment: DEPLOYMENT, and its KIND, SeldonDeployment
or Deployment; SELECTOR of its pods; BESIDE, deployments that it needs, which are asked first; ON_FAILURE,
rollback or keep; LAST_GOOD, the file where `verify` keeps what was good; OUTPUTS.
"""

import json
import os
import re
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
STARTING = ("ContainerCreating", "PodInitializing")
UNREADY = "runs and is not ready"
LINES, WIDE = 10, 300  # of all that is said, and of each line
CAUSES = 3
LOG_LINES = 40  # to choose from
# Of a stack in Go, which Seldon's executor writes whenever a model is not ready yet.
STACK = re.compile(r"\s+\S+\.(go|s):\d+|goroutine \d+ |created by |[\w./*()-]+\((\{?0x.*|\.{3})?\)$")
GROUP = "/apis/machinelearning.seldon.io/v1"
SELDON = "SeldonDeployment"
# What the kubelet gives, as a log, of a container that it has removed.
REMOVED = ("unable to retrieve container logs for ", "failed to try resolving symlinks in path ")
LOG_TRIES, LOG_PAUSE = 6, 2.0


def api(path: str, *, patch: bytes | None = None, **query: str) -> str:
    """The answer of the Kubernetes API."""
    host = f"https://{os.environ['KUBERNETES_SERVICE_HOST']}:{os.environ['KUBERNETES_SERVICE_PORT']}"
    request = urllib.request.Request(f"{host}{path}?{urllib.parse.urlencode(query)}")
    if patch is not None:
        request.method, request.data = "PATCH", patch
        request.add_header("Content-Type", "application/merge-patch+json")
    request.add_header("Authorization", f"Bearer {(ACCOUNT / 'token').read_text()}")
    context = ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt"))
    with urllib.request.urlopen(request, timeout=30, context=context) as response:
        text: str = response.read().decode(errors="replace")
        return text


def trouble(pod: Any) -> Iterator[tuple[str, str, str]]:
    """(container, what is wrong with it, which of its logs tells: "last", "this" or "") of a pod."""
    for condition in pod["status"].get("conditions") or []:
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            yield "", f"{condition.get('reason')}: {condition.get('message')}", ""
    for status in pod["status"].get("containerStatuses") or []:
        state, last = status.get("state") or {}, status.get("lastState") or {}
        waiting = state.get("waiting") or {}
        now, before = state.get("terminated"), last.get("terminated")
        ended = now or before or {}
        code = f"exit code {ended.get('exitCode')} {ended.get('reason', '')}".rstrip()
        if waiting and waiting.get("reason") not in STARTING:
            what = f"{waiting.get('reason')}: {waiting.get('message', '')}"
            yield status["name"], f"{what} ({code})" if ended else what, "last" if ended else ""
        elif ended:
            yield status["name"], f"ended with {code}", "this" if now else "last"
        elif "running" in state and not status.get("ready"):
            yield status["name"], UNREADY, "this"


def log_of(pod: str, container: str, which: str) -> str:
    """The last lines of a container's log, of `which` of its two last lives, by the pod's path.

    While a container starts anew, for seconds, what the pod's status calls its last life is gone, and what
    was this life is the last one; so the other is asked for as well, and both more than once.
    """
    wanted, why = which == "last", ""
    for attempt in range(LOG_TRIES):
        time.sleep(LOG_PAUSE if attempt else 0)
        for previous in (wanted, not wanted):
            before = str(previous).lower()
            try:
                log = api(f"{pod}/log", container=container, previous=before, tailLines=str(LOG_LINES))
            except OSError as error:
                why = str(error)
                continue
            if log.startswith(REMOVED):
                why = log.strip()
            elif log or previous == wanted:
                return log
    return f"(no log: {why})"


def told(log: str) -> list[str]:
    """The lines of a log that tell something: no stacks in Go, JSON as its words, each line once."""
    lines = []
    for line in log.splitlines():
        try:
            entry = json.loads(line)
            line = ": ".join(str(entry[key]) for key in ("msg", "error") if entry.get(key))
        except (ValueError, TypeError, AttributeError):
            if STACK.match(line):
                continue
        if line.strip():
            lines.append(line if len(line) <= WIDE else f"{line[:WIDE]}...")
    return list(dict.fromkeys(lines))


def state(deployment: str, namespace: str) -> Iterator[str]:
    """What Seldon's controller says of the deployment, or that it says nothing."""
    path = f"{GROUP}/namespaces/{namespace}/seldondeployments/{deployment}"
    try:
        found = json.loads(api(path)).get("status") or {}
        # Changes nothing, and is refused when the controller's webhook does not answer.
        api(path, patch=b"{}", dryRun="All")
    except urllib.error.HTTPError as error:
        said = error.read().decode(errors="replace")
        if error.code == 404:
            yield f"There is no SeldonDeployment {deployment}: it was not taken; see the message of deploy."
        elif "failed calling webhook" in said:
            yield (
                "Seldon's controller is not there: its webhook does not answer, so no change is taken. "
                "Look: kubectl get pods -A -l control-plane=seldon-controller-manager"
            )
        return
    if not found.get("state"):
        yield (
            f"Seldon's controller has not looked at {deployment}. Is it running? "
            "kubectl get pods -A -l control-plane=seldon-controller-manager"
        )
    elif found["state"] == "Failed":
        yield f"SeldonDeployment {deployment} is Failed: {found.get('description') or 'it does not say why'}"


def state_of_pods(deployment: str, namespace: str) -> Iterator[str]:
    """What Kubernetes' own controller says of a Deployment that does not come up."""
    try:
        found = json.loads(api(f"/apis/apps/v1/namespaces/{namespace}/deployments/{deployment}"))
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 404:
            yield f"There is no Deployment {deployment}: it was not taken; see the message of deploy."
        return
    for condition in (found.get("status") or {}).get("conditions") or []:
        stuck = condition["type"] == "Progressing" and condition["status"] == "False"
        if stuck or (condition["type"] == "ReplicaFailure" and condition["status"] == "True"):
            yield f"Deployment {deployment}: {condition.get('reason')}: {condition.get('message')}"[:WIDE]


def causes(selector: str, namespace: str) -> Iterator[tuple[str, list[str]]]:
    """(what is wrong with a container, the words of its log) for each pod of the selector."""
    pods = f"/api/v1/namespaces/{namespace}/pods"
    for pod in json.loads(api(pods, labelSelector=selector))["items"]:
        name = pod["metadata"]["name"]
        if pod["metadata"].get("deletionTimestamp"):
            continue  # on its way out, as the old pods of a rollout are
        found = list(trouble(pod))
        # The orchestrator is not ready because of what is wrong with a model: then it has nothing to add.
        real = [one for one in found if one[1] != UNREADY] or found
        for container, what, which in real:
            log = told(log_of(f"{pods}/{name}", container, which)) if which else []
            yield f"{name} {container}: {what}"[:WIDE], log


def reasons(deployment: str, namespace: str, *, kind: str = SELDON, selector: str = "") -> list[str]:
    """What is wrong, with the last words of each log that tells of it, in LINES lines."""
    said = (state if kind == SELDON else state_of_pods)(deployment, namespace)
    selector = selector or f"seldon-deployment-id={deployment}"
    lines, found = list(said), list(causes(selector, namespace))
    shown, more = found[:CAUSES], len(found) - CAUSES
    left = LINES - 1 - len(lines) - len(shown) - (more > 0)
    for number, (what, log) in enumerate(shown):
        share = left // (len(shown) - number)
        words = log[-share:] if share > 0 else []
        left -= len(words)
        lines += [what, *(f"    {line}" for line in words)]
    return [*lines, f"and {more} more"] if more > 0 else lines


def explained(environ: Mapping[str, str]) -> list[str]:
    name = environ["DEPLOYMENT"]
    if not (ACCOUNT / "token").is_file():
        return [f"There is no Kubernetes API here to ask for the pods of {name}; see its logs."]
    try:
        namespace = (ACCOUNT / "namespace").read_text()
        for beside in environ.get("BESIDE", "").split():
            if said := reasons(beside, namespace):
                return said
        said = reasons(name, namespace, kind=environ["KIND"], selector=environ["SELECTOR"])
        return said or [f"All pods of {name} are well."]
    except (OSError, ValueError, KeyError) as error:
        return [f"The pods of {name} could not be read: {error!r}"]


def main(environ: Mapping[str, str] = os.environ) -> None:
    last_good, manifest = Path(environ["LAST_GOOD"]), "{}"
    said = explained(environ)
    if environ["ON_FAILURE"] == "rollback" and last_good.is_file():
        manifest = last_good.read_text()
        said.append("The deployment that was last verified is put back.")
    elif environ["ON_FAILURE"] == "rollback":
        said.append("Nothing is put back: no deployment of this name was verified before.")
    print("\n".join(said))
    outputs = Path(environ["OUTPUTS"])
    outputs.mkdir(parents=True, exist_ok=True)
    (outputs / "reason").write_text("\n".join(said))
    (outputs / "rollback").write_text(str(manifest != "{}").lower())
    (outputs / "manifest").write_text(manifest)


if __name__ == "__main__":
    main()
