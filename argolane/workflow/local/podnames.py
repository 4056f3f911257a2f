"""What {{pod.name}} stands for."""

from argolane.workflow.local.nodes import fnv32a

_LONGEST = 253 - 10 - 1


def pod_name(workflow: str, node_name: str, template: str) -> str:
    """Argo's second version of pod names: workflow, template and a hash of the node's name."""
    if workflow == node_name:
        return workflow
    prefix = f"{workflow}-{template}" if template else workflow
    return f"{prefix[:_LONGEST]}-{fnv32a(node_name)}"
