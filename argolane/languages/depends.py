"""A DAG task's `depends` or `dependencies` in, the names it waits for and the rule to start it out.

`depends: "a && (b.Failed || c-d)"`: a bare name means Succeeded, Skipped or Daemoned (and what its
continueOn adds), a status is said with a dot, names may hold hyphens.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from argolane.errors import ArgolaneError
from argolane.languages import expr

STATUSES = ("Succeeded", "Failed", "Errored", "Skipped", "Omitted", "Daemoned", "AnySucceeded", "AllFailed")
_OF_ITEMS = ("AnySucceeded", "AllFailed")
_NAME = re.compile(r"([a-zA-Z0-9][-a-zA-Z0-9]*?\.[A-Z][a-zA-Z]+)|([a-zA-Z0-9][-a-zA-Z0-9]*)")
_RESULT = re.compile(r"[a-zA-Z0-9][-a-zA-Z0-9]*?\.[A-Z][a-zA-Z]+")


class DependsError(ArgolaneError):
    """`depends` cannot be decided; the message is Argo's."""


@dataclass(frozen=True)
class Dependencies:
    """`tasks`: name -> whether its items are asked for (.AnySucceeded, .AllFailed); `logic`: the rule."""

    tasks: Mapping[str, bool]
    logic: str

    def ready(self, finished: Collection[str]) -> bool:
        """Whether every task asked for has ended (or been skipped or omitted)."""
        return all(name in finished for name in self.tasks)

    def holds(self, statuses: Mapping[str, Collection[str]]) -> bool:
        """Whether the task starts (else it is Omitted), by the STATUSES that hold for each it waits for."""
        if not self.logic:
            return True
        scope = {
            name.replace("-", "_"): {status: status in statuses[name] for status in STATUSES}
            for name in self.tasks
        }
        logic = self.logic.replace("-", "_")
        try:
            result = expr.evaluate(logic, scope)
        except expr.ExprError as error:
            raise DependsError(f"unable to evaluate expression '{logic}': {error}") from None
        if not isinstance(result, bool):
            reason = f"unable to cast expression result '{result}' to bool"
            raise DependsError(f"unable to evaluate expression '{logic}': {reason}")
        return result


def parse(task: Mapping[str, Any], tasks: Mapping[str, Mapping[str, Any]]) -> Dependencies:
    """What `task` waits for; `tasks` are all of its DAG by name, for their continueOn."""
    written = task.get("depends") or " && ".join(
        _meaning(name, tasks.get(name, {})) for name in task.get("dependencies") or ()
    )
    found: dict[str, bool] = {}

    def expand(match: re.Match[str]) -> str:
        if match[1]:
            name, status = match[1].split(".")
            found[name] = found.get(name, False) or status in _OF_ITEMS
            return match[1]
        # A bare name forgets that the items of the same task were asked for, as in Argo.
        found[match[2]] = False
        return _meaning(match[2], tasks.get(match[2], {}))

    logic = _NAME.sub(expand, written)
    return Dependencies(found, logic)


def bad_status(depends: str) -> str | None:
    """Argo's complaint about a status that does not exist, or None."""
    for result in _RESULT.findall(depends):
        name, status = result.split(".")
        if status not in STATUSES:
            return f"task result '{status}' for task '{name}' is invalid"
    return None


def _meaning(name: str, task: Mapping[str, Any]) -> str:
    continues = task.get("continueOn") or {}
    statuses = ["Succeeded", "Skipped", "Daemoned"]
    statuses += ["Errored"] if continues.get("error") else []
    statuses += ["Failed"] if continues.get("failed") else []
    return "(" + " || ".join(f"{name}.{status}" for status in statuses) + ")"
