"""Sweeps as workflows: which units have one, and what its tasks hand on."""

import json

import pytest
from hera.workflows import DAG, WorkflowTemplate

from models.contract import search
from models.contract.params import Param
from models.contract.spec import MODELS, Unit, read, read_all
from workflows import sweep as program
from workflows.parts import parameters as p
from workflows.parts.sweep import search as asked
from workflows.parts.sweep import sweep

UNITS = [unit for unit in read_all() if unit.space]
each_unit = pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)


def test_every_unit_with_a_search_has_a_sweep() -> None:
    """And no other; at least sk_mnist has."""
    named = {f"sweep-{unit.kebab}" for unit in UNITS}
    assert "sweep-sk-mnist" in named
    assert {name.removesuffix(".template") for name in program.manifests()} == named


@each_unit
def test_a_unit_that_is_searched_has_optuna(unit: Unit) -> None:
    """In its train.in, and in the lock that the trainer's image is made of."""
    folder = MODELS / unit.folder
    assert "optuna" in (folder / "train.in").read_text().split()
    assert "\noptuna==" in (folder / "train.lock").read_text()


@each_unit
def test_the_search_of_model_yaml_is_the_default(unit: Unit) -> None:
    """The parameter `search` reads back as what model.yaml says, and fits its own rule."""
    given = {parameter.name: parameter for parameter in asked(unit)}
    assert search.parse(unit.params, given["search"].value) == unit.space
    assert json.loads(given["search"].value).keys() == unit.search.keys()
    assert (given["trials"].value, asked(unit, trials=0)[0].value) == ("8", "0")


@each_unit
def test_the_best_gives_every_param_of_the_unit(unit: Unit) -> None:
    """A training after it needs no other source of params."""
    with WorkflowTemplate(name="x", entrypoint="main"):
        looked = sweep(unit)
        with DAG(name="main"):
            _, _, best = looked.tasks(dict.fromkeys(("dataset", *p.of_unit(unit)), "-"))
            found = looked.found(best)
    assert found == {name: f"{{{{tasks.best.outputs.parameters.{name}}}}}" for name in p.of_unit(unit)}


def test_a_param_with_the_name_of_an_output_is_refused() -> None:
    """Both are named."""
    unit = read(MODELS / "sk_mnist")
    param = Param(type="int", value=1, description="-")
    other = unit.model_copy(update={"params": {**unit.params, "best_value": param}})
    with WorkflowTemplate(name="x", entrypoint="main"), pytest.raises(p.ParameterError, match="best-value"):
        sweep(other)


@each_unit
def test_a_trial_has_one_processor_and_a_thread_for_it(unit: Unit) -> None:
    """What is tried side by side does not wait for each other; memory is that of a training."""
    with WorkflowTemplate(name="x", entrypoint="main"):
        one, two = sweep(unit).trials, sweep(unit, cpu="2").trials
    needs = unit.resources.train
    assert needs is not None
    given = one.resources.model_dump(exclude_none=True)
    assert given == {"limits": {**needs.limits, "cpu": "1"}, "requests": dict(needs.requests)}
    assert two.resources.model_dump()["limits"]["cpu"] == "2"
    assert [{e.name: e.value for e in made.env}["OMP_NUM_THREADS"] for made in (one, two)] == ["1", "2"]
