"""The arms of a graph in, what its rollout is told of them out: each is looked up before it is built."""

from collections.abc import Iterable
from typing import Any

from hera.workflows import Script, Task

from models.contract.spec import Unit
from workflows.parts import parameters as p
from workflows.parts.image import built_or_named, given_by_task, of_units
from workflows.parts.parameters import Checked
from workflows.parts.targets import origin


def said(unit: Unit, version: str) -> str:
    """An arm as its parameter has it; of the version of all it is not told one."""
    return unit.name if version == p.VERSION.value else f"{unit.name}:{version}"


def lettered(known: Iterable[tuple[Unit, str]], units: list[Unit]) -> dict[str, Checked]:
    """A parameter for each (unit, version), by letter: a, b, c. Any of `units` may take its place."""
    named = zip("abc", known, strict=False)
    return {letter: p.arm(letter, said(unit, version), units) for letter, (unit, version) in named}


def built_from(router: Unit, letters: Iterable[str]) -> dict[str, str]:
    """The folders of the images of a router and of the arms behind it, which a task finds out."""
    return {**of_units([router]), **{letter: given_by_task(letter) for letter in letters}}


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
