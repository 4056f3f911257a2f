"""The same manifests on a real Argo: submitted, followed, read and deleted through the Kubernetes API.

Comes after the catalog and `-p` checks, in the place of `local`: the same arguments in, the same Run out.
"""

from argolane.workflow.cluster.deployments import delete as delete_deployments
from argolane.workflow.cluster.deployments import deployments, whence
from argolane.workflow.cluster.follow import run
from argolane.workflow.cluster.logs import logs
from argolane.workflow.cluster.runs import delete, get, runs

__all__ = ["delete", "delete_deployments", "deployments", "get", "logs", "run", "runs", "whence"]
