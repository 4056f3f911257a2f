"""SeldonDeployments in, one SVG of their graphs out: a node is a box, a request goes from left to right.

Nothing is asked of a server or a cluster. A predictor is a row of its own, with its share of the traffic.
"""

from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any

from argolane.report.layout import Box, arrow
from argolane.serving.crd import KIND, fit
from argolane.serving.graph_nodes import RANDOM_ABTEST, Node

WIDTH, HEIGHT, GAP_X, GAP_Y, TOP = 190, 62, 70, 14, 30
_COLOURS = {"MODEL": "#dbeafe", "ROUTER": "#fde68a", "COMBINER": "#e9d5ff"}
_STYLE = "font-family:system-ui,sans-serif;font-size:12px"


def svg(bodies: Iterable[Mapping[str, Any]]) -> str:
    """The graph of every predictor of every SeldonDeployment among the objects; '' where there is none."""
    parts: list[str] = []
    right, y = 0, 0
    for body in bodies:
        if body.get("kind") != KIND:
            continue
        deployment = fit(body, tags=True).value
        for predictor in (deployment.get("spec") or {}).get("predictors") or ():
            drawn = _Predictor(predictor, y + TOP)
            name = (deployment.get("metadata") or {}).get("name", "")
            parts.append(_text(0, y + 18, f"{name} / {_named(predictor)}", weight="600"))
            parts += drawn.parts
            right, y = max(right, drawn.right), drawn.bottom + GAP_Y
    if not parts:
        return ""
    size = f'width="{right + 2}" height="{y}" viewBox="-1 0 {right + 2} {y}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} style="{_STYLE}">{"".join(parts)}</svg>\n'


class _Predictor:
    """One graph, laid out: a node beside the middle of its children."""

    def __init__(self, predictor: Mapping[str, Any], top: int) -> None:
        self.parts: list[str] = []
        self.right, self.bottom = 0, top
        self._images = {
            container.get("name"): str(container.get("image", ""))
            for component in predictor.get("componentSpecs") or ()
            for container in (component.get("spec") or {}).get("containers") or ()
        }
        self._place(Node.of(predictor.get("graph") or {}), depth=0)

    def _place(self, node: Node, depth: int) -> Box:
        children = [self._place(child, depth + 1) for child in node.children]
        if children:
            y = (children[0].y + children[-1].y) // 2
        else:
            y, self.bottom = self.bottom, self.bottom + HEIGHT + GAP_Y
        box = Box(node.name, node.name, "", depth * (WIDTH + GAP_X), y, WIDTH, HEIGHT)
        self.right = max(self.right, box.x + box.width)
        for label, child in zip(_ways(node), children, strict=False):
            self.parts.append(f'<path d="{arrow(box, child)}" fill="none" stroke="#64748b"/>')
            self.parts.append(_text(child.x - 6, child.y + HEIGHT // 2 - 6, label, anchor="end"))
        self.parts += self._box(node, box)
        return box

    def _box(self, node: Node, box: Box) -> Iterator[str]:
        kind = node.implementation if not node.in_a_container else node.type
        colour = _COLOURS.get(node.type, "#fde68a" if node.implementation == RANDOM_ABTEST else "#e2e8f0")
        image = self._images.get(node.name, "").rpartition("/")[2]
        told = [f"{p.name} {p.value}" for p in node.parameters if p.value]
        yield f"<g><title>{escape(' · '.join([node.name, kind, image, *told]))}</title>"
        place = f'x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}"'
        yield f'<rect {place} rx="6" fill="{colour}" stroke="#64748b"/>'
        lines = [node.name, kind, image or ", ".join(told) or node.model_uri]
        for number, line in enumerate(lines):
            yield _text(
                box.x + 10, box.y + 19 + 17 * number, _short(line), weight="600" if not number else "400"
            )
        yield "</g>"


def _ways(node: Node) -> list[str]:
    """What stands at the arrow to each child: its share, or the number by which a router knows it."""
    if node.implementation == RANDOM_ABTEST and not node.routes:
        ratio = node.parameters[0].value if len(node.parameters) == 1 else "0.5"
        try:
            return [f"{float(ratio):.0%}", f"{1 - float(ratio):.0%}"]
        except ValueError:
            return [ratio, "the rest"]
    return [str(number) if node.routes else "" for number in range(len(node.children))]


def _named(predictor: Mapping[str, Any]) -> str:
    share = f" · {predictor['traffic']} %" if "traffic" in predictor else ""
    return f"{predictor.get('name', '')}{' · shadow' if predictor.get('shadow') else ''}{share}"


def _short(text: str, most: int = 27) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _text(x: int, y: int, text: str, *, weight: str = "400", anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y}" font-weight="{weight}" text-anchor="{anchor}">{escape(text)}</text>'
