"""What `search:` may say: ranges and lists within the bounds of the params."""

from pathlib import Path
from typing import Any

import pytest

from models.contract import search, spec
from models.contract.params import Param
from models.contract.search import Choice, Range

PARAMS = {
    "units": Param(type="int", value=8, description="-", minimum=1, maximum=64),
    "rate": Param(type="float", value=0.1, description="-", minimum=0),
    "kind": Param(type="choice", value="a", choices=("a", "b"), description="-"),
    "wide": Param(type="bool", value=False, description="-"),
}
TOY = Path(__file__).parents[1] / "toy_files" / "model.yaml"


def test_ranges_and_lists_are_read_as_their_params_are() -> None:
    """An int stays an int, a float's bounds are floats though written as whole numbers; so is text."""
    tree = {"units": {"low": 1, "high": 64, "log": True}, "rate": {"low": 0, "high": 1}, "kind": ["b", "a"],
            "wide": [True, False]}  # fmt: skip
    found = search.space(PARAMS, tree)
    assert found == {
        "units": Range(1, 64, log=True),
        "rate": Range(0.0, 1.0),
        "kind": Choice(("b", "a")),
        "wide": Choice((True, False)),
    }
    assert isinstance(found["rate"], Range)
    assert isinstance(found["rate"].low, float)
    assert search.parse(PARAMS, search.text(found)) == found


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ({"unit": [1]}, "search.unit is no param of this unit; it has units, rate, kind, wide."),
        ({"units": {"low": 0, "high": 9}},
         "search.units has low 0; expected int of at least 1 and at most 64, as the param is."),
        ({"units": {"low": 1, "high": 65}},
         "search.units has high 65; expected int of at least 1 and at most 64, as the param is."),
        ({"units": {"low": 1.5, "high": 9}},
         "search.units has low 1.5; expected int of at least 1 and at most 64, as the param is."),
        ({"units": [8, 128]},
         "search.units has 128; expected a list of values, each int of at least 1 and at most 64,"),
        ({"units": []}, "search.units is empty; expected a list of values"),
        ({"units": [8, 8]}, "search.units is [8, 8]; expected each value once."),
        ({"units": {"low": 9, "high": 9}}, "search.units goes from 9 to 9; expected low to be less than"),
        ({"units": {"low": 1}}, "search.units is {'low': 1}; expected {low: ..., high: ..., log: true or"),
        ({"units": {"low": 1, "high": 9, "step": 2}}, "expected {low: ..., high: ..., log: true or false}"),
        ({"units": {"low": 1, "high": 9, "log": 1}}, "search.units has log 1; expected true or false."),
        ({"rate": {"low": 0, "high": 1, "log": True}}, "search.rate has low 0 and log; expected more than 0"),
        ({"rate": {"low": 0, "high": float("inf")}}, "search.rate has high inf; expected float of"),
        ({"rate": "fast"}, "search.rate is 'fast'; expected {low: ..., high: ..., log: true or"),
        ({"kind": {"low": 1, "high": 2}}, "search.kind is a range; expected a list of values, for the param"),
        ({"kind": ["c"]}, "search.kind has 'c'; expected a list of values, each one of a, b."),
        ({"wide": ["true"]}, "search.wide has 'true'; expected a list of values, each one of true, false."),
        ({}, "search is {}; expected a range or a list for one param or more."),
        ([], "search is []; expected a range or a list for one param or more."),
    ],
)  # fmt: skip
def test_what_leaves_the_bounds_is_refused(tree: Any, message: str) -> None:
    """The param, what was found and its own bounds are named."""
    with pytest.raises(ValueError, match=r"^search") as caught:
        search.space(PARAMS, tree)
    assert message in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[1]", "{'units': [1]}", "null"])
def test_text_that_is_no_json_object_is_refused(text: str) -> None:
    """One error that shows what was given."""
    with pytest.raises(ValueError, match="search is "):
        search.parse(PARAMS, text)


def test_model_yaml_names_every_fault(tmp_path: Path) -> None:
    """A search is held to the params of its file, together with all else that is wrong."""
    (tmp_path / "toy").mkdir()
    path = tmp_path / "toy" / "model.yaml"
    path.write_text(TOY.read_text() + "search: {rows: [5, 30], colour: [1]}\n")
    with pytest.raises(spec.SpecError) as caught:
        spec.read(path.parent)
    one, other = caught.value.faults
    assert one.endswith("search.rows has 5; expected a list of values, each int of at least 20 and at most"
                        " 100000, as the param is.")  # fmt: skip
    assert "search.colour is no param of this unit" in other


def test_a_search_goes_by_the_metric_or_by_what_model_yaml_says(tmp_path: Path) -> None:
    """`search_by` names another score; alone it makes no sense."""
    (tmp_path / "toy").mkdir()
    path = tmp_path / "toy" / "model.yaml"
    path.write_text(TOY.read_text() + "search: {rows: [50, 30]}\n")
    unit = spec.read(path.parent)
    assert unit.searched_by == unit.metric
    by = "search_by: {name: loss, better: lower}\n"
    path.write_text(path.read_text() + by)
    assert spec.read(path.parent).searched_by == spec.SearchedBy(name="loss", better="lower")
    path.write_text(TOY.read_text() + by)
    with pytest.raises(spec.SpecError, match="search_by and no search"):
        spec.read(path.parent)
