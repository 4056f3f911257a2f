"""A run's name in, what its pods wrote out."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kubernetes.client.exceptions import ApiException

from argolane.errors import ArgolaneError, unknown
from argolane.workflow.cluster.api import Cluster, Object, connected, status_of
from argolane.workflow.cluster.runs import find
from argolane.workflow.run.tree import walk

# What Argo's executor adds to a container's own output.
EXECUTOR = re.compile(rb'(time="[^"]*" level=\w+ msg=.* argo=true|Error: exit status \d+$)')
NODE_ID = "workflows.argoproj.io/node-id"


def logs(
    name: str | None,
    task: str | None = None,
    *,
    namespace: str,
    write: Callable[[str], None],
    follow: bool = False,
) -> None:
    """Writes the log of `task`, or of all tasks in the order of their start; `follow` waits for each."""
    with connected(namespace) as cluster:
        workflow = find(cluster, name)
        title = workflow["metadata"]["name"]
        nodes = [node for node in _pods(workflow) if task in (None, node["id"], *_names(node))]
        if task is not None and not nodes:
            known = {_names(node)[-1] for node in _pods(workflow)}
            raise ArgolaneError(unknown("task", task, known, where=f"{title}: "))
        for node in nodes:
            if task is None:
                write(f"==> {node['displayName']} <==\n")
            for piece in of_node(cluster, title, node, follow=follow):
                write(piece)


def ends(cluster: Cluster, workflow: Object, *, lines: int) -> dict[str, str]:
    """The last lines of each pod's log, by the path of its node."""
    pods = _pod_names(cluster, workflow["metadata"]["name"])
    return {
        path: "".join(_of_pod(cluster, pods.get(str(node["id"])), node, tail=lines))
        for path, node in walk(status_of(workflow))
        if node.get("type") == "Pod"
    }


def of_node(
    cluster: Cluster, workflow: str, node: Mapping[str, Any], *, follow: bool = False, tail: int | None = None
) -> Iterator[str]:
    """The text of the main container of one node, line by line; a line in brackets when it cannot be had."""
    pod = _pod_names(cluster, workflow).get(str(node["id"]))
    yield from _of_pod(cluster, pod, node, follow=follow, tail=tail)


def _of_pod(
    cluster: Cluster,
    pod: str | None,
    node: Mapping[str, Any],
    *,
    follow: bool = False,
    tail: int | None = None,
) -> Iterator[str]:
    if pod is None:
        yield f"[the pod is gone; {node.get('message') or node.get('phase')}]\n"
        return
    more: dict[str, Any] = {"tail_lines": tail} if tail else {}
    try:
        response = cluster.core.read_namespaced_pod_log(
            pod, cluster.namespace, container="main", follow=follow, _preload_content=False, **more
        )
    except ApiException as error:
        yield f"[no log: {node.get('message') or error.reason}]\n"
        return
    with response:
        for line in response:
            if not EXECUTOR.match(line):
                yield line.decode(errors="replace")


def _names(node: Object) -> tuple[str, str]:
    """`verify(0)`, one try of a task, and `verify`, the task."""
    name = str(node["displayName"])
    return name, name.partition("(")[0]


def _pods(workflow: Object) -> list[Object]:
    nodes = (status_of(workflow).get("nodes") or {}).values()
    pods = [node for node in nodes if node.get("type") == "Pod"]
    return sorted(pods, key=lambda node: (str(node.get("startedAt")), str(node["name"])))


def _pod_names(cluster: Cluster, workflow: str) -> dict[str, str]:
    # By annotation: a pod's name is made from template and hash, in a way that depends on Argo's settings.
    listed = cluster.core.list_namespaced_pod(
        cluster.namespace, label_selector=f"workflows.argoproj.io/workflow={workflow}"
    )
    return {(p.metadata.annotations or {}).get(NODE_ID, ""): p.metadata.name for p in listed.items}
