"""Units in, the parameters of their workflows out."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from models.contract.errors import ModelError
from models.contract.spec import Unit, read
from workflows import train as train_program
from workflows.parts import parameters as p
from workflows.parts.train import train

RESOURCES = {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "64Mi"}}


@pytest.fixture
def unit(tmp_path: Path) -> Any:
    """A unit, from a model.yaml in which fields are other ones."""

    def made(name: str = "toy", **fields: Any) -> Unit:
        said = {
            "name": name,
            "title": name,
            "description": "A toy.",
            "metric": {"name": "accuracy", "better": "higher", "accept": 0.5},
            "params": {},
            "train": {},
            "serve": {"type": "MODEL"},
            "resources": {"train": RESOURCES, "serve": RESOURCES},
            **fields,
        }
        folder = tmp_path / "models" / name
        folder.mkdir(parents=True)
        (folder / "model.yaml").write_text(yaml.safe_dump(said))
        return read(folder)

    return made


def param(name: str) -> dict[str, Any]:
    return {name: {"type": "int", "value": 1, "description": "One."}}


@pytest.mark.parametrize(
    ("name", "both"),
    [
        ("builder", "'builder' is a parameter of the workflow and params.builder of models/toy/model.yaml"),
        ("deploy_timeout", None),
        ("accept", "'accept' is a parameter of the workflow and params.accept of models/toy/model.yaml"),
        ("dataset", "'dataset' is a parameter of the workflow and params.dataset of models/toy/model.yaml"),
        ("image", "'image' is an input of template train-toy and params.image of models/toy/model.yaml"),
        ("commit", "'commit' is an input of template train-toy and params.commit of models/toy/model.yaml"),
        ("model_store", "models/toy/model.yaml: params.model_store is the trainer's own flag --model-store"),
        ("epochs", None),
    ],
)
def test_a_collision_is_an_error_of_the_build_that_names_both(unit: Any, name: str, both: str | None) -> None:
    """A param of any name will do that nothing else has: no list of names that are taken is kept anywhere."""
    toy = unit(params=param(name), data=["toys"])
    if both is None:
        train_program.build(toy)
        return
    with pytest.raises((p.ParameterError, ModelError)) as error:
        train_program.build(toy)
    assert both in str(error.value) and str(error.value).endswith("give the param another name.")


def test_two_units_in_one_workflow_do_not_collide(unit: Any) -> None:
    """Params are told apart by their unit; where that is not enough, both are named."""
    one, other = unit("a_b", params=param("c")), unit("a", params=param("b_c"))
    given = [*p.of_unit(one, prefix="a-b-").values(), *p.of_unit(other, prefix="a-").values()]
    with pytest.raises(p.ParameterError) as error:
        p.unique(given)
    assert "params.c of models/a_b/model.yaml and params.b_c of models/a/model.yaml" in str(error.value)


def test_accept_is_told_in_the_metric_of_the_unit(unit: Any) -> None:
    """The bound is the unit's own, with the direction that its metric has."""
    higher, lower = unit("one"), unit("two", metric={"name": "rmse", "better": "lower", "accept": 60})
    assert p.accept([higher]).description == "Least accuracy with which a version is accepted, and served."
    assert p.accept([lower]).description == "Highest rmse with which a version is accepted, and served."
    assert (p.accept([higher]).value, p.accept([lower]).value) == ("0.5", "60")


def test_units_that_stand_together_are_judged_by_the_most_lenient(unit: Any) -> None:
    """One bound for several units keeps none of them out that its own bound lets in."""
    higher = [unit(f"h{n}", metric={"name": "f1", "better": "higher", "accept": n / 10}) for n in (9, 7, 8)]
    lower = [unit(f"l{n}", metric={"name": "mae", "better": "lower", "accept": n}) for n in (9, 7, 8)]
    assert (p.accept(higher).value, p.accept(lower).value) == ("0.7", "9")


def test_units_with_two_metrics_cannot_stand_together(unit: Any) -> None:
    """Accuracy and an error have no bound in common; both units are named with theirs."""
    units = [unit("one"), unit("two", metric={"name": "rmse", "better": "lower", "accept": 60})]
    with pytest.raises(p.ParameterError) as error:
        p.accept(units)
    assert "one by accuracy (higher is better), two by rmse (lower is better)" in str(error.value)


def test_dataset_is_a_choice_of_the_units_own(unit: Any) -> None:
    """An enum of the data sets that all units know; no parameter where there is nothing to choose."""
    wide, narrow, none = unit("wide", data=["x", "y"]), unit("narrow", data=["y"]), unit("none")
    assert [d.rule["enum"] for d in p.dataset([wide])] == [["auto", "x", "y"]]
    assert [d.rule["enum"] for d in p.dataset([wide, narrow])] == [["auto", "y"]]
    assert p.dataset([none]) == []
    with pytest.raises(p.ParameterError, match="wide on x or y, none on none by name"):
        p.dataset([wide, none])


def test_a_trainer_without_data_sets_is_not_asked_for_one(unit: Any) -> None:
    """The flag --dataset is there where the unit names data sets, and nowhere else."""
    flags = {
        name: train(unit(name, data=data)).args for name, data in (("with_data", ["x"]), ("without", []))
    }
    assert "--dataset={{inputs.parameters.dataset}}" in flags["with_data"]
    assert not [flag for flag in flags["without"] if flag.startswith("--dataset")]
