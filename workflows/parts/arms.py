"""The arms of a graph in, what its rollout is told of them out: each is looked up before it is built."""

from collections.abc import Iterable
from typing import Any

from hera.workflows import Script, Task

from models.contract.spec import Unit
from workflows.parts import parameters as p
from workflows.parts.image import built_or_named
from workflows.parts.targets import origin


def said(unit: Unit, version: str) -> str:
    """An arm as its parameter has it; of the version of all it is not told one."""
    return unit.name if version == p.VERSION.value else f"{unit.name}:{version}"


def folders(letters: Iterable[str], checked: Task) -> dict[str, Any]:
    """What `build` is told of them: which folder each is in, as the guard has found."""
    return {letter: checked.get_parameter(f"{letter}-folder") for letter in letters}


def either(one: str, other: str, output: str) -> str:
    """The output of whichever of two tasks has run."""
    ours, others = (f"tasks['{task}'].outputs.parameters['{output}']" for task in (one, other))
    return f"{{{{=tasks['{one}'].status == 'Succeeded' ? {ours} : {others}}}}}"


def gated(letters: Iterable[str], find: Script, *, checked: Task, built: Task) -> dict[str, Any]:
    """A task `gate-<letter>` for each, between the guard and the build; the arguments of the rollout."""
    given: dict[str, Any] = {}
    for letter in letters:
        told = {what: checked.get_parameter(f"{letter}-{what}") for what in ("unit", "version")}
        found = Task(name=f"gate-{letter}", template=find, arguments=told)
        checked >> found
        found >> built
        given |= {f"{letter}-{what}": checked.get_parameter(f"{letter}-{what}") for what in ("node", *told)}
        given |= {f"{letter}-image": built_or_named(letter, f"{letter}-image"), **origin(letter, found)}
    return given
