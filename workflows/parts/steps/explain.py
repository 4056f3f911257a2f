"""A failed rollout in, out comes why its deployment did not come up, and what to put back.

Seldon's own status says Creating for ever; the reason is only in the pods. Asks the Kubernetes API with the
pod's own account, and says so where there is none. Environment: DEPLOYMENT; ON_FAILURE, rollback or keep;
LAST_GOOD, the file where `verify` keeps what was good; OUTPUTS.
"""

import json
import os
import ssl
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
STARTING = ("ContainerCreating", "PodInitializing")
UNREADY = "runs and is not ready"
LOG_LINES = 20
# What the kubelet gives, as a log, of a container that it has removed.
REMOVED = ("unable to retrieve container logs for ", "failed to try resolving symlinks in path ")
LOG_TRIES, LOG_PAUSE = 6, 2.0


def api(path: str, **query: str) -> str:
    """The answer of the Kubernetes API."""
    host = f"https://{os.environ['KUBERNETES_SERVICE_HOST']}:{os.environ['KUBERNETES_SERVICE_PORT']}"
    request = urllib.request.Request(f"{host}{path}?{urllib.parse.urlencode(query)}")
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
            asked = {"container": container, "previous": str(previous).lower(), "tailLines": str(LOG_LINES)}
            try:
                log = api(f"{pod}/log", **asked)
            except OSError as error:
                why = str(error)
                continue
            if log.startswith(REMOVED):
                why = log.strip()
            elif log or previous == wanted:
                return log
    return f"(no log: {why})"


def reasons(deployment: str, namespace: str) -> Iterator[str]:
    """What is wrong with each pod of the deployment, and the last lines of the log that tells of it."""
    pods = f"/api/v1/namespaces/{namespace}/pods"
    for pod in json.loads(api(pods, labelSelector=f"seldon-deployment-id={deployment}"))["items"]:
        name = pod["metadata"]["name"]
        if pod["metadata"].get("deletionTimestamp"):
            continue  # on its way out, as the old pods of a rollout are
        # The orchestrator is not ready because of what is wrong with a model: causes come first.
        for container, what, which in sorted(trouble(pod), key=lambda found: found[1] == UNREADY):
            yield f"{name} {container}: {what}"
            if which:
                yield from (f"    {line}" for line in log_of(f"{pods}/{name}", container, which).splitlines())


def explained(environ: Mapping[str, str]) -> list[str]:
    name = environ["DEPLOYMENT"]
    if not (ACCOUNT / "token").is_file():
        return [f"There is no Kubernetes API here to ask for the pods of {name}; see its logs."]
    try:
        return list(reasons(name, (ACCOUNT / "namespace").read_text())) or [f"All pods of {name} are well."]
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
