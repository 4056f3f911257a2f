"""The workflows, with fakes for what takes long: what is faked does not run, all else does."""

import pytest

from argolane.testing import assert_rendered


@pytest.fixture
def train(workflow):
    return workflow("train-leaves").fake("deploy")


@pytest.mark.parametrize(("metric", "phase"), [("0.95", "Succeeded"), ("0.85", "Failed")])
def test_only_a_good_model_is_deployed(train, metric, phase):
    """0.9 is asked for."""
    run = train.fake("train", outputs={"metric": metric}).run()
    assert run.phase == phase
    assert ("deploy" in run.order) == (phase == "Succeeded")


def test_nothing_is_deployed_where_it_is_not_asked_for(train):
    """`deploy=false` trains and judges."""
    run = train.fake("train", outputs={"metric": "0.95"}).run(deploy="false")
    assert run.order == ["train", "gate"]


def test_rendered_files_are_up_to_date(argolane_project):
    """What `argolane render` would write is what is there."""
    assert_rendered(argolane_project)
