"""A node's name in, the name of its pod out: what {{pod.name}} stands for, and the hash in both."""

_LONGEST = 253 - 10 - 1


def pod_name(workflow: str, node_name: str, template: str) -> str:
    """Argo's second version of pod names: workflow, template and a hash of the node's name."""
    if workflow == node_name:
        return workflow
    prefix = f"{workflow}-{template}" if template else workflow
    return f"{prefix[:_LONGEST]}-{fnv32a(node_name)}"


def fnv32a(text: str) -> int:
    value = 2166136261
    for byte in text.encode():
        value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
    return value
