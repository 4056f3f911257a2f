"""Argo's `.status` in, a drawn tree out: one renderer for local runs and for clusters."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from rich.text import Text
from rich.tree import Tree

Node = Mapping[str, Any]

SYMBOLS = {
    "Pending": ("◷", "dim"),
    "Running": ("●", "cyan"),
    "Succeeded": ("✔", "green"),
    "Skipped": ("○", "dim"),
    "Omitted": ("○", "dim"),
    "Failed": ("✖", "red"),
    "Error": ("⚠", "red"),
}
NOTE = "note"
GROUPS = ("Retry", "TaskGroup", "StepGroup")


def draw(status: Mapping[str, Any], name: str, *, notes: Mapping[str, str] | None = None) -> Tree:
    """The nodes of a workflow as a tree: tasks under their DAG, steps under their group, attempts last.

    `notes` are shown behind nodes of that display name while they run: what a task printed last.
    """
    said = notes or {}
    nodes: Mapping[str, Node] = status.get("nodes") or {}
    if not nodes:
        return Tree(_label({**status, "displayName": name}, said))
    roots = [node for node in nodes.values() if is_root(node, nodes)]
    tree = Tree("", hide_root=True) if len(roots) > 1 else Tree(_label(_told(roots[0], nodes), said))
    for root in roots:
        _grow(tree.add(_label(_told(root, nodes), said)) if len(roots) > 1 else tree, root, nodes, said)
    return tree


def walk(status: Mapping[str, Any]) -> Iterator[tuple[str, Node]]:
    """Every node with its path of display names, in drawing order: `mnist-x7k2p/train-sk-mnist`."""
    nodes: Mapping[str, Node] = status.get("nodes") or {}
    for node in nodes.values():
        if is_root(node, nodes):
            yield from _walk(str(node["displayName"]), node, nodes)


def is_root(node: Node, nodes: Mapping[str, Node]) -> bool:
    if node.get("boundaryID") in nodes:
        return False
    # The attempts of an entrypoint have no boundary: they lie under its Retry node.
    return not any(
        each.get("type") in GROUPS and node.get("id") in (each.get("children") or ())
        for each in nodes.values()
    )


def seconds(node: Node) -> float | None:
    """How long a node ran or has been running; None before its start."""
    started = _time(node.get("startedAt"))
    if started is None:
        return None
    return max(0.0, ((_time(node.get("finishedAt")) or datetime.now(UTC)) - started).total_seconds())


def _walk(path: str, node: Node, nodes: Mapping[str, Node]) -> Iterator[tuple[str, Node]]:
    yield path, node
    for below in members(node, nodes):
        yield from _walk(f"{path}/{below['displayName']}", below, nodes)


def members(node: Node, nodes: Mapping[str, Node]) -> list[Node]:
    """The nodes that lie directly under one in the tree; `children` alone also links what merely follows."""
    if node.get("type") in GROUPS:
        inside = [nodes[i] for i in node.get("children") or [] if i in nodes]
    else:
        boundary = [n for n in nodes.values() if n.get("boundaryID") == node.get("id")]
        grouped = {i for n in boundary if n.get("type") in GROUPS for i in n.get("children") or []}
        groups = {n["id"] for n in boundary if n.get("type") == "StepGroup"}
        inside = [n for n in boundary if n["id"] not in grouped or n["id"] in groups]
    return sorted(inside, key=_order)


def _grow(tree: Tree, node: Node, nodes: Mapping[str, Node], notes: Mapping[str, str]) -> None:
    inside = members(node, nodes)
    if node.get("type") == "Retry" and len(inside) == 1:
        return
    for below in inside:
        attempts = members(below, nodes) if below.get("type") == "Retry" else []
        if len(attempts) == 1:
            # An attempt without a second one says nothing that the task itself does not.
            tree.add(_label({**attempts[0], "displayName": below["displayName"]}, notes))
        else:
            _grow(tree.add(_label(_told(below, nodes), notes)), below, nodes, notes)


def _told(node: Node, nodes: Mapping[str, Node]) -> Node:
    """A task that was tried has its last attempt's reason: its own only says why there is no further one."""
    if node.get("type") != "Retry" or node.get("phase") not in ("Failed", "Error"):
        return node
    attempts = [nodes[i] for i in node.get("children") or [] if i in nodes]
    return {**node, "message": attempts[-1].get("message")} if attempts else node


def _order(node: Node) -> tuple[bool, str]:
    started = str(node.get("startedAt") or "")
    return (not started, started)


def _label(node: Node, notes: Mapping[str, str]) -> Text:
    phase = str(node.get("phase") or "Pending")
    symbol, style = SYMBOLS.get(phase, ("?", ""))
    label = Text.assemble((f"{symbol} ", style), str(node.get("displayName", "")))
    took = seconds(node)
    if took is not None and phase not in ("Skipped", "Omitted"):
        label.append(f"  {duration(took)}", "dim")
    note = notes.get(str(node.get("displayName"))) if phase == "Running" else None
    if note:
        label.append(f"  {note}", "dim")
    elif phase == "Succeeded" and (told := said_by(node)):
        label.append(f"  {told}", "dim")
    elif node.get("message"):
        label.append(f"  {node['message']}", "dim" if phase in ("Skipped", "Omitted") else style)
    return label


def said_by(node: Node) -> str:
    """The output parameter `note`: what a task wants to be read without a look into its log."""
    parameters = (node.get("outputs") or {}).get("parameters") or []
    told = next((str(p.get("value") or "") for p in parameters if p.get("name") == NOTE), "")
    return first_line(told.strip())


def duration(took: float) -> str:
    """0.4 -> '0.4s', 75 -> '1m15s', 3700 -> '1h1m'."""
    if took < 60:
        return f"{took:.1f}s"
    minutes, rest = divmod(round(took), 60)
    return f"{minutes}m{rest}s" if minutes < 60 else f"{minutes // 60}h{minutes % 60}m"


def _time(text: object) -> datetime | None:
    return datetime.fromisoformat(str(text)) if text else None


def task_of(name: str) -> str:
    """The task that an attempt belongs to: `train(0)` -> `train`."""
    return re.sub(r"\(\d+\)$", "", name)


def first_line(text: str) -> str:
    """Of a message of several lines the one that says what happened."""
    line, rest, _ = text.partition("\n")
    return line + (" ..." if rest else "")
