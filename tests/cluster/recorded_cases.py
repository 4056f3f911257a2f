"""A recorded case of Argo in, how a real controller's outcome differs from the recording out.

The counterpart of tests/conformance/argo/harness.py, with the same comparison. What a case leaves behind is
deleted as soon as it has been read, so that ended pods do not fill the node.
"""

import hashlib
import json
import os
import re
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from lab import HERE, ROOT, Lab
from recording import Case, Paths, compare, compare_refusal, observed

NAMESPACE, ACCOUNT = "conf", "wf"
_WORKFLOWS = ("argoproj.io", "v1alpha1", NAMESPACE, "workflows")
_FATAL = re.compile(r'time="?\S+"? level=fatal msg=(".*")')
# The controller reads WorkflowTemplates from a cache that follows the API server.
_TEMPLATES_SEEN_AFTER = 2.0
# The longest case takes 25 s on an idle lab.
_ENDED_WITHIN = 240.0


def chosen(cases: Iterable[str]) -> list[str]:
    """All of them; with CASES as many of them as it says, other ones with each commit."""
    if not (most := os.environ.get("CASES")):
        return list(cases)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, check=True).stdout
    return sorted(cases, key=lambda name: hashlib.sha256(head + name.encode()).digest())[: int(most)]


class Cases:
    """Threads may run cases side by side, each case once at a time."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.client = config.new_client_from_config(config_file=lab.environment["KUBECONFIG"])
        self.workflows = client.CustomObjectsApi(self.client)
        self.pods = client.CoreV1Api(self.client)

    def empty(self) -> None:
        """Begin with a new namespace that holds the pods' account only."""
        self.remove()
        self.lab.run("kubectl", "apply", "--filename", str(HERE / "recorded_cases.yaml"))

    def remove(self) -> None:
        self.lab.run("kubectl", "delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout=180s")

    def differences(self, case: Case) -> list[str]:
        """One line a difference; nothing of the case is left on the cluster."""
        try:
            for file in _beside(case):
                self.lab.run("kubectl", "--namespace", NAMESPACE, "apply", "--filename", str(file))
            if case.file("templates.yaml").exists():
                time.sleep(_TEMPLATES_SEEN_AFTER)
            refusal = self._submit(case)
            if refusal is not None or case.expected["submit_error"] is not None:
                return compare_refusal(case.expected, refusal)
            status = self._ended(case)
            return compare(case.expected, observed(case.name, status, self._logs(case.name, status)))
        finally:
            self._clean(case)

    def _submit(self, case: Case) -> str | None:
        """What `argo submit` complained about."""
        command = ["argo", "submit", "--namespace", NAMESPACE, "--serviceaccount", ACCOUNT, "--output=name"]
        command += [f"--parameter={name}={value}" for name, value in case.parameters.items()]
        command += [f"--entrypoint={case.entrypoint}"] if case.entrypoint else []
        said = self.lab.run(*command, str(case.workflow), ok=False).strip()
        if said.partition("\n")[0] == case.name:  # Warnings may follow.
            return None
        fatal = _FATAL.fullmatch(said)
        return json.loads(fatal[1]) if fatal else said.removeprefix("Error: ")

    def _ended(self, case: Case) -> dict[str, Any]:
        """The workflow's status once it has ended, or when the recorder looked at one that never ends."""
        end = time.monotonic() + (case.stop_after or _ENDED_WITHIN)
        while True:
            status = self.workflows.get_namespaced_custom_object(*_WORKFLOWS, case.name).get("status", {})
            if status.get("phase") in ("Succeeded", "Failed", "Error") or time.monotonic() > end:
                return dict(status)
            time.sleep(0.5)

    def _logs(self, workflow: str, status: dict[str, Any]) -> dict[str, str]:
        """Exactly what main wrote to stdout, by path."""
        paths, logs = Paths(workflow, status.get("nodes") or {}), {}
        label = f"workflows.argoproj.io/workflow={workflow}"
        for pod in self.pods.list_namespaced_pod(NAMESPACE, label_selector=label).items:
            # The agent that asks for http templates is a pod of no node.
            node = (pod.metadata.annotations or {}).get("workflows.argoproj.io/node-id")
            if node in paths.nodes:
                logs[paths.path(node)] = self._stdout(pod)
        return logs

    def _stdout(self, pod: Any) -> str:
        """From the node's own file: the API mixes stdout with stderr, where argoexec also writes."""
        folder = f"{NAMESPACE}_{pod.metadata.name}_{pod.metadata.uid}"
        try:
            log = self.pods.connect_get_node_proxy_with_path(
                pod.spec.node_name, f"logs/pods/{folder}/main/0.log", _preload_content=False
            ).data.decode()
        except ApiException as error:
            if error.status == 404:  # main never started
                return ""
            raise
        lines = (line.split(" ", 3) for line in log.split("\n")[:-1])
        return "".join(
            text + ("\n" if whole == "F" else "") for _, stream, whole, text in lines if stream == "stdout"
        )

    def _clean(self, case: Case) -> None:
        try:
            self.workflows.delete_namespaced_custom_object(*_WORKFLOWS, case.name, grace_period_seconds=0)
        except ApiException as error:
            if error.status != 404:
                raise
        label = f"workflows.argoproj.io/workflow={case.name}"
        self.pods.delete_collection_namespaced_pod(NAMESPACE, label_selector=label, grace_period_seconds=0)
        for file in _beside(case):
            self.lab.run(
                "kubectl", "--namespace", NAMESPACE, "delete", "--ignore-not-found", "--filename", str(file)
            )


def _beside(case: Case) -> list[Path]:
    files = (case.file(name) for name in ("objects.yaml", "templates.yaml"))
    return [file for file in files if file.exists()]
