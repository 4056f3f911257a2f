"""SeldonDeployments in, one SVG out."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

from argolane.manifest import load
from argolane.report.serving import svg

RENDERED = Path(__file__).resolve().parents[2] / "k8s_serving" / "rendered"


def texts(drawn: str) -> list[str]:
    root = ElementTree.fromstring(drawn)  # noqa: S314  our own
    return [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize("path", sorted(RENDERED.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_rendered_graph_can_be_drawn(path: Path) -> None:
    """Well-formed, with a box for each node; of what is no SeldonDeployment nothing is drawn."""
    bodies = [document.body for document in load(path)]
    drawn = svg(bodies)
    if bodies[0]["kind"] != "SeldonDeployment":
        assert drawn == ""
        return
    names = str(bodies).count("'readinessProbe'") + str(bodies).count("RANDOM_ABTEST")
    assert drawn.count("<rect ") == names and f"{path.stem} / default" in texts(drawn)


def test_arrows_tell_share_and_number() -> None:
    """A split shows the shares, a router the numbers that it knows its children by; texts are escaped."""
    split = {"name": "s", "implementation": "RANDOM_ABTEST",
             "parameters": [{"name": "ratioA", "value": "0.8", "type": "FLOAT"}],
             "children": [{"name": "a<b", "type": "MODEL"}, {"name": "c", "type": "MODEL"}]}  # fmt: skip
    router = {"name": "r", "type": "ROUTER", "children": [split, {"name": "d", "type": "MODEL"}]}

    def body(**more: Any) -> dict[str, Any]:
        predictor = {"name": "p", "graph": router, **more}
        return {"kind": "SeldonDeployment", "metadata": {"name": "x"}, "spec": {"predictors": [predictor]}}

    shown = texts(svg([body(traffic=10, shadow=True)]))
    assert {"80%", "20%", "0", "1", "a<b", "ROUTER", "x / p · shadow · 10 %"} <= set(shown)
    assert shown.index("x / p · shadow · 10 %") == 0


def test_a_graph_with_tags_of_argos_is_drawn() -> None:
    """The manifest of a rollout is one."""
    graph = {"name": "{{inputs.parameters.a-node}}", "type": "MODEL"}
    spec = {"predictors": [{"name": "p", "graph": graph}]}
    assert "{{inputs.parameters.a-node}}"[:26] in "".join(
        texts(svg([{"kind": "SeldonDeployment", "metadata": {"name": "x"}, "spec": spec}]))
    )
