"""A DAG template in, what its text alone says out: who waits for whom, and which tasks decide."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from argolane.languages import depends
from argolane.workflow.local.reconciler.flow.loops import expands

Task = Mapping[str, Any]


@dataclass(frozen=True)
class Plan:
    """What a DAG's text alone says: tasks by name, what each waits for, which ones decide."""

    tasks: Mapping[str, Task]
    dependencies: Mapping[str, depends.Dependencies]
    ancestors: Mapping[str, tuple[str, ...]]
    targets: tuple[str, ...]

    def waits_for(self, name: str) -> tuple[str, ...]:
        return tuple(self.dependencies[name].tasks)

    def has_loop_above(self, name: str) -> bool:
        return any(expands(self.tasks[up]) for up in self.ancestors[name])


def plan_of(template: Mapping[str, Any]) -> Plan:
    """Of a template whose values are filled in."""
    tasks = {str(task["name"]): task for task in template["dag"].get("tasks") or ()}
    dependencies = {name: depends.parse(task, tasks) for name, task in tasks.items()}
    target = template["dag"].get("target")
    if target:
        targets = tuple(target.split(" "))
    else:
        waited_for = {name for found in dependencies.values() for name in found.tasks}
        targets = tuple(sorted(name for name in tasks if name not in waited_for))
    return Plan(tasks, dependencies, _ancestors(dependencies), targets)


def _ancestors(dependencies: Mapping[str, depends.Dependencies]) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}

    def above(start: str) -> dict[str, None]:
        stack = [start]
        while stack:
            name = stack[-1]
            waiting = [up for up in dependencies[name].tasks if up not in found and up not in stack]
            if waiting:
                stack.extend(waiting)
                continue
            stack.pop()
            merged: dict[str, None] = {}
            for up in dependencies[name].tasks:
                merged.update(found.get(up, {}))
                merged[up] = None
            found[name] = merged
        return found[start]

    return {name: tuple(above(name)) for name in dependencies}
