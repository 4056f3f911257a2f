"""A `dag` template in, Argo's complaints about its tasks out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from argolane.languages.depends import bad_status, parse
from argolane.workflow.lint.argo.arguments import check_arguments
from argolane.workflow.lint.argo.base import Base, Check, Complaint, mapping, mappings, placeholder, prefixed
from argolane.workflow.lint.argo.names import field_name, is_tag, named
from argolane.workflow.lint.argo.resolving import resolve
from argolane.workflow.lint.argo.scopes import add_items, add_outputs, check_tags, go_text
from argolane.workflow.lint.argo.steps import check_not_leaf

Tasks = Mapping[str, Mapping[str, Any]]


def check_dag(
    check: Check, base: Base, scope: dict[str, Any], template: Mapping[str, Any], place: str
) -> Iterator[Complaint]:
    """Order, names, templates, arguments and tags of every task; `scope` grows with their outputs."""
    name, graph = template.get("name", ""), mapping(template["dag"])
    yield from check_not_leaf(base, template, place)
    listed = mappings(graph.get("tasks"))
    if not listed:
        yield base.complaint(f"templates.{name} must have at least one task", f"{place}.dag.tasks")
        return
    places = {str(task.get("name") or ""): f"{place}.dag.tasks[{i}]" for i, task in enumerate(listed)}
    by_name: dict[str, Mapping[str, Any]] = {str(task.get("name") or ""): task for task in listed}
    needs = {key: parse(task, by_name).tasks for key, task in by_name.items()}
    order, reason, blamed = sort(listed, needs)
    if reason:
        where = places.get(blamed, f"{place}.dag.tasks")
        yield Complaint(f"templates.{name} sorting failed: {reason}", where, base, reason)
    # Argo counts the tasks in the order of work from here on.
    ordered = [by_name[key] for key in order]
    counted = listed if reason else ordered
    for index, complaint in named(counted, field_name):
        blamed = str(counted[index].get("name") or "")
        yield base.complaint(f"templates.{name}.tasks{complaint}", f"{places[blamed]}.name")
    using_depends = any(task.get("depends") for task in listed)
    tasks = [task for task in ordered if task.get("name")]
    for task in tasks:
        where = places[task["name"]]
        yield from _check_waiting(base, name, task, where, using_depends=using_depends)
        prefix = f"templates.{name}.tasks.{task['name']} "
        yield from prefixed(prefix, check.visit(check, base, task, None, where))
        _, resolved, _, _ = resolve(check, base, task, where)
        aggregate = bool(task.get("withItems") or task.get("withParam"))
        add_outputs(check, resolved, f"tasks.{task['name']}", scope, aggregate=aggregate)
        if complaint := bad_status(str(task.get("depends") or "")) or "":
            yield Complaint(prefix + complaint, f"{where}.depends", base, complaint)
        yield from _check_loops_asked(base, prefix, needs[task["name"]], by_name, where)
    yield from _check_target(check, base, scope, template, by_name, place)
    for task in tasks:
        yield from _check_task(check, base, scope, template, task, needs, by_name, places)


def sort(tasks: list[dict[str, Any]], needs: Mapping[str, Mapping[str, bool]]) -> tuple[list[str], str, str]:
    """Names in an order of work, what Argo says if there is none, and the task to blame."""
    names: list[str] = []
    for task in tasks:
        name = str(task.get("name") or "")
        if name in names:
            return list(dict.fromkeys(names)), f"duplicated nodeName {name}", name
        names.append(name)
    for name in names:
        for needed in needs[name]:
            if needed not in needs:
                return names, f"invalid dependency {needed}", name
    left = {name: len(needs[name]) for name in names}
    followers: dict[str, list[str]] = {name: [] for name in names}
    for name in names:
        for needed in needs[name]:
            followers[needed].append(name)
    order = [name for name in names if not left[name]]
    for done in order:
        for name in followers[done]:
            left[name] -= 1
            if not left[name]:
                order.append(name)
    if len(order) < len(names):
        return names, "graph with cycle", next(name for name in names if left[name])
    return order, "", ""


def ancestors(name: str, needs: Mapping[str, Mapping[str, bool]]) -> list[str]:
    """Every task that `name` waits for, directly or not."""
    found: dict[str, None] = {}
    todo = list(needs.get(name, ()))
    while todo:
        one = todo.pop()
        if one not in found and one != name:
            found[one] = None
            todo += list(needs.get(one, ()))
    return list(found)


def _check_waiting(
    base: Base, name: str, task: Mapping[str, Any], where: str, *, using_depends: bool
) -> Iterator[Complaint]:
    if (using_depends or task.get("dependencies")) and task["name"][0].isdigit():
        yield base.complaint(
            f"templates.{name}.tasks.{task['name']} name cannot begin with a digit when using either "
            "'depends' or 'dependencies'",
            f"{where}.name",
        )
    if using_depends and task.get("dependencies"):
        yield base.complaint(
            f"templates.{name} cannot use both 'depends' and 'dependencies' in the same DAG template",
            f"{where}.dependencies",
        )
    if using_depends and "continueOn" in task:
        yield base.complaint(
            f"templates.{name} cannot use 'continueOn' when using 'depends'. Instead use "
            "'dep-task.Failed'/'dep-task.Errored'",
            f"{where}.continueOn",
        )


def _check_loops_asked(
    base: Base, prefix: str, needs: Mapping[str, bool], by_name: Tasks, where: str
) -> Iterator[Complaint]:
    for needed, of_items in needs.items():
        other = by_name.get(needed)
        if other is None:
            continue
        loop = other.get("withItems") or other.get("withParam") or "withSequence" in other
        if of_items and not loop:
            reason = (
                f"dependency '{needed}' uses an items-based condition such as .AnySucceeded or .AllFailed "
                "but does not contain any items"
            )
            # Argo names the task waited for here, not the one that waits.
            text = f"{prefix.rsplit('.', 1)[0]}.{needed} {reason}"
            yield Complaint(text, f"{where}.depends", base, reason)


def _check_target(
    check: Check,
    base: Base,
    scope: dict[str, Any],
    template: Mapping[str, Any],
    by_name: Tasks,
    place: str,
) -> Iterator[Complaint]:
    name, target = template.get("name", ""), str(mapping(template["dag"]).get("target") or "")
    where = f"{place}.dag.target"
    yield from check_tags(check, base, f"templates.{name}.targets ", scope, target, where)
    for one in target.split(" ") if target else ():
        if not is_tag(one) and one not in by_name:
            yield base.complaint(f"templates.{name}.targets: target '{one}' is not defined", where)


def _check_task(
    check: Check,
    base: Base,
    scope: dict[str, Any],
    template: Mapping[str, Any],
    task: Mapping[str, Any],
    needs: Mapping[str, Mapping[str, bool]],
    by_name: Tasks,
    places: Mapping[str, str],
) -> Iterator[Complaint]:
    name, own = template.get("name", ""), str(task["name"])
    where, prefix, reference = places[own], f"templates.{name}.tasks.{own}", f"tasks.{own}"
    _, resolved, _, _ = resolve(check, base, task, where)
    if "hooks" in task:
        scope[f"{reference}.status"] = True
    add_outputs(check, resolved, reference, scope)
    local, before = dict(scope), ancestors(own, needs)
    text = go_text(task, "tasks")
    for ancestor in before:
        other = by_name.get(ancestor)
        if other is None or f"tasks.{ancestor}." not in text:
            continue
        _, found, _, _ = resolve(check, base, other, places[ancestor])
        aggregate = bool(other.get("withItems") or other.get("withParam"))
        add_outputs(check, found, f"tasks.{ancestor}", local, aggregate=aggregate, ancestor=True)
    for parameter in mappings(mapping(mapping(task.get("inline")).get("inputs")).get("parameters")):
        local[f"inputs.parameters.{parameter.get('name')}"] = placeholder()
    if reason := add_items(task, local):
        yield Complaint(f"{prefix} {reason}", where, base, reason)
    yield from check_tags(check, base, f"{prefix} ", local, task, where, kind="tasks")
    arguments = mapping(task.get("arguments"))
    yield from check_arguments(
        base, f"{prefix}.arguments.", arguments, f"{where}.arguments", allow_empty=False
    )
    yield from _check_reading(base, f"{prefix} ", arguments, before, where)
    yield from prefixed(f"{prefix} ", check.visit(check, base, task, arguments, where))


def _check_reading(
    base: Base, prefix: str, arguments: Mapping[str, Any], before: list[str], where: str
) -> Iterator[Complaint]:
    for field, key, word in (("parameters", "value", "parameter"), ("artifacts", "from", "artifact")):
        for index, argument in enumerate(mappings(arguments.get(field))):
            value = str(argument.get(key) or "")
            if value.startswith("{{tasks.") and (read := value.split(".")[1]) not in before:
                reason = f"missing dependency '{read}' for {word} '{argument.get('name')}'"
                yield Complaint(prefix + reason, f"{where}.arguments.{field}[{index}]", base, reason)
