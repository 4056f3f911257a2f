"""A failed run in, out comes why its deployment did not come up, and what to put back: after each failure.

Seldon's own status says Creating for ever; the reason is only in the pods. Asks the Kubernetes API with the
pod's own account, and says so where there is none. Environment: DEPLOYMENT; FAILURES, Argo's JSON of failed
nodes; ON_FAILURE, rollback or keep; LAST_GOOD, the file where `verify` keeps what was good; OUTPUTS.
"""

import json
import os
import ssl
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
ROLLOUT = ("deploy", "verify")
STARTING = ("ContainerCreating", "PodInitializing")
LOG_LINES = 20


def rollout_failed(failures: str) -> bool:
    """Whether a task of the rollout is among the failed nodes, as JSON, or as JSON in a JSON string."""
    nodes = json.loads(failures or "[]")
    nodes = json.loads(nodes) if isinstance(nodes, str) else nodes
    return any(str(node.get("displayName")).split("(")[0] in ROLLOUT for node in nodes or [])


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
        ended = last.get("terminated") or state.get("terminated") or {}
        code = f"exit code {ended.get('exitCode')} {ended.get('reason', '')}".rstrip()
        if waiting and waiting.get("reason") not in STARTING:
            what = f"{waiting.get('reason')}: {waiting.get('message', '')}"
            yield status["name"], f"{what} ({code})" if ended else what, "last" if ended else ""
        elif ended:
            yield status["name"], f"ended with {code}", "last" if last.get("terminated") else "this"
        elif "running" in state and not status.get("ready"):
            yield status["name"], "runs and is not ready", "this"


def reasons(deployment: str, namespace: str) -> Iterator[str]:
    """What is wrong with each pod of the deployment, and the last lines of the log that tells of it."""
    pods = f"/api/v1/namespaces/{namespace}/pods"
    for pod in json.loads(api(pods, labelSelector=f"seldon-deployment-id={deployment}"))["items"]:
        name = pod["metadata"]["name"]
        if pod["metadata"].get("deletionTimestamp"):
            continue  # on its way out, as the old pods of a rollout are
        for container, what, which in trouble(pod):
            yield f"{name} {container}: {what}"
            if which:
                asked = {"container": container, "tailLines": str(LOG_LINES)}
                try:
                    log = api(f"{pods}/{name}/log", previous=str(which == "last").lower(), **asked)
                except OSError as error:
                    log = f"(no log: {error})"
                yield from (f"    {line}" for line in log.splitlines())


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
    if rollout_failed(environ["FAILURES"]):
        said = explained(environ)
        if environ["ON_FAILURE"] == "rollback" and last_good.is_file():
            manifest = last_good.read_text()
            said.append("The deployment that was last verified is put back.")
        elif environ["ON_FAILURE"] == "rollback":
            said.append("Nothing is put back: no deployment of this name was verified before.")
    else:
        said = ["The run failed before its rollout: the deployment is as it was."]
    print("\n".join(said))
    outputs = Path(environ["OUTPUTS"])
    outputs.mkdir(parents=True, exist_ok=True)
    (outputs / "reason").write_text("\n".join(said))
    (outputs / "rollback").write_text(str(manifest != "{}").lower())
    (outputs / "manifest").write_text(manifest)


if __name__ == "__main__":
    main()
