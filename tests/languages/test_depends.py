"""`depends` and `dependencies`: what they wait for and when they hold."""

import pytest

from argolane.languages import depends

TASKS = {
    "a": {"name": "a"},
    "b-c": {"name": "b-c"},
    "soft": {"name": "soft", "continueOn": {"failed": True, "error": True}},
}


@pytest.mark.parametrize(
    ("written", "tasks", "logic"),
    [
        ("a", {"a": False}, "(a.Succeeded || a.Skipped || a.Daemoned)"),
        ("a.Failed", {"a": False}, "a.Failed"),
        ("a.AnySucceeded || b-c", {"a": True, "b-c": False},
         "a.AnySucceeded || (b-c.Succeeded || b-c.Skipped || b-c.Daemoned)"),
        ("!a.Succeeded && (b-c.Failed)", {"a": False, "b-c": False}, "!a.Succeeded && (b-c.Failed)"),
    ],
)  # fmt: skip
def test_depends_names_tasks_and_statuses(written: str, tasks: dict[str, bool], logic: str) -> None:
    """A bare name means Succeeded, Skipped or Daemoned; names may hold hyphens."""
    found = depends.parse({"depends": written}, TASKS)
    assert (dict(found.tasks), found.logic) == (tasks, logic)


def test_dependencies_are_all_needed_and_follow_continue_on() -> None:
    """`dependencies: [a, soft]` holds when each succeeded, or went wrong where its continueOn allows it."""
    found = depends.parse({"dependencies": ["a", "soft"]}, TASKS)
    assert list(found.tasks) == ["a", "soft"]
    assert found.holds({"a": ["Succeeded"], "soft": ["Failed"]})
    assert found.holds({"a": ["Skipped"], "soft": ["Errored"]})
    assert not found.holds({"a": ["Failed"], "soft": ["Succeeded"]})
    assert not found.holds({"a": ["Omitted"], "soft": ["Succeeded"]})


def test_ready_once_every_task_ended() -> None:
    """Nothing is decided before all the tasks named have ended."""
    found = depends.parse({"depends": "a || b-c"}, TASKS)
    assert not found.ready({"a"})
    assert found.ready({"a", "b-c"})


def test_no_dependency_always_holds() -> None:
    """A task without either field starts at once."""
    found = depends.parse({}, TASKS)
    assert found.ready(()) and found.holds({})


def test_bad_status_is_named_with_argos_text() -> None:
    """A status that does not exist is Argo's own complaint."""
    assert depends.bad_status("a.Finished") == "task result 'Finished' for task 'a' is invalid"
    assert depends.bad_status("a.Failed && b-c.AllFailed") is None


def test_broken_rule_says_which() -> None:
    """A rule that is no expression fails with the rule in the message."""
    with pytest.raises(depends.DependsError, match=r"unable to evaluate expression 'a\.Failed &&'"):
        depends.parse({"depends": "a.Failed &&"}, TASKS).holds({"a": ["Failed"]})
