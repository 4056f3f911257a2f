"""The fields of the custom resource: the table, and what does not fit it."""

from typing import Any

import custom_resource
import pytest

from argolane.serving import crd
from argolane.serving.crd import table

FIT = {
    "boolean": [True, False],
    "int32": [0, -1, 2**31 - 1, 3.0],
    "int64": [2**40],
    "string": ["", "x"],
    "intOrString": [80, "http"],
    "quantity": ["1", 1, "100m", "1Gi", "1e3", ".5", "+1.5E-2"],
}
MISFIT = {
    "boolean": ["true", 0, None],
    "int32": ["1", True, 1.5, 2**31],
    "int64": [2**63],
    "string": [1, 1.0, True, ["x"], {}],
    "intOrString": [1.5, True],
    "quantity": ["1 GB", "1GB", "", "half", 0.5, True, "1Mib"],
}


@pytest.mark.parametrize(("kind", "value"), [(k, v) for k, values in FIT.items() for v in values])
def test_a_value_of_its_kind_fits(kind: str, value: Any) -> None:
    """As the API server reads it; it comes back as it was."""
    assert crd.fit(value, kind, "x") == crd.Fit((), value)


@pytest.mark.parametrize(("kind", "value"), [(k, v) for k, values in MISFIT.items() for v in values])
def test_a_value_of_another_kind_is_named_and_left_out(kind: str, value: Any) -> None:
    """The others read what is left, and need not look at types again."""
    found = crd.fit(value, kind, "x")
    assert [misfit.at for misfit in found.misfits] == ["x"]
    assert found.value is None


def test_every_field_of_a_graph_is_known_at_each_level() -> None:
    """The schema writes eleven levels out; here they are one type."""
    node: dict[str, Any] = {"name": "leaf", "serviceAccountName": "s", "endpoint": {"httpPort": 1}}
    for level in range(crd.LEVELS - 1):
        node = {"name": f"n{level}", "children": [node]}
    assert crd.fit(node, crd.GRAPH, "graph").misfits == ()
    deeper = crd.fit({"name": "top", "children": [node]}, crd.GRAPH, "graph")
    (misfit,) = deeper.misfits
    assert misfit.at == "graph" + ".children[0]" * 10 + ".children"
    assert misfit.reason == "is level 12; a graph has at most 11 levels, the rest is cut off."


def test_required_fields_are_those_of_the_resource() -> None:
    """Null is as good as absent, and a patch needs none."""
    given = {"name": "x", "parameters": [{"name": "a", "value": "1", "type": None}]}
    assert [m.at for m in crd.fit(given, crd.GRAPH, "g").misfits] == ["g.parameters[0].type"]
    assert crd.fit(given, crd.GRAPH, "g", partial=True).misfits == ()


def test_a_tag_for_a_whole_list_leaves_nothing_to_look_at() -> None:
    """A tag for a text, a number or a quantity is one value that is not known; for a list it is all of it."""
    whole = crd.fit({"name": "x", "children": "{{children}}"}, crd.GRAPH, "g", tags=True)
    assert (whole.misfits, whole.known, whole.value) == ((), False, {"name": "x"})
    assert crd.fit({"name": "{{name}}"}, crd.GRAPH, "g", tags=True).known


def test_the_table_is_that_of_seldons_own_resource() -> None:
    """What `python -m argolane.serving.crd.table` makes of the CRD that Seldon 1.17.1 ships."""
    assert table.build(custom_resource.definition()) == table.load()
