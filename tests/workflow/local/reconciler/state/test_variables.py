"""The workflow's variables, and the moments between which nothing changed."""

from argolane.workflow.local.reconciler.state.variables import Variables


def test_a_moment_lasts_until_a_value_changes() -> None:
    """Setting the same value again changes nothing; another one does."""
    variables = Variables({"workflow.name": "wf"})
    before = variables.moment
    variables.set("workflow.name", "wf")
    assert variables.moment == before
    variables.set("workflow.status", "Running")
    assert variables.moment != before
    assert dict(variables) == {"workflow.name": "wf", "workflow.status": "Running"}


def test_the_duration_makes_nothing_old() -> None:
    """workflow.duration is another one in every pass; templates are not filled in anew for it."""
    variables = Variables()
    before = variables.moment
    variables.set("workflow.duration", "1.5")
    assert variables.moment == before
    assert variables["workflow.duration"] == "1.5"


def test_the_ending_is_read_only_while_it_is_looked_at() -> None:
    """Exit handlers read how it ended; the same ending is the same moment; afterwards all is as before."""
    variables = Variables({"workflow.status": "Running"})
    before = variables.moment
    with variables.ending("Failed", "[]"):
        ended = variables.moment
        assert (variables["workflow.status"], variables["workflow.failures"]) == ("Failed", "[]")
    assert ended != before == variables.moment
    assert dict(variables) == {"workflow.status": "Running"}
    with variables.ending("Failed", "[]"):
        assert variables.moment == ended
    with variables.ending("Failed", "[1]"):
        assert variables.moment != ended
