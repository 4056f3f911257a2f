"""A node in, whether the template around it reads its `outputs.result` out: only then is the result kept."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from argolane.workflow.local.reconciler.call import Call
from argolane.workflow.local.reconciler.state.run_state import RunState

_READS = re.compile(
    r"\b(?P<root>tasks|steps)(?:\.(?P<plain>[-\w]+)\.outputs\.result|\['(?P<quoted>[-\w]+)'\]\.outputs.result)"
)


def is_read(run: RunState, call: Call) -> bool:
    """Whether a text of the template that holds the call names its result, as Argo looks for it."""
    around = run.settled.template_of(call.boundary_id) if call.boundary_id else None
    if around is None:
        return False
    return task_name(call.name) in run.cache.results_read(around, results_read)


def results_read(template: Mapping[str, Any]) -> frozenset[str]:
    """The steps or tasks whose results the texts of a template name."""
    root = "tasks" if template.get("dag") is not None else "steps"
    found = (match for text in _texts(template) for match in _READS.finditer(text))
    return frozenset(match["plain"] or match["quoted"] for match in found if match["root"] == root)


def _texts(tree: Any) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, Mapping):
        for key, value in tree.items():
            yield str(key)
            yield from _texts(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _texts(value)


def task_name(node_name: str) -> str:
    """`wf[0].fan(0:x)(1)` -> `fan`."""
    opener = ""
    for position in range(len(node_name) - 1, -1, -1):
        character = node_name[position]
        if opener:
            if character == opener:
                opener = ""
        elif character == ")":
            opener = "("
        elif character == "]":
            opener = "["
        else:
            node_name = node_name[: position + 1]
            break
    return node_name.rpartition(".")[2]
